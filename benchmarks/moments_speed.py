"""Speed of moments and their embedding against the convolution they replace, one thread.

Run with ``python benchmarks/moments_speed.py``. Both ways map residue environments of the
bundled example to a field of 8^3 points, 2 Å apart, that fits the network's first gate: one
draws densities on 20^3 voxels of 1 Å and convolves them with an exported 5^3 kernel of stride 2,
the other computes moments and mixes them. They alternate, and the least CPU time of each is kept,
so that a busy machine affects both alike; only the ratios within one run are meaningful.
Results go to ``results/moments_speed.json``.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import torch

import protvox
from protvox.nn import Gate, SteerableConv3d
from protvox.nn.moments import MomentEmbedding
from protvox.structure.io.read import read_structure
from protvox.voxel.grids.density import voxelize
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.moments.moments import MomentSpec, environment_moments
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES, residue_frames

IRREPS = Gate("32x0e+8x1e+8x2e", activation="silu").irreps_in
ENVIRONMENTS = 64
ROUNDS = 12
TARGET = 2.0
"""Least ratio of the convolution's time to ours."""


def ways() -> dict[str, Callable[[], torch.Tensor]]:
    """Return the steps of both ways, each on the same residues."""
    protein = read_structure(Path(protvox.__file__).parent / "examples" / "1pwc.pdb.gz")
    frames = residue_frames(protein.backbone(), 2.3)
    rows = np.flatnonzero(frames.valid)[:: frames.valid.sum() // ENVIRONMENTS][:ENVIRONMENTS]
    whole = np.tile([0, protein.n_atoms], (len(rows), 1))

    # The time to find the atoms around each residue is not counted for the convolution.
    grid = GridSpec(20, 1.0, 0.6)
    parts = []
    for row in rows:
        local = (protein.coordinates - frames.origin[row]) @ frames.axes[row].T
        own = protein.residue_index == row
        seen = (np.abs(local).max(axis=1) < 12.5) & ~(own & (protein.atom_type > 3))
        kind = np.where(own, N_ENVIRONMENT_TYPES - 1, protein.atom_type)
        parts.append((local[seen], kind[seen].astype(np.uint8)))
    coordinates = np.concatenate([xyz for xyz, _ in parts])
    channel = np.concatenate([kind for _, kind in parts])
    offsets = np.cumsum([0] + [len(kind) for _, kind in parts])
    conv = SteerableConv3d(f"{N_ENVIRONMENT_TYPES}x0e", IRREPS, 5, stride=2).export()

    spec = MomentSpec(8, 2.0, (0.0, 1.0, 2.0, 3.0), 0.55, 2, N_ENVIRONMENT_TYPES)
    pairs = tuple(spec.n_types * len(spec.shells_of(degree)) for degree in spec.degrees)
    embedding = MomentEmbedding(pairs, IRREPS)

    def draw() -> torch.Tensor:
        return torch.from_numpy(voxelize(coordinates, channel, offsets, grid, N_ENVIRONMENT_TYPES))

    def take() -> torch.Tensor:
        return torch.from_numpy(
            environment_moments(
                protein.coordinates,
                protein.atom_type,
                protein.residue_index,
                whole,
                rows,
                frames.origin[rows],
                frames.axes[rows],
                spec,
            )
        )

    return {
        "voxelize": draw,
        "voxelize and convolve": lambda: conv(draw()),
        "moments": take,
        "moments and embedding": lambda: embedding(take(), spec.shape),
    }


def main() -> None:
    numba.set_num_threads(1)
    torch.set_num_threads(1)
    runs = ways()
    best = dict.fromkeys(runs, float("inf"))
    with torch.inference_mode():
        shapes = {name: list(run().shape) for name, run in runs.items()}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                start = time.thread_time()
                run()
                best[name] = min(best[name], time.thread_time() - start)
    ratio = best["voxelize and convolve"] / best["moments and embedding"]
    result = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "torch": torch.__version__,
        "environments": ENVIRONMENTS,
        "field": str(IRREPS),
        "shapes": shapes,
        "microseconds_per_environment": {
            name: round(1e6 * t / ENVIRONMENTS, 1) for name, t in best.items()
        },
        "environments_per_second": {name: round(ENVIRONMENTS / t) for name, t in best.items()},
        "times_slower_than_moments": round(ratio, 2),
        "target_times_slower": TARGET,
        "meets_target": ratio >= TARGET,
    }
    path = Path(__file__).parent / "results" / "moments_speed.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")
    raise SystemExit(0 if ratio >= TARGET else 1)


if __name__ == "__main__":
    main()
