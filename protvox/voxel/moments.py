"""Steerable moments: the first steerable convolution, evaluated straight from the atoms.

The first layer of a steerable CNN convolves scalar density channels with kernels
``radial shell x spherical harmonic``. Convolution is linear and a density is a sum over
atoms, so its response at a grid point p is a sum over atoms too,

    M[p, type, shell, lm] = sum over atoms a of that type: R_shell(|x_a - p|) Y_lm(x_a - p).

Computing that sum needs no voxels finer than the grid the *next* layer reads, costs a few
per cent of the convolution it replaces, and has no discretisation error: the moments of a
rotated structure are the rotated moments (Weiler et al. 2018, section 4.2, gives the kernel
basis; the learned weights that mix types and shells are `protvox.nn.MomentEmbedding`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from protvox.errors import ModelError

_TABLE_SIZE = 1024
_MAX_DEGREE = 2
_TILE = 16


@dataclass(frozen=True)
class MomentSpec:
    """Which moments are taken, and at which points.

    Attributes
    ----------
    size
        Grid points along each edge; three numbers for a box that is not a cube.
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
            raise ModelError("moment grid: size, spacing, sigma and n_types must be positive")
        if not 0 <= self.max_degree <= _MAX_DEGREE:
            raise ModelError(
                f"moment grid: max_degree {self.max_degree} is not in 0..{_MAX_DEGREE}"
            )
        if not self.shells or list(self.shells) != sorted(self.shells) or self.shells[0] < 0:
            raise ModelError("moment grid: shells must be ascending radii of at least 0 Å")
        object.__setattr__(self, "degrees", tuple(range(self.max_degree + 1)))
        object.__setattr__(self, "shape", shape)

    @property
    def cutoff(self) -> float:
        """Distance from a grid point beyond which atoms are not seen, Å."""
        return self.shells[-1] + 2.5 * self.sigma

    @property
    def n_points(self) -> int:
        """Number of grid points."""
        return math.prod(self.shape)

    def shells_of(self, degree: int) -> tuple[float, ...]:
        """Return the shells on which harmonics of a degree are taken, Å."""
        return tuple(r for r in self.shells if degree == 0 or r > 0)

    @property
    def n_features(self) -> int:
        """Number of moments at one grid point."""
        return self.n_types * sum((2 * d + 1) * len(self.shells_of(d)) for d in self.degrees)


def radial_table(spec: MomentSpec) -> NDArray[np.float32]:
    """Tabulate the radial functions against squared distance.

    Parameters
    ----------
    spec
        The moments.

    Returns
    -------
    ndarray
        ``shell bin`` float32: ``exp(-(r - shell)^2 / 2 sigma^2)`` at
        ``r^2 = bin / (n_bins - 1) * cutoff^2``, lowered to reach 0 at the cutoff, so that no
        atom appears or vanishes with a jump.
    """
    r = np.sqrt(np.linspace(0.0, spec.cutoff**2, _TABLE_SIZE))
    shells = np.asarray(spec.shells)[:, None]
    value = np.exp(-0.5 * ((r - shells) / spec.sigma) ** 2)
    return (value * (1.0 - (r / spec.cutoff) ** 6)).astype(np.float32)


