"""Secondary structure elements (SSEs) of a chain, and their arrangement in space.

An architecture is the arrangement of helices and strands in space. This module describes it by
numbers that do not change under rotation and translation: features of the whole chain, of every
SSE, and of every pair of SSEs. Loops and side chains are ignored, and with them much of what only
homologous domains share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from protvox.structure.geometry.ca_trace import Trace, unit_vectors
from protvox.structure.geometry.secondary_structure import SecondaryStructure

LEAST_HELIX: Final = 5
LEAST_STRAND: Final = 3
"""Least residues of a helix and of a strand; shorter runs are not SSEs."""

MOST_SSES: Final = 160
"""Of a chain with more, which is larger than any domain, the longest are kept."""

CHAIN: Final = ("length", "helix", "strand", "relative_rg", "count")
"""Columns of `SSEs.chain`: logarithm of the number of residues divided by 120, over 3; fractions
of helix and of strand; radius of gyration relative to that of a compact chain; number of SSEs over
10, at most `MOST_SSES`."""

EACH: Final = ("helix", "strand", "length", "residues", "depth", "along", "straight", "position")
"""Columns of `SSEs.each`: 1 for a helix, 1 for a strand; length of the axis, Å, and number of
residues, over 10; distance of its midpoint from the centre of the chain, and the component of that
vector along the axis, in radii of gyration; end-to-end distance over contour length; position in
the chain, 0 to 1."""

PAIR: Final = (
    "distance",
    "closest",
    "near",
    "far",
    "start_start",
    "start_end",
    "end_start",
    "end_end",
    "angle",
    "lean",
    "other_lean",
    "cosine",
    "sine",
    "faces",
    "face",
    "other_face",
    "order",
    "gap",
)
"""Columns of `SSEs.pairs`, from one SSE to another or to itself: distances of the midpoints and of
the closest CA atoms, Å; numbers of CA pairs within 6.5 and 10 Å; the four distances between ends,
Å; cosines of the angles between the axes, and between each axis and the vector from the first
midpoint to the second; cosine and sine of the dihedral angle of the axes about that vector, of
which the sine changes sign under reflection; absolute cosines between the normals of two strands,
and between each normal and the vector; difference of their order in the chain, and the number of
residues between them."""

_BREAK: Final = 5.5
"""CA-CA distance that ends an SSE, Å. Augmented training domains have longer bonds than real ones,
so an SSE may span a gap of 4.3 to 5.5 Å, such as a single missing residue of a helix: about one in
a thousand SSEs of the PDB."""

_TINY: Final = 1e-6


@dataclass(frozen=True)
class SSEs:
    """The SSEs of one chain, in chain order.

    Attributes
    ----------
    chain
        ``5`` float32, see `CHAIN`.
    each
        ``sse 8`` float32, see `EACH`.
    pairs
        ``sse sse 18`` float32, see `PAIR`.
    """

    chain: NDArray[np.float32]
    each: NDArray[np.float32]
    pairs: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of SSEs."""
        return len(self.each)

    def take(self, rows: NDArray[np.int64]) -> SSEs:
        """Return some of the SSEs; their positions and gaps in the chain stay the same.

        Parameters
        ----------
        rows
            ``row`` int64, indices of the SSEs.
        """
        return SSEs(self.chain, self.each[rows], self.pairs[rows][:, rows])


@dataclass(frozen=True)
class _Axes:
    """Axes of SSEs.

    Attributes
    ----------
    along, middle, normal
        ``sse 3``: unit vector along the axis, midpoint of the axis, normal of a strand.
    length, straight
        ``sse``: length of the axis, Å, and end-to-end distance over contour length.
    """

    along: NDArray[np.float32]
    middle: NDArray[np.float32]
    normal: NDArray[np.float32]
    length: NDArray[np.float32]
    straight: NDArray[np.float32]


def find_sses(trace: Trace) -> SSEs:
    """Find and describe the SSEs of a chain.

    Parameters
    ----------
    trace
        At least one CA atom.

    Returns
    -------
    SSEs
        Runs of at least `LEAST_HELIX` or `LEAST_STRAND` residues; there may be none.
    """
    points = trace.coordinates
    runs = _runs(trace)
    centre = points.mean(axis=0)
    gyration = float(np.sqrt(((points - centre) ** 2).sum(axis=1).mean())) + _TINY
    n = len(points)
    chain = np.array(
        [
            np.log(n / 120) / 3,
            (trace.secondary == SecondaryStructure.HELIX).mean(),
            (trace.secondary == SecondaryStructure.STRAND).mean(),
            gyration / (2.2 * n**0.38),
            len(runs) / 10,
        ],
        dtype=np.float32,
    )
    if not len(runs):
        none = np.zeros((0, 0, len(PAIR)), dtype=np.float32)
        return SSEs(chain, np.zeros((0, len(EACH)), dtype=np.float32), none)
    helix = trace.secondary[runs[:, 0]] == SecondaryStructure.HELIX
    axes = _axes(trace, runs, helix)
    from_centre = axes.middle - centre
    each = np.stack(
        [
            helix,
            ~helix,
            axes.length / 10,
            (runs[:, 1] - runs[:, 0]) / 10,
            np.linalg.norm(from_centre, axis=1) / gyration,
            np.abs((from_centre * axes.along).sum(axis=1)) / gyration,
            axes.straight,
            runs.mean(axis=1) / n,
        ],
        axis=1,
    )
    pairs = np.concatenate([_contacts(points, runs, axes), _angles(axes), _order(runs)], axis=2)
    return SSEs(chain, each.astype(np.float32), pairs.astype(np.float32))


