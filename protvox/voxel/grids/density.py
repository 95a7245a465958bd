"""Gaussian densities of atoms on grids, on the CPU.

An atom at ``a`` adds ``exp(-|v - a|^2 / 2 sigma^2)`` to the voxels ``v`` of its channel. The
Gaussian is a product of one factor per axis, cut off outside a window of constant even width
(`window_width`). Along an axis the factors depend only on the position of the atom between two
voxels. They are interpolated linearly in a table of `FRACTIONS` positions, with an error below
spacing^2 / (8 sigma^2 `FRACTIONS`^2), so the loop over atoms has no exponentials. The table is
padded with zeros, so that a window across an edge can be shifted into the grid without changing
the values.
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
"""Least width of an atom's window: values below exp(-3.7^2 / 2) = 0.0011 are cut off."""


def window_width(spec: GridSpec) -> int:
    """Return the width of an atom's window in voxels, an even number.

    The window contains every voxel within half its width of the atom.

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
        ``atom`` uint8; atoms with `SKIP` are not drawn.
    offsets
        ``grid + 1`` int64; grid ``g`` has the atoms ``offsets[g]:offsets[g + 1]``.
    spec
        Shape, spacing and sigma of every grid.
    n_channels
        Number of channels.
    normalize
        Scale every atom to a sum of 1 over the grid, as Weiler et al. (2018) did for CATH,
        instead of a peak of 1. An atom outside the grid is scaled like an atom at the nearest
        face, so that only its tail is drawn.
    out
        C-contiguous array to write into; None for a new one.

    Returns
    -------
    ndarray
        ``grid channel x y z`` float32.

    Raises
    ------
    ModelError
        If the shapes or values of the arrays are inconsistent (``voxel.arrays``).

    Notes
    -----
    Grids are distributed over ``numba.get_num_threads()`` threads. An atom contributes only to
    voxels inside its window, even if it lies outside the grid. Atoms without finite coordinates
    are ignored.

    Examples
    --------
    >>> atom = np.zeros((1, 3), dtype=np.float32)
    >>> spec = GridSpec(9, spacing=1.0, sigma=1.0)
    >>> density = voxelize(atom, np.zeros(1, np.uint8), np.array([0, 1]), spec, n_channels=1)
    >>> density.shape, float(density[0, 0, 4, 4, 4])
    ((1, 1, 9, 9, 9), 1.0)
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
    """Check that arrays describe grids of atoms.

    Parameters
    ----------
    coordinates_shape
        Shape of the coordinates, which should be ``(atom, 3)``.
    channel
        ``atom`` uint8.
    offsets
        ``grid + 1`` int64.
    n_channels
        Number of channels.

    Raises
    ------
    ModelError
        If they do not (``voxel.arrays``).
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
    """Return the factors of an atom along an axis, for positions between two voxels.

    Parameters
    ----------
    spec
        The grid.

    Returns
    -------
    ndarray
        ``FRACTIONS + 1, 3 * lanes - 2`` float32, where ``lanes`` is the width of the window
        rounded up to a multiple of 4. Row ``f`` is for an atom at ``f / FRACTIONS`` of the way
        from one voxel to the next; its window starts at column ``lanes - 1``, and all other
        values are 0.
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
