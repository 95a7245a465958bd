"""Atoms to Gaussian densities on grids, on the CPU.

An atom at ``a`` adds ``exp(-|v - a|^2 / 2 sigma^2)`` to the voxels ``v`` of its channel. The
Gaussian is a product of one factor an axis, cut off outside a window of constant even width
(see `window_width`). Along an axis the factors depend only on where the atom lies between two
voxels, so they are read from a table of `FRACTIONS` positions with linear interpolation, off
by less than spacing^2 / (8 sigma^2 `FRACTIONS`^2): no exponential is left in the loop over
atoms. The table is padded with zeros, so that a window over an edge is moved into the grid
without a change of the values.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.loops import share_out
from protvox.errors import fail
from protvox.voxel.grids.density_loops import FRACTIONS, grid_filler
from protvox.voxel.grids.grid import GridSpec

SKIP = 255
"""Channel of atoms that are not drawn."""

WINDOW_SIGMAS = 7.4
"""Least width of an atom's window: values under exp(-3.7^2 / 2) = 0.0011 are cut off."""


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
        raise fail(
            "voxel.arrays.out", where="voxelize", dtype=out.dtype, shape=out.shape, expected=shape
        )

    arguments = (
        coordinates,
        channel,
        offsets,
        out.reshape(n_grids, math.prod(shape[1:])),
        np.array(spec.shape, dtype=np.int64),
        n_channels,
        np.float32(1.0 / spec.spacing),
        window_table(spec).ravel(),
        normalize,
        face_sum(spec),
    )
    width = window_width(spec)
    small = min(spec.shape) < width or spec.shape[2] < _lanes(width)
    fill_grids = grid_filler(width, small)
    share_out(lambda start, stop: fill_grids(*arguments, start, stop), n_grids)
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
    n_atoms, where = len(channel), "voxelize"
    if coordinates_shape != (n_atoms, 3) or channel.ndim != 1:
        raise fail(
            "voxel.arrays.atoms",
            where=where,
            coordinates=coordinates_shape,
            channel=channel.shape,
        )
    if offsets.ndim != 1 or len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != n_atoms:
        raise fail("voxel.arrays.offsets", where=where, atoms=n_atoms)
    if np.any(np.diff(offsets) < 0):
        raise fail("voxel.arrays.decreasing", where=where)
    if not 1 <= n_channels < SKIP:
        raise fail("voxel.arrays.n_channels", where=where, channels=n_channels, most=SKIP - 1)
    if np.any((channel >= n_channels) & (channel != SKIP)):
        raise fail("voxel.arrays.channel", where=where, channels=n_channels, skip=SKIP)


@lru_cache(maxsize=16)
def window_table(spec: GridSpec) -> NDArray[np.float32]:
    """Return an atom's factors along an axis, for positions between two voxels.

    Parameters
    ----------
    spec
        The grid.

    Returns
    -------
    ndarray
        ``FRACTIONS + 1, 3 * lanes - 2`` float32, where ``lanes`` is the window's width rounded
        up to a multiple of 4. Row ``f`` belongs to an atom ``f / FRACTIONS`` of a voxel above
        the one below it; its window starts at column ``lanes - 1``, all else is 0.
    """
    width = window_width(spec)
    lanes = _lanes(width)
    fraction = np.arange(FRACTIONS + 1)[:, None] / FRACTIONS
    steps = np.arange(width) - (width // 2 - 1)
    table = np.zeros((FRACTIONS + 1, 3 * lanes - 2), dtype=np.float32)
    table[:, lanes - 1 : lanes - 1 + width] = np.exp(-_factor(spec) * (steps - fraction) ** 2)
    return table


def face_sum(spec: GridSpec) -> np.float32:
    """Return the sum along an axis of a Gaussian centred on the grid's outer face.

    Parameters
    ----------
    spec
        The grid.
    """
    steps = np.arange(window_width(spec) // 2) + 0.5
    return np.float32(np.exp(-_factor(spec) * steps**2).sum())


def _factor(spec: GridSpec) -> float:
    return 0.5 * (spec.spacing / spec.sigma) ** 2


def _lanes(width: int) -> int:
    return -(-width // 4) * 4
