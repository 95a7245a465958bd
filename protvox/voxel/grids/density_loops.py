"""The compiled loop of `protvox.voxel.grids.density`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numba
import numpy as np

from protvox.compiled.loops import FAST, compile_loop
from protvox.voxel.simd import add_plane, interpolate

FRACTIONS = 512
"""Number of positions between two voxels at which the window is tabulated."""


@numba.njit(nogil=True, fastmath=set(FAST))
def _fill_axis(position, size, width, lanes, span, table, normalize, face_sum, weights):  # type: ignore[no-untyped-def]
    """Write the factors of an atom for ``span`` voxels of an axis; return the first, or -1."""
    half = width // 2
    if not (-half <= position < size - 1 + half):
        return -1
    below = np.floor(position)
    fraction = (position - below) * np.float32(FRACTIONS)
    row = np.int64(fraction)
    fraction -= np.float32(row)
    natural = np.int64(below) - half + 1
    first = min(max(natural, 0), size - span)
    columns = 3 * lanes - 2
    low = row * columns + lanes - 1 + first - natural
    interpolate(weights, table, low, low + columns, fraction, lanes)  # type: ignore[call-arg]
    if normalize:
        total = face_sum
        if np.float32(-0.5) <= position <= np.float32(size) - np.float32(0.5):
            total = np.float32(0.0)
            for k in range(span):
                total += weights[k]
        for k in range(span):
            weights[k] /= total
    return first


@lru_cache(maxsize=16)
def grid_filler(width: int, small: bool) -> Any:
    """Return the compiled loop for windows of one width.

    Parameters
    ----------
    width
        Even width of the window, voxels; a constant for the compiler, which unrolls by it.
    small
        Whether an axis has fewer voxels than the window, rounded up to a multiple of 4. Such
        grids are drawn by a plain loop.

    Returns
    -------
    callable
        ``fill(coordinates, channel, offsets, out, shape, n_channels, per_spacing, table,
        normalize, face_sum, start, stop)``, which draws the grids ``start:stop`` without the
        GIL.
    """
    lanes = -(-width // 4) * 4

    def fill(  # type: ignore[no-untyped-def]
        coordinates,
        channel,
        offsets,
        out,
        shape,
        n_channels,
        per_spacing,
        table,
        normalize,
        face_sum,
        start,
        stop,
    ):
        nx, ny, nz = shape[0], shape[1], shape[2]
        span_x = min(width, nx) if small else width
        span_y = min(width, ny) if small else width
        span_z = min(lanes, nz) if small else lanes
        half = np.float32(0.5)
        centre_x, centre_y = half * np.float32(nx - 1), half * np.float32(ny - 1)
        centre_z = half * np.float32(nz - 1)
        weights_x = np.empty(lanes, np.float32)
        weights_y = np.empty(lanes, np.float32)
        weights_z = np.empty(lanes, np.float32)
        for grid in range(start, stop):
            voxels = out[grid]
            voxels[:] = np.float32(0.0)
            for atom in range(offsets[grid], offsets[grid + 1]):
                plane = np.int64(channel[atom])
                if plane >= n_channels:
                    continue
                x = coordinates[atom, 0] * per_spacing + centre_x
                y = coordinates[atom, 1] * per_spacing + centre_y
                z = coordinates[atom, 2] * per_spacing + centre_z
                first_x = _fill_axis(
                    x, nx, width, lanes, span_x, table, normalize, face_sum, weights_x
                )
                first_y = _fill_axis(
                    y, ny, width, lanes, span_y, table, normalize, face_sum, weights_y
                )
                first_z = _fill_axis(
                    z, nz, width, lanes, span_z, table, normalize, face_sum, weights_z
                )
                if first_x < 0 or first_y < 0 or first_z < 0:
                    continue
                for i in range(span_x):
                    row = ((plane * nx + first_x + i) * ny + first_y) * nz + first_z
                    if small:
                        for j in range(span_y):
                            for k in range(span_z):
                                weight = weights_x[i] * weights_y[j] * weights_z[k]
                                voxels[row + j * nz + k] += weight
                    else:
                        add_plane(  # type: ignore[call-arg]
                            voxels, row, nz, weights_x[i], weights_y, weights_z, width, lanes
                        )

    return compile_loop(fill)
