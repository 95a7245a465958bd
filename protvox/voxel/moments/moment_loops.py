"""The compiled loop of `protvox.voxel.moments.moments`."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numba
import numpy as np

from protvox.compiled.loops import FAST, compile_loop
from protvox.voxel.simd import add_moments, moment_pairs

_BLOCK = 32
_TILE = 64
_BACKBONE = 4


@numba.njit(nogil=True, fastmath=set(FAST))
def _bound_blocks(coordinates, first, last, boxes):  # type: ignore[no-untyped-def]
    """Write the corners of the bounding box of every `_BLOCK` consecutive atoms."""
    for block in range((last - first + _BLOCK - 1) // _BLOCK):
        for axis in range(3):
            low, high = np.float32(np.inf), np.float32(-np.inf)
            start = first + block * _BLOCK
            for atom in range(start, min(start + _BLOCK, last)):
                value = coordinates[atom, axis]
                low = min(low, value)
                high = max(high, value)
            boxes[block, axis] = low
            boxes[block, 3 + axis] = high


@numba.njit(nogil=True, fastmath=set(FAST))
def _find_atoms(  # type: ignore[no-untyped-def]
    coordinates,
    atom_type,
    atom_residue,
    first,
    last,
    boxes,
    centre,
    origin,
    axes,
    reach,
    n_types,
    found,
    kinds,
    ends,
):
    """Write the atoms near a grid, in its frame, and return their number.

    Positions are written to `found` and types to `kinds`, in file order; ``ends[kind]`` is the
    index of the first atom of a type after sorting by type.
    """
    ball = reach[0] * reach[0] + reach[1] * reach[1] + reach[2] * reach[2]
    n = 0
    ends[:] = 0
    for block in range((last - first + _BLOCK - 1) // _BLOCK):
        gap = np.float32(0.0)
        for axis in range(3):
            outside = max(boxes[block, axis] - origin[axis], origin[axis] - boxes[block, 3 + axis])
            gap += max(outside, np.float32(0.0)) ** 2
        if gap > ball:
            continue
        start = first + block * _BLOCK
        for atom in range(start, min(start + _BLOCK, last)):
            gx = coordinates[atom, 0] - origin[0]
            gy = coordinates[atom, 1] - origin[1]
            gz = coordinates[atom, 2] - origin[2]
            if not gx * gx + gy * gy + gz * gz <= ball:
                continue
            kind = np.int64(atom_type[atom])
            if atom_residue[atom] == centre:
                # The side chain of the central residue would reveal its type.
                if kind >= _BACKBONE:
                    continue
                kind = n_types - 1
            elif kind >= n_types:
                continue
            x = axes[0, 0] * gx + axes[0, 1] * gy + axes[0, 2] * gz
            y = axes[1, 0] * gx + axes[1, 1] * gy + axes[1, 2] * gz
            z = axes[2, 0] * gx + axes[2, 1] * gy + axes[2, 2] * gz
            if abs(x) <= reach[0] and abs(y) <= reach[1] and abs(z) <= reach[2]:
                found[n, 0], found[n, 1], found[n, 2] = x, y, z
                kinds[n] = kind
                ends[kind + 1] += 1
                n += 1
    for before in range(n_types):
        ends[before + 1] += ends[before]
    return n


@lru_cache(maxsize=16)
def moment_filler(n_shells: int, first_shell: int, max_degree: int) -> Any:
    """Return the compiled loop for one set of radial and angular functions.

    Parameters
    ----------
    n_shells
        Number of radial shells.
    first_shell
        First shell with harmonics of l > 0.
    max_degree
        Highest degree l, at most 2.

    Returns
    -------
    callable
        ``fill(coordinates, atom_type, atom_residue, atom_range, residue, origin, axes, shape,
        spacing, cutoff, table, n_types, out, start, stop)``, which writes the environments
        ``start:stop`` without the GIL.
    """
    lanes = -(-n_shells // 4) * 4
    n_moments = len(moment_pairs(n_shells, first_shell, max_degree))
    width = max(n_shells - first_shell, 1)
    s3, s5, s15 = (np.float32(math.sqrt(n)) for n in (3.0, 5.0, 15.0))

    def fill(  # type: ignore[no-untyped-def]
        coordinates,
        atom_type,
        atom_residue,
        atom_range,
        residue,
        origin,
        axes,
        shape,
        spacing,
        cutoff,
        table,
        n_types,
        out,
        start,
        stop,
    ):
        half = np.float32(0.5)
        nx, ny, nz = shape
        n_points = nx * ny * nz
        hx = np.float32(nx - 1) * half * spacing
        hy = np.float32(ny - 1) * half * spacing
        hz = np.float32(nz - 1) * half * spacing
        reach = (hx + cutoff, hy + cutoff, hz + cutoff)
        cutoff2 = cutoff * cutoff
        n_bins = len(table) // lanes
        bins = np.float32(n_bins - 1) / cutoff2
        scale = np.float32(1.0) / spacing
        longest = 0
        for e in range(start, stop):
            longest = max(longest, atom_range[e, 1] - atom_range[e, 0])
        found = np.empty((longest, 3), np.float32)
        order = np.empty(longest, np.int64)
        kinds = np.empty(longest, np.int64)
        boxes = np.empty((longest // _BLOCK + 1, 6), np.float32)
        ends = np.empty(n_types + 1, np.int64)
        moments = np.empty(n_points * n_moments, np.float32)
        bounded = np.int64(-1), np.int64(-1)
        for e in range(start, stop):
            first, last = atom_range[e, 0], atom_range[e, 1]
            if bounded != (first, last):
                _bound_blocks(coordinates, first, last, boxes)
                bounded = first, last
            n = _find_atoms(
                coordinates,
                atom_type,
                atom_residue,
                first,
                last,
                boxes,
                residue[e],
                origin[e],
                axes[e],
                reach,
                n_types,
                found,
                kinds,
                ends,
            )
            # Counting sort by type, in file order within a type. Every entry of `ends` moves
            # from the first atom of its type to one past the last.
            for atom in range(n):
                order[ends[kinds[atom]]] = atom
                ends[kinds[atom]] += 1
            begin = 0
            for kind in range(n_types):
                # One type at a time, so that its moments stay in the first-level cache.
                end = ends[kind]
                moments[:] = np.float32(0.0)
                for index in range(begin, end):
                    atom = order[index]
                    x, y, z = found[atom, 0] + hx, found[atom, 1] + hy, found[atom, 2] + hz
                    i0 = max(0, math.ceil((x - cutoff) * scale))
                    i1 = min(nx - 1, math.floor((x + cutoff) * scale))
                    j0 = max(0, math.ceil((y - cutoff) * scale))
                    j1 = min(ny - 1, math.floor((y + cutoff) * scale))
                    for i in range(i0, i1 + 1):
                        dx = x - np.float32(i) * spacing
                        for j in range(j0, j1 + 1):
                            dy = y - np.float32(j) * spacing
                            dxy = dx * dx + dy * dy
                            if not dxy < cutoff2:
                                continue
                            depth = np.sqrt(cutoff2 - dxy)
                            k0 = max(0, math.ceil((z - depth) * scale))
                            k1 = min(nz - 1, math.floor((z + depth) * scale))
                            row = (i * ny + j) * nz
                            for k in range(k0, k1 + 1):
                                dz = z - np.float32(k) * spacing
                                r2 = dxy + dz * dz
                                position = r2 * bins
                                low: Any = min(np.int64(position), n_bins - 2)
                                fraction = position - np.float32(low)
                                inverse = np.float32(1.0) / np.sqrt(r2 + np.float32(1e-8))
                                ux, uy, uz = dx * inverse, dy * inverse, dz * inverse
                                harmonics = (
                                    s3 * ux,
                                    s3 * uy,
                                    s3 * uz,
                                    s15 * ux * uz,
                                    s15 * ux * uy,
                                    s5 * (uy * uy - half * (ux * ux + uz * uz)),
                                    s15 * uy * uz,
                                    s15 * half * (uz * uz - ux * ux),
                                )
                                add_moments(  # type: ignore[call-arg]
                                    moments,
                                    (row + k) * n_moments,
                                    table,
                                    low * lanes,
                                    fraction,
                                    harmonics,
                                    n_shells,
                                    first_shell,
                                    max_degree,
                                )
                for p0 in range(0, n_points, _TILE):
                    p1 = min(p0 + _TILE, n_points)
                    for f in range(n_moments):
                        row = kind * n_shells + f
                        if f >= n_shells:
                            block, shell = divmod(f - n_shells, width)
                            row = n_types * (n_shells + block * width) + kind * width + shell
                        for p in range(p0, p1):
                            out[e, row, p] = moments[p * n_moments + f]
                begin = end

    return compile_loop(fill)
