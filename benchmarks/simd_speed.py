"""Speed of the vector instructions of `protvox.voxel.simd` against plain loops, one thread.

Run with ``python benchmarks/simd_speed.py``. The voxelizer (20^3 voxels of 1 Å) and the moments
(7^3 points, 2 Å apart) of residue environments of the bundled example are compiled twice: once as
shipped, once with plain loops in place of the vector instructions. They alternate, and the least
CPU time of each is kept, so only the ratios are meaningful. Results go to
``results/simd_speed.json``.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

import protvox
from protvox.compiled.loops import FAST
from protvox.structure.io.read import read_structure
from protvox.voxel.grids import density, density_loops
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.moments import moment_loops, moments
from protvox.voxel.moments.moments import MomentSpec, environment_moments
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES, residue_frames
from protvox.voxel.simd import moment_pairs

ENVIRONMENTS = 48
ROUNDS = 15
MOMENTS = MomentSpec(7, 2.0, (0.0, 1.0, 2.0, 3.0), 0.55, 2, N_ENVIRONMENT_TYPES)
FIRST_SHELL = 1
PAIRS = np.array(moment_pairs(len(MOMENTS.shells), FIRST_SHELL, MOMENTS.max_degree))


@numba.njit(inline="always")
def plain_interpolate(weights, table, low, high, fraction, lanes):  # type: ignore[no-untyped-def]
    for k in range(lanes):
        weights[k] = table[low + k] + fraction * (table[high + k] - table[low + k])


@numba.njit(inline="always")
def plain_add_plane(  # type: ignore[no-untyped-def]
    voxels, start, stride, scale, weights_y, weights_z, width, lanes
):
    for j in range(width):
        weight = scale * weights_y[j]
        for k in range(lanes):
            voxels[start + j * stride + k] += weight * weights_z[k]


@numba.njit(inline="always")
def plain_add_moments(  # type: ignore[no-untyped-def]
    out, start, table, low, fraction, harmonics, n_shells, first_shell, max_degree
):
    lanes = -(-n_shells // 4) * 4
    for shell in range(n_shells):
        below = table[low + shell]
        radial = below + fraction * (table[low + lanes + shell] - below)
        out[start + shell] += radial
        if shell >= first_shell:
            width = n_shells - first_shell
            for harmonic in range((max_degree + 1) ** 2 - 1):
                index = start + n_shells + harmonic * width + shell - first_shell
                out[index] += radial * harmonics[harmonic]


def compile_uncached(function: Callable[..., None], *, fuse: bool = False) -> Any:
    """Compile without the cache on disk, which does not notice replaced functions."""
    flags = {*FAST, "contract"} if fuse else set(FAST)
    return numba.njit(nogil=True, fastmath=flags)(function)


def use_plain_loops() -> None:
    """Replace the vector instructions by plain loops in both modules."""
    density_loops.interpolate = plain_interpolate
    density_loops.add_plane = plain_add_plane
    density_loops._fill_axis = numba.njit(nogil=True, fastmath=set(FAST))(
        density_loops._fill_axis.py_func
    )
    moment_loops.add_moments = plain_add_moments
    for module in (density_loops, moment_loops):
        module.compile_loop = compile_uncached
    density_loops.grid_filler.cache_clear()
    moment_loops.moment_filler.cache_clear()


def workloads() -> dict[str, Callable[[], np.ndarray]]:
    """Return the two computations on the same residues, with their inputs prepared."""
    protein = read_structure(Path(protvox.__file__).parent / "examples" / "1pwc.pdb.gz")
    frames = residue_frames(protein.backbone(), 2.3)
    rows = np.flatnonzero(frames.valid)[:: frames.valid.sum() // ENVIRONMENTS][:ENVIRONMENTS]
    whole = np.tile([0, protein.n_atoms], (len(rows), 1))
    grid = GridSpec(20, 1.0, 0.6)
    parts = []
    for row in rows:
        local = (protein.coordinates - frames.origin[row]) @ frames.axes[row].T
        near = np.abs(local).max(axis=1) < 12.5
        parts.append((local[near], protein.atom_type[near]))
    coordinates = np.concatenate([xyz for xyz, _ in parts])
    channel = np.concatenate([kind for _, kind in parts])
    offsets = np.cumsum([0] + [len(kind) for _, kind in parts])
    origin, axes = frames.origin[rows], frames.axes[rows]
    atoms = (protein.coordinates, protein.atom_type, protein.residue_index)
    return {
        "voxelizer": lambda: density.voxelize(
            coordinates, channel, offsets, grid, N_ENVIRONMENT_TYPES
        ),
        "moments": lambda: environment_moments(*atoms, whole, rows, origin, axes, MOMENTS),
    }


def main() -> None:
    numba.set_num_threads(1)
    runs = workloads()
    fillers: dict[str, Any] = {}
    results: dict[tuple[str, str], np.ndarray] = {}
    for kind in ("vector", "plain"):
        if kind == "plain":
            use_plain_loops()
        fillers[kind] = (
            density_loops.grid_filler(density.window_width(GridSpec(20, 1.0, 0.6)), False),
            moment_loops.moment_filler(len(MOMENTS.shells), FIRST_SHELL, MOMENTS.max_degree),
        )
    best = {(kind, name): float("inf") for kind in fillers for name in runs}
    for _ in range(ROUNDS):
        for kind, (filler, moment_filler) in fillers.items():
            density.grid_filler = lambda *_, filler=filler: filler
            moments.moment_filler = lambda *_, filler=moment_filler: filler
            for name, run in runs.items():
                start = time.thread_time()
                results[kind, name] = run()
                best[kind, name] = min(best[kind, name], time.thread_time() - start)
    for name in runs:
        error = np.abs(results["vector", name] - results["plain", name]).max()
        assert error < 1e-4, (name, error)
    result = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "environments": ENVIRONMENTS,
        "microseconds_per_environment": {
            name: {kind: round(1e6 * best[kind, name] / ENVIRONMENTS, 1) for kind in fillers}
            for name in runs
        },
        "plain_over_vector": {
            name: round(best["plain", name] / best["vector", name], 2) for name in runs
        },
    }
    path = Path(__file__).parent / "results" / "simd_speed.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
