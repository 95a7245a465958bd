"""Atoms to Gaussian densities on grids, on the CPU.

An atom at ``a`` adds ``exp(-|v - a|^2 / 2 sigma^2)`` to the voxels ``v`` of its channel. The
Gaussian is the product of one factor an axis, and along an axis its values at neighbouring
voxels form a product of two exponentials and a constant table ("fast Gaussian gridding",
Greengard & Lee, SIAM Review 46, 443 (2004), section 3), so an atom costs six exponentials.
It is cut off outside a window of constant even width (see `window_width`), which is moved
into the grid where it would reach over an edge.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from protvox.errors import ModelError
from protvox.voxel.grid import GridSpec

SKIP = 255
"""Channel of atoms that are not drawn."""

WINDOW_SIGMAS = 7.4
"""Least width of an atom's window: values under exp(-3.7^2 / 2) = 0.0011 are cut off."""


# Not nnan and ninf: the window test must hold for coordinates that are not finite.
_FAST = {"contract", "reassoc", "nsz", "arcp", "afn"}


def window_width(spec: GridSpec) -> int:
    """Return the even width of an atom's window in voxels.

    Every voxel within half of that width of the atom is inside the window.

    Parameters
    ----------
    spec
        The grid.
    """
    return max(4, 2 * math.ceil(WINDOW_SIGMAS * spec.sigma / spec.spacing / 2))


