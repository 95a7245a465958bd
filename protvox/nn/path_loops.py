"""The compiled loops of `protvox.nn.paths`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from protvox.compiled.loops import compile_loop

LANES = 8
"""The rows of a basis are padded with zeros to a multiple of this."""


@lru_cache(maxsize=64)
def path_loops(components: int, size: int, stride: int, rows: int) -> tuple[Any, Any]:
    """Return the compiled loops for the fields of one degree.

    Parameters
    ----------
    components
        Components of a field, 2 l + 1.
    size
        Edge of the kernel in voxels.
    stride
        Voxels between the points kept.
    rows
        Rows of the basis.

    Returns
    -------
    read, write : callable
        ``read(field, first, n_fields, basis, base, per_point, per_field, out, start, stop)``
        multiplies the window around every point of every field with all rows of the basis;
        ``write`` is the transpose, from ``out`` to ``field``. Both process the samples
        ``start:stop`` without the GIL. ``field`` is ``sample channel x y z``. The product with
        row r is at ``out[base[r] + point * per_point[r] + field * per_field[r]]``, where points
        are counted through all samples.
    """
    width = -(-components * size**3 // LANES) * LANES

    def read(  # type: ignore[no-untyped-def]
        field, first, n_fields, basis, base, per_point, per_field, out, start, stop
    ):
        nx = (field.shape[2] - size) // stride + 1
        ny = (field.shape[3] - size) // stride + 1
        nz = (field.shape[4] - size) // stride + 1
        window = np.zeros(width, np.float32)
        for sample in range(start, stop):
            for copy in range(n_fields):
                channel = first + copy * components
                point = sample * nx * ny * nz
                for x in range(0, nx * stride, stride):
                    for y in range(0, ny * stride, stride):
                        for z in range(0, nz * stride, stride):
                            tap = 0
                            for c in range(channel, channel + components):
                                for u in range(x, x + size):
                                    for v in range(y, y + size):
                                        for w in range(z, z + size):
                                            window[tap] = field[sample, c, u, v, w]
                                            tap += 1
                            for row in range(rows):
                                total = np.float32(0.0)
                                for tap in range(width):
                                    total += window[tap] * basis[row, tap]
                                address = base[row] + point * per_point[row] + copy * per_field[row]
                                out[address] = total
                            point += 1

    def write(  # type: ignore[no-untyped-def]
        field, first, n_fields, basis, base, per_point, per_field, out, start, stop
    ):
        nx = (field.shape[2] - size) // stride + 1
        ny = (field.shape[3] - size) // stride + 1
        nz = (field.shape[4] - size) // stride + 1
        window = np.zeros(width, np.float32)
        for sample in range(start, stop):
            for copy in range(n_fields):
                channel = first + copy * components
                point = sample * nx * ny * nz
                for x in range(0, nx * stride, stride):
                    for y in range(0, ny * stride, stride):
                        for z in range(0, nz * stride, stride):
                            for tap in range(width):
                                window[tap] = np.float32(0.0)
                            for row in range(rows):
                                address = base[row] + point * per_point[row] + copy * per_field[row]
                                value = out[address]
                                for tap in range(width):
                                    window[tap] += value * basis[row, tap]
                            tap = 0
                            for c in range(channel, channel + components):
                                for u in range(x, x + size):
                                    for v in range(y, y + size):
                                        for w in range(z, z + size):
                                            field[sample, c, u, v, w] += window[tap]
                                            tap += 1
                            point += 1

    return compile_loop(read, fuse=True), compile_loop(write, fuse=True)
