"""Secondary structure elements of a chain: how helices and strands lie to each other.

An architecture is the arrangement of helices and strands in space. Here it is in numbers that do
not change when the chain is turned or moved: of the whole chain, of every element, and of every
pair of elements. What loops and side chains do is left out, and with it much of what only the
relatives of a domain share.
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
"""Residues; shorter runs are no elements."""

MOST_ELEMENTS: Final = 160
"""Of a chain with more, which is no domain, the longest are kept."""

CHAIN: Final = ("length", "helix", "strand", "spread", "count")
"""What `Elements.chain` holds: logarithm of the number of residues, less that of 120, by 3; shares
of helix and of strand; radius of gyration by that of a compact chain; elements by 10, at most
`MOST_ELEMENTS`."""

EACH: Final = ("helix", "strand", "length", "residues", "depth", "along", "straight", "place")
"""What `Elements.each` holds: 1 for a helix, 1 for a strand; length of the axis and number of
residues, by 10; distance of the middle from that of the chain, and the size of its part along the
axis, in radii of gyration; end to end distance by the way along the element; place in the chain,
0 to 1."""

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
"""What `Elements.pairs` holds, from an element to another or to itself: distances of the middles
and of the closest CA atoms, Å; pairs of CA atoms within 6.5 and 10 Å; the four distances between
ends, Å; cosines of the angles between the axes, and between each axis and the way from the first
middle to the second; cosine and sine of the dihedral angle of the axes about that way, of which the
sine changes its sign in the mirror; cosines without sign between the normals of two strands, and
between each and the way; how many elements later in the chain, and the residues between them."""

_BREAK: Final = 5.5
"""Å between neighbouring CA atoms that end an element. Bent copies of a domain, which a training
sees, have longer bonds than a real one, so an element runs on over a gap of 4.3 to 5.5 Å, such as a
single missing residue of a helix: about one in a thousand elements of the PDB."""

_TINY: Final = 1e-6


@dataclass(frozen=True)
class SSEs:
    """The elements of one chain, in the order of the chain.

    Attributes
    ----------
    chain
        ``5`` float32, see `CHAIN`.
    each
        ``element 8`` float32, see `EACH`.
    pairs
        ``element element 18`` float32, see `PAIR`.
    """

    chain: NDArray[np.float32]
    each: NDArray[np.float32]
    pairs: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of elements."""
        return len(self.each)

    def take(self, rows: NDArray[np.int64]) -> SSEs:
        """Return some of the elements, ``row`` int64; places and gaps stay those in the chain."""
        return SSEs(self.chain, self.each[rows], self.pairs[rows][:, rows])


@dataclass(frozen=True)
class _Axes:
    """Axes of elements.

    Attributes
    ----------
    along, middle, normal
        ``element 3``: unit vector along it, middle of the axis, normal of a strand.
    length, straight
        ``element``: length of the axis, Å, and end to end distance by the way along it.
    """

    along: NDArray[np.float32]
    middle: NDArray[np.float32]
    normal: NDArray[np.float32]
    length: NDArray[np.float32]
    straight: NDArray[np.float32]


def find_sses(trace: Trace) -> SSEs:
    """Describe the elements of a chain.

    Parameters
    ----------
    trace
        At least one CA atom.

    Returns
    -------
    Elements
        Of runs of at least `LEAST_HELIX` or `LEAST_STRAND` residues; perhaps none.
    """
    points = trace.coordinates
    runs = _runs(trace)
    centre = points.mean(axis=0)
    spread = float(np.sqrt(((points - centre) ** 2).sum(axis=1).mean())) + _TINY
    n = len(points)
    chain = np.array(
        [
            np.log(n / 120) / 3,
            (trace.secondary == SecondaryStructure.HELIX).mean(),
            (trace.secondary == SecondaryStructure.STRAND).mean(),
            spread / (2.2 * n**0.38),
            len(runs) / 10,
        ],
        dtype=np.float32,
    )
    if not len(runs):
        none = np.zeros((0, 0, len(PAIR)), dtype=np.float32)
        return SSEs(chain, np.zeros((0, len(EACH)), dtype=np.float32), none)
    helix = trace.secondary[runs[:, 0]] == SecondaryStructure.HELIX
    axes = _axes(trace, runs, helix)
    apart = axes.middle - centre
    each = np.stack(
        [
            helix,
            ~helix,
            axes.length / 10,
            (runs[:, 1] - runs[:, 0]) / 10,
            np.linalg.norm(apart, axis=1) / spread,
            np.abs((apart * axes.along).sum(axis=1)) / spread,
            axes.straight,
            runs.mean(axis=1) / n,
        ],
        axis=1,
    )
    pairs = np.concatenate([_contacts(points, runs, axes), _angles(axes), _order(runs)], axis=2)
    return SSEs(chain, each.astype(np.float32), pairs.astype(np.float32))