def voxelize(
    coordinates: NDArray[np.float32],
    channel: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    spec: GridSpec,
    n_channels: int,
    *,
    normalize: bool = False,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Draw the atoms of many grids as Gaussian densities.

    Parameters
    ----------
    coordinates
        ``atom 3`` float32, Å, in the frame of the atom's grid (origin at its centre).
    channel
        ``atom`` uint8; `SKIP` leaves an atom out.
    offsets
        ``grid + 1`` int64; grid ``g`` holds the atoms ``offsets[g]:offsets[g + 1]``.
    spec
        Shape, spacing and sigma of every grid.
    n_channels
        Number of channels.
    normalize
        Scale every atom to sum 1 over the grid, as Weiler et al. (2018) did for CATH,
        instead of a peak of 1. An atom outside the grid is scaled like one at the nearest
        face, so that its tail stays a tail.
    out
        Array to write into, C-contiguous; a new one if None.

    Returns
    -------
    ndarray
        ``grid channel x y z`` float32.

    Raises
    ------
    ModelError
        If the arrays do not fit each other (``voxel.arrays``).

    Notes
    -----
    Grids are shared among ``numba.get_num_threads()`` threads. An atom contributes only to
    voxels inside its window, also when it lies outside the grid; atoms without finite
    coordinates are left out.
    """
    coordinates = np.ascontiguousarray(coordinates, dtype=np.float32)
    channel = np.ascontiguousarray(channel, dtype=np.uint8)
    offsets = np.ascontiguousarray(offsets, dtype=np.int64)
    check_arrays(coordinates.shape, channel, offsets, n_channels)
    n_grids = len(offsets) - 1
    shape = (n_grids, n_channels, *spec.shape)
    if out is None:
        out = np.empty(shape, dtype=np.float32)
    elif out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise _misfit(f"out is {out.dtype} {out.shape}, not a C-contiguous float32 {shape}")

    width = window_width(spec)
    arguments = (
        coordinates,
        channel,
        offsets,
        out.reshape(n_grids, -1),
        np.array(spec.shape, dtype=np.int64),
        n_channels,
        np.float32(1.0 / spec.spacing),
        _window_table(width, spec),
        normalize,
        np.float32(_face_sum(width, spec)),
    )
    threads = min(numba.get_num_threads(), n_grids)
    if threads <= 1:
        _fill_grids(*arguments, 0, n_grids)
        return out
    # Threads over a compiled loop that holds no lock, rather than numba's parallel=True: its
    # OpenMP layer kills forked data-loader workers, its fallback layer concurrent callers.
    steps = np.linspace(0, n_grids, min(n_grids, 4 * threads) + 1).astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        list(
            pool.map(
                lambda part: _fill_grids(*arguments, part[0], part[1]),
                pairwise(steps.tolist()),
            )
        )
    return out


def check_arrays(
    coordinates_shape: tuple[int, ...],
    channel: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    n_channels: int,
) -> None:
    """Refuse arrays that do not describe grids of atoms.

    Parameters
    ----------
    coordinates_shape
        Shape of the coordinates, to be ``(atom, 3)``.
    channel
        ``atom`` uint8.
    offsets
        ``grid + 1`` int64.
    n_channels
        Number of channels.

    Raises
    ------
    ModelError
        With code ``voxel.arrays``.
    """
    n_atoms = len(channel)
    if coordinates_shape != (n_atoms, 3) or channel.ndim != 1:
        raise _misfit(f"coordinates {coordinates_shape} and channel {channel.shape} do not match")
    if offsets.ndim != 1 or len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != n_atoms:
        raise _misfit(f"offsets do not run from 0 to the {n_atoms} atoms")
    if np.any(np.diff(offsets) < 0):
        raise _misfit("offsets decrease")
    if not 1 <= n_channels < SKIP:
        raise _misfit(f"{n_channels} channels are not between 1 and {SKIP - 1}")
    if np.any((channel >= n_channels) & (channel != SKIP)):
        raise _misfit(f"a channel is neither below {n_channels} nor {SKIP}")


def _misfit(what: str) -> ModelError:
    return ModelError(what, where="voxelize", code="voxel.arrays")


def _window_table(width: int, spec: GridSpec) -> NDArray[np.float32]:
    """Return exp(-k^2 spacing^2 / 2 sigma^2) for the steps k = 0 .. width, and the factor."""
    factor = _factor(spec)
    return np.append(np.exp(-factor * np.arange(width + 1) ** 2), factor).astype(np.float32)


def _face_sum(width: int, spec: GridSpec) -> float:
    """Return the sum along an axis of a Gaussian centred on the grid's outer face."""
    return float(np.exp(-_factor(spec) * (np.arange(width) + 0.5) ** 2).sum())


def _factor(spec: GridSpec) -> float:
    return 0.5 * (spec.spacing / spec.sigma) ** 2


@numba.njit(cache=True, nogil=True, fastmath=_FAST, inline="always")
def _fill_axis(position, size, table, width, normalize, face_sum, weights):  # type: ignore[no-untyped-def]
    """Write an atom's factors along one axis and return the window's first voxel, or -1."""
    half = width // 2
    if not (-half < position < size - 1 + half):
        return -1
    span = min(width, size)
    first = min(max(math.floor(position) - half + 1, 0), size - span)
    # Powers grow from the voxel nearest to the atom, so that none of them can overflow.
    nearest = min(max(math.floor(position + np.float32(0.5)), 0), size - 1)
    offset = np.float32(nearest) - position
    factor = table[width + 1]
    peak = math.exp(-factor * offset * offset)
    up = math.exp(np.float32(-2.0) * factor * offset)
    down = np.float32(1.0) / up
    centre = nearest - first
    total = np.float32(0.0)
    value = peak
    for k in range(centre, span):
        weights[k] = value * table[k - centre]
        total += weights[k]
        value *= up
    value = peak
    for k in range(centre - 1, -1, -1):
        value *= down
        weights[k] = value * table[centre - k]
        total += weights[k]
    if normalize:
        outside = position < np.float32(-0.5) or position > np.float32(size) - np.float32(0.5)
        scale = np.float32(1.0) / (face_sum if outside else total)
        for k in range(span):
            weights[k] *= scale
    return first


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _fill_grids(  # type: ignore[no-untyped-def]
    coordinates, channel, offsets, out, shape, n_channels, per_spacing,
    table, normalize, face_sum, start, stop,
):  # fmt: skip
    """Draw the grids ``start:stop``; see `voxelize`."""
    nx, ny, nz = shape[0], shape[1], shape[2]
    width = len(table) - 2
    span_x, span_y, span_z = min(width, nx), min(width, ny), min(width, nz)
    half = np.float32(0.5)
    weights_x = np.empty(width, np.float32)
    weights_y = np.empty(width, np.float32)
    weights_z = np.empty(width, np.float32)
    for grid in range(start, stop):
        voxels = out[grid]
        voxels[:] = np.float32(0.0)
        for atom in range(offsets[grid], offsets[grid + 1]):
            plane = np.int64(channel[atom])
            if plane >= n_channels:
                continue
            x = coordinates[atom, 0] * per_spacing + half * np.float32(nx - 1)
            y = coordinates[atom, 1] * per_spacing + half * np.float32(ny - 1)
            z = coordinates[atom, 2] * per_spacing + half * np.float32(nz - 1)
            first_x = _fill_axis(x, nx, table, width, normalize, face_sum, weights_x)
            if first_x < 0:
                continue
            first_y = _fill_axis(y, ny, table, width, normalize, face_sum, weights_y)
            if first_y < 0:
                continue
            first_z = _fill_axis(z, nz, table, width, normalize, face_sum, weights_z)
            if first_z < 0:
                continue
            for i in range(span_x):
                row = ((plane * nx + first_x + i) * ny + first_y) * nz + first_z
                for j in range(span_y):
                    weight = weights_x[i] * weights_y[j]
                    for k in range(span_z):
                        voxels[row + k] += weight * weights_z[k]
                    row += nz