@njit(parallel=True, fastmath=True, cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _accumulate(
    coordinates: NDArray[np.float32],
    atom_type: NDArray[np.uint8],
    atom_residue: NDArray[np.int32],
    atom_range: NDArray[np.int64],
    residue: NDArray[np.int32],
    origin: NDArray[np.float32],
    axes: NDArray[np.float32],
    shape: tuple[int, int, int],
    spacing: float,
    cutoff: float,
    table: NDArray[np.float32],
    first_shell: int,
    max_degree: int,
    n_types: int,
    out: NDArray[np.float32],
) -> None:
    n_shells, n_bins = table.shape
    n_directed = n_shells - first_shell
    nx, ny, nz = shape
    hx = np.float32((nx - 1) / 2 * spacing)
    hy = np.float32((ny - 1) / 2 * spacing)
    hz = np.float32((nz - 1) / 2 * spacing)
    rx = hx + np.float32(cutoff)
    ry = hy + np.float32(cutoff)
    rz = hz + np.float32(cutoff)
    ball2 = rx * rx + ry * ry + rz * rz
    cutoff2 = np.float32(cutoff * cutoff)
    bins = np.float32((n_bins - 1) / (cutoff * cutoff))
    scale = np.float32(1.0 / spacing)
    step = np.float32(spacing)
    block1 = n_types * n_shells
    block2 = block1 + 3 * n_types * n_directed
    row = n_types * n_directed
    s3 = np.float32(math.sqrt(3.0))
    s5 = np.float32(math.sqrt(5.0))
    s15 = np.float32(math.sqrt(15.0))
    n_points = nx * ny * nz
    n_features = out.shape[1]
    for e in prange(residue.shape[0]):
        # Atoms are added where all features of a point lie side by side, then the whole is
        # turned over once: networks read it feature by feature.
        grid = np.zeros((n_points, n_features), dtype=np.float32)
        centre = residue[e]
        radial = np.empty(n_shells, dtype=np.float32)
        for a in range(atom_range[e, 0], atom_range[e, 1]):
            gx = coordinates[a, 0] - origin[e, 0]
            gy = coordinates[a, 1] - origin[e, 1]
            gz = coordinates[a, 2] - origin[e, 2]
            if gx * gx + gy * gy + gz * gz > ball2:
                continue
            kind = np.int64(atom_type[a])
            if atom_residue[a] == centre:
                if kind > 3:
                    continue
                kind = n_types - 1
            elif kind >= n_types:
                continue
            x = axes[e, 0, 0] * gx + axes[e, 0, 1] * gy + axes[e, 0, 2] * gz
            y = axes[e, 1, 0] * gx + axes[e, 1, 1] * gy + axes[e, 1, 2] * gz
            z = axes[e, 2, 0] * gx + axes[e, 2, 1] * gy + axes[e, 2, 2] * gz
            if abs(x) > rx or abs(y) > ry or abs(z) > rz:
                continue
            i0 = max(0, math.ceil((x + hx - cutoff) * scale))
            i1 = min(nx - 1, math.floor((x + hx + cutoff) * scale))
            j0 = max(0, math.ceil((y + hy - cutoff) * scale))
            j1 = min(ny - 1, math.floor((y + hy + cutoff) * scale))
            k0 = max(0, math.ceil((z + hz - cutoff) * scale))
            k1 = min(nz - 1, math.floor((z + hz + cutoff) * scale))
            for i in range(i0, i1 + 1):
                dx = x + hx - np.float32(i) * step
                for j in range(j0, j1 + 1):
                    dy = y + hy - np.float32(j) * step
                    dxy = dx * dx + dy * dy
                    if dxy >= cutoff2:
                        continue
                    for k in range(k0, k1 + 1):
                        dz = z + hz - np.float32(k) * step
                        r2 = dxy + dz * dz
                        if r2 >= cutoff2:
                            continue
                        position = r2 * bins
                        low = min(int(position), n_bins - 2)
                        part = position - np.float32(low)
                        for s in range(n_shells):
                            radial[s] = table[s, low] * (1 - part) + table[s, low + 1] * part
                        point = grid[(i * ny + j) * nz + k]
                        base = kind * n_shells
                        for s in range(n_shells):
                            point[base + s] += radial[s]
                        if max_degree == 0:
                            continue
                        inverse = np.float32(1.0) / np.sqrt(r2 + np.float32(1e-8))
                        ux = dx * inverse
                        uy = dy * inverse
                        uz = dz * inverse
                        base = block1 + kind * n_directed
                        for s in range(n_directed):
                            value = radial[first_shell + s] * s3
                            point[base + s] += value * ux
                            point[base + row + s] += value * uy
                            point[base + 2 * row + s] += value * uz
                        if max_degree == 1:
                            continue
                        base = block2 + kind * n_directed
                        for s in range(n_directed):
                            value = radial[first_shell + s]
                            point[base + s] += value * s15 * ux * uz
                            point[base + row + s] += value * s15 * ux * uy
                            point[base + 2 * row + s] += (
                                value * s5 * (uy * uy - np.float32(0.5) * (ux * ux + uz * uz))
                            )
                            point[base + 3 * row + s] += value * s15 * uy * uz
                            point[base + 4 * row + s] += (
                                value * s15 * np.float32(0.5) * (uz * uz - ux * ux)
                            )
        for p0 in range(0, n_points, _TILE):
            p1 = min(p0 + _TILE, n_points)
            for f in range(n_features):
                for p in range(p0, p1):
                    out[e, f, p] = grid[p, f]


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
    """Compute the moments of residue environments, each in the residue's own frame.

    The side chain of the centre residue is left out before anything is computed; its
    backbone goes to the last channel, apart from everybody else's.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å.
    atom_type
        ``atom`` uint8, index into `protvox.vocabulary.ATOM_TYPES`.
    atom_residue
        ``atom`` int32, the residue of each atom.
    atom_range
        ``environment 2`` int64, first and one-past-last atom of the structure the residue
        belongs to: every chain and ligand in the file is seen.
    residue
        ``environment`` int32, the centre residues, numbered as in `atom_residue`.
    origin
        ``environment 3`` float32, grid centres, Å.
    axes
        ``environment 3 3`` float32, rows are the unit axes of the residue frames.
    spec
        The moments.
    out
        ``environment n_features n_points`` float32 to be overwritten, or None.

    Returns
    -------
    ndarray
        ``environment feature point`` float32. Features are the degrees one after another,
        each laid out ``component type shell``; the harmonics are in the order and
        ("component") normalisation of e3nn.
    """
    shape = (len(residue), spec.n_features, spec.n_points)
    if out is None:
        out = np.empty(shape, dtype=np.float32)
    _accumulate(
        coordinates,
        atom_type,
        atom_residue,
        atom_range,
        residue,
        origin,
        axes,
        spec.shape,
        spec.spacing,
        spec.cutoff,
        radial_table(spec),
        len(spec.shells) - len(spec.shells_of(1)),
        spec.max_degree,
        spec.n_types,
        out,
    )
    return out


def domain_moments(
    coordinates: NDArray[np.float32],
    atom_type: NDArray[np.uint8],
    atom_range: NDArray[np.int64],
    origin: NDArray[np.float32],
    axes: NDArray[np.float32],
    spec: MomentSpec,
) -> NDArray[np.float32]:
    """Compute the moments of whole domains, each in a frame given for it.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å.
    atom_type
        ``atom`` uint8, channel of each atom; those of ``spec.n_types`` and more are skipped.
    atom_range
        ``domain 2`` int64, first and one-past-last atom.
    origin
        ``domain 3`` float32, centres of the grids, Å.
    axes
        ``domain 3 3`` float32, rows are the unit axes of the frames.
    spec
        The moments.

    Returns
    -------
    ndarray
        ``domain feature point`` float32, laid out as by `environment_moments`.
    """
    nothing = np.full(len(atom_range), -1, dtype=np.int32)
    no_residue = np.zeros(len(coordinates), dtype=np.int32)
    return environment_moments(
        coordinates, atom_type, no_residue, atom_range, nothing, origin, axes, spec
    )
