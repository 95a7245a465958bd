"""Active points of a lattice: those near a chain, with steerable moments of the chain.

Most of the box around a domain is empty. A network that reads only the active points needs a
fraction of the work of one on the full grid, and its output cannot depend on the amount of empty
space around a domain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.structure.geometry.ca_trace import Trace
from protvox.structure.geometry.secondary_structure import SecondaryStructure
from protvox.voxel.lattice.lattice_loops import lattice_filler

STATES: Final = len(SecondaryStructure)
"""Number of channels: one for each state of secondary structure."""


@dataclass(frozen=True)
class SparseGrid:
    """Specification of a lattice and of the moments at its active points.

    Attributes
    ----------
    spacing
        Distance between lattice points, Å.
    max_ca_distance
        Points closer to a CA atom than this are active, Å.
    shells, sigma
        Radii and width of the Gaussian radial shells for the positions of CA atoms, Å. A shell
        at 0 has l = 0 only.
    direction_shells, direction_sigma
        Radii and width of the shells for the directions of the chain, Å; all have l = 1 and 2.
    cutoff
        Distance beyond which a CA atom does not contribute, Å.

    Raises
    ------
    ModelError
        If a value is invalid (``grid.invalid``).
    """

    spacing: float
    max_ca_distance: float
    shells: tuple[float, ...]
    sigma: float
    direction_shells: tuple[float, ...]
    direction_sigma: float
    cutoff: float

    def __post_init__(self) -> None:
        """Check the values."""
        widths = (self.spacing, self.max_ca_distance, self.sigma, self.direction_sigma, self.cutoff)
        if min(widths) <= 0:
            names = "spacing, max_ca_distance, sigma, direction_sigma and cutoff"
            raise fail("grid.invalid.positive", where="lattice", names=names)
        for radii in (self.shells, self.direction_shells):
            if not radii or list(radii) != sorted(set(radii)) or radii[0] < 0:
                raise fail("grid.invalid.shells", where="lattice")

    @property
    def degrees(self) -> tuple[int, int, int]:
        """Numbers of moments of degree l = 0, 1 and 2, each with 2 l + 1 components.

        For every state of secondary structure these are, on each shell, the harmonics of the
        directions to the CA atoms, and, on each direction shell, those of the tangents (l = 1
        and 2) and of the normals (l = 2, which does not depend on the sign). Apart from the
        tangents, the order of residues in the chain is ignored: an architecture is an
        arrangement in space.
        """
        positions, directions = len(self.shells), len(self.direction_shells)
        outer = sum(radius > 0 for radius in self.shells)
        return (
            STATES * positions,
            STATES * (outer + directions),
            STATES * (outer + 2 * directions),
        )

    @property
    def n_features(self) -> int:
        """Number of features at one point."""
        return sum((2 * degree + 1) * n for degree, n in enumerate(self.degrees))


@dataclass(frozen=True)
class ActivePoints:
    """The active lattice points of one domain.

    Attributes
    ----------
    index
        ``point 3`` int64, lattice coordinates, from 0.
    moments
        ``point feature`` float32: the degrees one after another, each laid out
        ``component moment``; harmonics in the order and ("component") normalisation of e3nn.
    """

    index: NDArray[np.int64]
    moments: NDArray[np.float32]


def active_points(
    trace: Trace,
    offset: NDArray[np.floating],
    spec: SparseGrid,
    *,
    maximum: int | None = None,
    name: str = "domain",
) -> ActivePoints:
    """Return the active points around a chain, with the moments of the chain.

    Parameters
    ----------
    trace
        The chain, in the pose in which it is read.
    offset
        ``3``, position of one lattice point, in units of the spacing.
    spec
        The lattice and the moments.
    maximum
        Largest number of lattice points in the box around the chain; None for no limit.
    name
        Name of the chain in errors.

    Returns
    -------
    ActivePoints
        The points with a CA atom closer than ``spec.max_ca_distance``.

    Raises
    ------
    InputError
        If there is no CA atom (``domain.empty``) or the box is too large
        (``domain.too_large``).
    """
    ca = trace.coordinates
    if not len(ca):
        raise fail("domain.empty.ca", where=name)
    low = np.floor((ca.min(axis=0) - spec.max_ca_distance) / spec.spacing - offset)
    high = np.ceil((ca.max(axis=0) + spec.max_ca_distance) / spec.spacing - offset)
    shape = (high - low + 1).astype(np.float64)
    # Compared as floats, because coordinates of a damaged file may overflow integers.
    if maximum is not None and shape.prod() > maximum:
        extent = float((ca.max(axis=0) - ca.min(axis=0)).max())
        raise fail("domain.too_large.lattice", where=name, extent=extent)
    index = np.indices(shape.astype(np.int64)).reshape(3, -1).T
    points = ((index + low + offset) * spec.spacing).astype(np.float32)
    near = np.empty(len(points), dtype=np.bool_)
    moments = np.zeros((len(points), spec.n_features), dtype=np.float32)
    of_tangent = _harmonics(trace.tangent) * trace.directed[:, None]
    of_normal = (_harmonics(trace.normal) * trace.directed[:, None])[:, 3:]
    lattice_filler()(
        ca,
        trace.secondary,
        of_tangent,
        np.ascontiguousarray(of_normal),
        points,
        np.float32(spec.max_ca_distance),
        np.array(spec.shells, dtype=np.float32),
        np.float32(0.5 / spec.sigma**2),
        np.array(spec.direction_shells, dtype=np.float32),
        np.float32(0.5 / spec.direction_sigma**2),
        np.float32(spec.cutoff),
        STATES,
        near,
        moments,
    )
    return ActivePoints(index[near], moments[near])


def _harmonics(u: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the spherical harmonics of l = 1 and 2 of unit vectors, ``vector 8``."""
    x, y, z = u.T
    s3, s5, s15 = (math.sqrt(n) for n in (3.0, 5.0, 15.0))
    values = [
        s3 * x,
        s3 * y,
        s3 * z,
        s15 * x * z,
        s15 * x * y,
        s5 * (y * y - 0.5 * (x * x + z * z)),
        s15 * y * z,
        0.5 * s15 * (z * z - x * x),
    ]
    return np.stack(values, axis=1).astype(np.float32)
