"""Steerable moments: the first steerable convolution, evaluated directly from the atoms.

The first layer of a steerable CNN convolves scalar density channels with kernels
``radial shell x spherical harmonic``. Convolution is linear and a density is a sum over
atoms, so its response at a grid point p is also a sum over atoms,

    M[p, type, shell, lm] = sum over atoms a of that type: R_shell(|x_a - p|) Y_lm(x_a - p).

This sum needs no voxels finer than the grid that the *next* layer reads, costs a quarter of the
convolution that it replaces, mixing included (``benchmarks/moments_speed.py``), and has no
discretisation error: the moments of a rotated structure are the rotated moments. The kernel basis
is that of Weiler et al. (2018), section 4.2; the learned weights that mix types and shells are in
`protvox.nn.MomentEmbedding`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.loops import share_out
from protvox.errors import fail
from protvox.voxel.moments.moment_loops import moment_filler

_TABLE_SIZE = 1024
_MAX_DEGREE = 2


@dataclass(frozen=True)
class MomentSpec:
    """Specification of a grid and of the moments at its points.

    Attributes
    ----------
    size
        Grid points along each edge; three numbers unless the grid is a cube.
    spacing
        Distance between grid points, Å.
    shells
        Radii of the Gaussian radial shells, Å, ascending. A shell at 0 has l = 0 only.
    sigma
        Width of the shells, Å.
    max_degree
        Highest degree l of the harmonics, at most 2.
    n_types
        Number of atom-type channels.

    Raises
    ------
    ModelError
        If a value is invalid (``grid.invalid``).
    """

    size: int | tuple[int, int, int]
    spacing: float
    shells: tuple[float, ...]
    sigma: float
    max_degree: int
    n_types: int
    degrees: tuple[int, ...] = field(init=False)
    shape: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        """Check the values."""
        shape = self.size if isinstance(self.size, tuple) else (self.size,) * 3
        if min(shape) < 1 or self.spacing <= 0 or self.sigma <= 0 or self.n_types < 1:
            names = "size, spacing, sigma and n_types"
            raise fail("grid.invalid.positive", where="moment grid", names=names)
        if not 0 <= self.max_degree <= _MAX_DEGREE:
            raise fail(
                "grid.invalid.degree",
                where="moment grid",
                degree=self.max_degree,
                highest=_MAX_DEGREE,
            )
        if not self.shells or list(self.shells) != sorted(self.shells) or self.shells[0] < 0:
            raise fail("grid.invalid.shells", where="moment grid")
        object.__setattr__(self, "shells", tuple(self.shells))
        object.__setattr__(self, "degrees", tuple(range(self.max_degree + 1)))
        object.__setattr__(self, "shape", shape)

    @property
    def cutoff(self) -> float:
        """Distance from a grid point beyond which atoms do not contribute, Å."""
        return self.shells[-1] + 2.5 * self.sigma

    @property
    def n_points(self) -> int:
        """Number of grid points."""
        return math.prod(self.shape)

    def shells_of(self, degree: int) -> tuple[float, ...]:
        """Return the radii of the shells that have harmonics of a degree, Å."""
        return tuple(r for r in self.shells if degree == 0 or r > 0)

    @property
    def n_features(self) -> int:
        """Number of moments at one grid point."""
        return self.n_types * sum((2 * d + 1) * len(self.shells_of(d)) for d in self.degrees)


def radial_table(spec: MomentSpec) -> NDArray[np.float32]:
    """Tabulate the radial functions by squared distance.

    Parameters
    ----------
    spec
        The moments.

    Returns
    -------
    ndarray
        ``shell bin`` float32: ``exp(-(r - shell)^2 / 2 sigma^2)`` at
        ``r^2 = bin / (n_bins - 1) * cutoff^2``, times a factor that reaches 0 smoothly at the
        cutoff.
    """
    r = np.sqrt(np.linspace(0.0, spec.cutoff**2, _TABLE_SIZE))
    shells = np.asarray(spec.shells)[:, None]
    value = np.exp(-0.5 * ((r - shells) / spec.sigma) ** 2)
    table: NDArray[np.float32] = (value * (1.0 - (r / spec.cutoff) ** 6)).astype(np.float32)
    return table


@lru_cache(maxsize=16)
def _side_by_side(spec: MomentSpec) -> NDArray[np.float32]:
    """Return the radial table as ``bin shell``, with shells padded to a multiple of 4."""
    table = radial_table(spec)
    lanes = -(-len(table) // 4) * 4
    padded = np.zeros((table.shape[1], lanes), dtype=np.float32)
    padded[:, : len(table)] = table.T
    return padded.ravel()


def environment_moments(
    coordinates: NDArray[np.float32],
    atom_type: NDArray[np.uint8],
    atom_residue: NDArray[np.int32],
    atom_range: NDArray[np.int64],
    residue: NDArray[np.int32],
    origin: NDArray[np.float32],
    axes: NDArray[np.float32],
    spec: MomentSpec,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Compute the moments of residue environments, each in the frame of the residue.

    The side chain of the central residue is ignored. Its backbone has the last channel, apart
    from the backbone of other residues.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å.
    atom_type
        ``atom`` uint8, index into `protvox.chemistry.ATOM_TYPES`.
    atom_residue
        ``atom`` int32, the residue of each atom.
    atom_range
        ``environment 2`` int64, first and one-past-last atom of the structure that the residue
        belongs to, with every chain and ligand.
    residue
        ``environment`` int32, the central residues, numbered as in `atom_residue`.
    origin
        ``environment 3`` float32, grid centres, Å.
    axes
        ``environment 3 3`` float32, rows are the unit axes of the residue frames.
    spec
        The moments.
    out
        ``environment n_features n_points`` float32 to write into; None for a new array.

    Returns
    -------
    ndarray
        ``environment feature point`` float32. Features are the degrees one after another,
        each laid out ``component type shell``; the harmonics are in the order and
        ("component") normalisation of e3nn.

    Raises
    ------
    ModelError
        If the shapes or values of the arrays are inconsistent (``voxel.arrays``).

    Notes
    -----
    Environments are distributed over ``numba.get_num_threads()`` threads. Atoms and frames that
    are not finite contribute nothing.
    """
    coordinates = np.ascontiguousarray(coordinates, dtype=np.float32)
    atom_type = np.ascontiguousarray(atom_type, dtype=np.uint8)
    atom_residue = np.ascontiguousarray(atom_residue, dtype=np.int32)
    atom_range = np.ascontiguousarray(atom_range, dtype=np.int64)
    residue = np.ascontiguousarray(residue, dtype=np.int32)
    origin = np.ascontiguousarray(origin, dtype=np.float32)
    axes = np.ascontiguousarray(axes, dtype=np.float32)
    n, n_atoms = len(residue), len(coordinates)
    shape = (n, spec.n_features, spec.n_points)
    if out is None:
        out = np.empty(shape, dtype=np.float32)
    shapes: dict[str, tuple[NDArray[Any], tuple[int, ...]]] = {
        "coordinates": (coordinates, (n_atoms, 3)),
        "atom_type": (atom_type, (n_atoms,)),
        "atom_residue": (atom_residue, (n_atoms,)),
        "atom_range": (atom_range, (n, 2)),
        "residue": (residue, (n,)),
        "origin": (origin, (n, 3)),
        "axes": (axes, (n, 3, 3)),
        "out": (out, shape),
    }
    for name, (array, expected) in shapes.items():
        if array.shape != expected:
            raise fail(
                "voxel.arrays.shape",
                where="moments",
                name=name,
                shape=array.shape,
                expected=expected,
            )
    if out.dtype != np.float32 or not out.flags.c_contiguous:
        raise fail(
            "voxel.arrays.out", where="moments", dtype=out.dtype, shape=out.shape, expected=shape
        )
    first, last = atom_range.T
    if n and (first.min() < 0 or last.max() > n_atoms or (first > last).any()):
        raise fail("voxel.arrays.range", where="moments", atoms=n_atoms)

    directed = spec.shells_of(1)
    fill = moment_filler(len(spec.shells), len(spec.shells) - len(directed), spec.max_degree)
    arguments = (
        coordinates,
        atom_type,
        atom_residue,
        atom_range,
        residue,
        origin,
        axes,
        spec.shape,
        np.float32(spec.spacing),
        np.float32(spec.cutoff),
        _side_by_side(spec),
        spec.n_types,
        out,
    )
    share_out(lambda start, stop: fill(*arguments, start, stop), n)
    return out