def _runs(trace: Trace) -> NDArray[np.int64]:
    """Return ``element 2``, first residue and one past the last."""
    state = trace.secondary.astype(np.int64)
    gaps = np.linalg.norm(np.diff(trace.coordinates, axis=0), axis=1) > _BREAK
    cuts = np.flatnonzero((np.diff(state) != 0) | gaps) + 1
    first, last = np.r_[0, cuts], np.r_[cuts, len(state)]
    least = np.array([len(state) + 1, LEAST_HELIX, LEAST_STRAND])[state[first]]
    runs = np.stack([first, last], axis=1)[last - first >= least]
    if len(runs) > MOST_ELEMENTS:
        longest = np.argsort(runs[:, 0] - runs[:, 1], kind="stable")[:MOST_ELEMENTS]
        runs = runs[np.sort(longest)]
    return runs


def _axes(trace: Trace, runs: NDArray[np.int64], helix: NDArray[np.bool_]) -> _Axes:
    along, middle, normal = (np.zeros((len(runs), 3), dtype=np.float32) for _ in range(3))
    length, straight = (np.zeros(len(runs), dtype=np.float32) for _ in range(2))
    for row, (first, last) in enumerate(runs.tolist()):
        # A turn of a helix, and two residues of a strand, average to a point of the axis.
        width = 4 if helix[row] else 2
        course = sliding_window_view(trace.coordinates[first:last], width, axis=0).mean(axis=2)
        half = max(len(course) // 2, 1)
        along[row] = unit_vectors(course[-half:].mean(axis=0) - course[:half].mean(axis=0))
        middle[row] = course.mean(axis=0)
        length[row] = np.linalg.norm(course[-1] - course[0])
        way = np.linalg.norm(np.diff(course, axis=0), axis=1).sum()
        straight[row] = length[row] / (way + _TINY)
        if not helix[row]:
            # The normals of a strand point to alternating faces of its sheet.
            signs = np.resize([1, -1], last - first)[:, None]
            normal[row] = unit_vectors((trace.normal[first:last] * signs).mean(axis=0))
    return _Axes(along, middle, normal, length, straight)


def _contacts(
    points: NDArray[np.float32], runs: NDArray[np.int64], axes: _Axes
) -> NDArray[np.float32]:
    """Return the columns of `PAIR` that are distances, or counts of them."""
    rows = np.concatenate([np.arange(first, last) for first, last in runs.tolist()])
    starts = np.r_[0, np.cumsum(runs[:, 1] - runs[:, 0])[:-1]]
    closest, near, far = (np.zeros((len(runs), len(runs)), dtype=np.float32) for _ in range(3))
    # One element at a time: all pairs of atoms of a chain of 17,000 residues take 8 GB.
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
    """Return the distances ``point other`` of points."""
    square = np.zeros((len(points), len(others)), dtype=np.float32)
    for axis in range(3):
        square += (points[:, axis, None] - others[None, :, axis]) ** 2
    distances: NDArray[np.float32] = np.sqrt(square)
    return distances


def _angles(axes: _Axes) -> NDArray[np.float32]:
    """Return the columns of `PAIR` that are cosines and sines."""
    way = unit_vectors(axes.middle[None] - axes.middle[:, None])
    here, there = axes.along[:, None], axes.along[None]
    lean, other = (here * way).sum(axis=2), (there * way).sum(axis=2)
    across, beyond = (
        unit_vectors(here - lean[..., None] * way),
        unit_vectors(there - other[..., None] * way),
    )
    columns = [
        axes.along @ axes.along.T,
        lean,
        other,
        (across * beyond).sum(axis=2),
        (np.cross(across, beyond) * way).sum(axis=2),
        np.abs(axes.normal @ axes.normal.T),
        np.abs((axes.normal[:, None] * way).sum(axis=2)),
        np.abs((axes.normal[None] * way).sum(axis=2)),
    ]
    return np.stack(columns, axis=2)


def _order(runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the columns of `PAIR` on the order in the chain."""
    place = np.arange(len(runs))
    later = place[None] - place[:, None]
    first, last = runs[:, 0], runs[:, 1]
    gap = np.where(later > 0, first[None] - last[:, None], first[:, None] - last[None])
    np.fill_diagonal(gap, 0)
    return np.stack([later, gap], axis=2)