def _runs(trace: Trace) -> NDArray[np.int64]:
    """Return ``sse 2``, the first residue and one past the last."""
    state = trace.secondary.astype(np.int64)
    gaps = np.linalg.norm(np.diff(trace.coordinates, axis=0), axis=1) > _BREAK
    cuts = np.flatnonzero((np.diff(state) != 0) | gaps) + 1
    first, last = np.r_[0, cuts], np.r_[cuts, len(state)]
    least = np.array([len(state) + 1, LEAST_HELIX, LEAST_STRAND])[state[first]]
    runs = np.stack([first, last], axis=1)[last - first >= least]
    if len(runs) > MOST_SSES:
        longest = np.argsort(runs[:, 0] - runs[:, 1], kind="stable")[:MOST_SSES]
        runs = runs[np.sort(longest)]
    return runs


def _axes(trace: Trace, runs: NDArray[np.int64], helix: NDArray[np.bool_]) -> _Axes:
    along, middle, normal = (np.zeros((len(runs), 3), dtype=np.float32) for _ in range(3))
    length, straight = (np.zeros(len(runs), dtype=np.float32) for _ in range(2))
    for row, (first, last) in enumerate(runs.tolist()):
        # One turn of a helix, or two residues of a strand, average to a point on the axis.
        width = 4 if helix[row] else 2
        axis = sliding_window_view(trace.coordinates[first:last], width, axis=0).mean(axis=2)
        half = max(len(axis) // 2, 1)
        along[row] = unit_vectors(axis[-half:].mean(axis=0) - axis[:half].mean(axis=0))
        middle[row] = axis.mean(axis=0)
        length[row] = np.linalg.norm(axis[-1] - axis[0])
        contour = np.linalg.norm(np.diff(axis, axis=0), axis=1).sum()
        straight[row] = length[row] / (contour + _TINY)
        if not helix[row]:
            # The normals of a strand alternate between the faces of its sheet.
            signs = np.resize([1, -1], last - first)[:, None]
            normal[row] = unit_vectors((trace.normal[first:last] * signs).mean(axis=0))
    return _Axes(along, middle, normal, length, straight)


def _contacts(
    points: NDArray[np.float32], runs: NDArray[np.int64], axes: _Axes
) -> NDArray[np.float32]:
    """Return the columns of `PAIR` that are distances or numbers of contacts."""
    rows = np.concatenate([np.arange(first, last) for first, last in runs.tolist()])
    starts = np.r_[0, np.cumsum(runs[:, 1] - runs[:, 0])[:-1]]
    closest, near, far = (np.zeros((len(runs), len(runs)), dtype=np.float32) for _ in range(3))
    # One SSE at a time: all CA pairs of a chain of 17,000 residues would take 8 GB.
    for row, (first, last) in enumerate(runs.tolist()):
        between = _distances(points[first:last], points[rows])
        closest[row] = np.minimum.reduceat(between.min(axis=0), starts)
        near[row] = np.add.reduceat((between < 6.5).sum(axis=0), starts)
        far[row] = np.add.reduceat((between < 10.0).sum(axis=0), starts)
    half = axes.along * axes.length[:, None] / 2
    ends = (axes.middle - half, axes.middle + half)
    columns = [
        np.linalg.norm(axes.middle[None] - axes.middle[:, None], axis=2),
        closest,
        near,
        far,
        *(np.linalg.norm(a[:, None] - b[None], axis=2) for a in ends for b in ends),
    ]
    return np.stack(columns, axis=2)


def _distances(points: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the distances ``point other`` between two sets of points."""
    square = np.zeros((len(points), len(others)), dtype=np.float32)
    for axis in range(3):
        square += (points[:, axis, None] - others[None, :, axis]) ** 2
    distances: NDArray[np.float32] = np.sqrt(square)
    return distances


def _angles(axes: _Axes) -> NDArray[np.float32]:
    """Return the columns of `PAIR` that are cosines and sines."""
    between = unit_vectors(axes.middle[None] - axes.middle[:, None])
    first, second = axes.along[:, None], axes.along[None]
    lean, other = (first * between).sum(axis=2), (second * between).sum(axis=2)
    across, across_other = (
        unit_vectors(first - lean[..., None] * between),
        unit_vectors(second - other[..., None] * between),
    )
    columns = [
        axes.along @ axes.along.T,
        lean,
        other,
        (across * across_other).sum(axis=2),
        (np.cross(across, across_other) * between).sum(axis=2),
        np.abs(axes.normal @ axes.normal.T),
        np.abs((axes.normal[:, None] * between).sum(axis=2)),
        np.abs((axes.normal[None] * between).sum(axis=2)),
    ]
    return np.stack(columns, axis=2)


def _order(runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the columns of `PAIR` about the order in the chain."""
    index = np.arange(len(runs))
    later = index[None] - index[:, None]
    first, last = runs[:, 0], runs[:, 1]
    gap = np.where(later > 0, first[None] - last[:, None], first[:, None] - last[None])
    np.fill_diagonal(gap, 0)
    return np.stack([later, gap], axis=2)
