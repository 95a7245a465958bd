"""Compare the released networks on a GPU with the CPU, and measure their speed there.

The answers of the GPU may differ from those of the CPU by `TOLERANCE` in any logit; a larger
difference ends the command with exit code 1, and no speed is printed.

Example: ``python -m experiments.gpu.speed --device cuda -o runs/gpu/speed.json``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor, nn

from protvox.networks.backbone.batches import batch_tensors
from protvox.networks.backbone.features import describe
from protvox.networks.backbone.residues import residues_of, torsions
from protvox.networks.cath import CathNet, DomainBatch
from protvox.networks.environment import EnvironmentNet
from protvox.networks.poses import describe_sses, featurize_poses
from protvox.networks.sse import SSEBatch
from protvox.registry.installed import load_folder
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure
from protvox.voxel.moments.moments import environment_moments
from protvox.voxel.moments.residue_frames import residue_frames

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "protvox" / "examples" / "1pwc.pdb.gz"
TASKS: Final = ("environment", "backbone", "cath")
TOLERANCE: Final = 5e-3
"""Largest difference of a logit; TF32 is off."""

Inputs = tuple[Any, ...]


def inputs_of(task: str, network: nn.Module, structure: Structure, times: int = 1) -> Inputs:
    """Return what the network of a task reads of a structure, on the CPU.

    Parameters
    ----------
    task
        One of `TASKS`.
    network
        Its network.
    structure
        Where the residues or the domain come from.
    times
        How often each occurs in the batch.
    """
    if task == "environment":
        moments = _environments(cast("EnvironmentNet", network), structure)
        return (torch.cat([moments] * times),)
    if task == "backbone":
        centres = residues_of(structure, structure.is_protein)
        angles = torsions(centres.atoms, centres.bonded)
        batch = describe(centres, np.arange(len(centres.centre)), angles=angles)
        return tuple(torch.cat([part] * times) for part in batch_tensors(batch))
    ca = structure.backbone()[structure.is_protein, 1]
    ca = ca[np.isfinite(ca).all(axis=1)]
    poses = featurize_poses(ca, cast("CathNet", network).config)[:1]
    sses = SSEBatch.join([describe_sses(ca)] * times)
    return (replace(DomainBatch.join(poses * times), sses=sses),)


def _environments(network: EnvironmentNet, structure: Structure) -> Tensor:
    frames = residue_frames(structure.backbone(), network.config.cb_offset)
    rows = np.flatnonzero(structure.is_protein & frames.valid)
    moments = environment_moments(
        structure.coordinates,
        structure.atom_type,
        structure.residue_index,
        np.tile(np.array([[0, structure.n_atoms]], dtype=np.int64), (len(rows), 1)),
        rows.astype(np.int32),
        frames.origin[rows],
        frames.axes[rows],
        network.config.moments,
    )
    return torch.from_numpy(moments)


def per_second(
    network: Callable[..., Tensor], inputs: Inputs, device: torch.device, seconds: float
) -> float:
    """Return how many inputs a network reads in a second.

    Parameters
    ----------
    network
        The network, on ``device``.
    inputs
        A batch, there too.
    device
        Where to compute.
    seconds
        How long to measure, at least.
    """

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    done = len(network(*inputs))
    finish()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        done += len(network(*inputs))
        finish()
    return done / (time.perf_counter() - start)


@torch.inference_mode()
def measure(task: str, device: torch.device, *, times: int, seconds: float) -> dict[str, float]:
    """Return the difference from the CPU and the speeds of a released network.

    Parameters
    ----------
    task
        One of `TASKS`.
    device
        Where to compute.
    times
        Copies of the example in a batch.
    seconds
        How long to measure each speed.

    Returns
    -------
    dict of str to float
        ``difference`` (largest of a logit), ``per_second`` and ``per_second_bfloat16``.
    """
    network = load_folder(ROOT / "models" / task)[1]
    structure = read_structure(EXAMPLE)
    inputs = inputs_of(task, network, structure)
    expected = network(*inputs)
    network = network.to(device)
    there = tuple(part.to(device) for part in inputs)
    difference = float((network(*there).float().cpu() - expected).abs().max())
    if difference > TOLERANCE:
        return {"difference": difference}
    inputs = inputs_of(task, network, structure, times)
    batch = tuple(part.to(device) for part in inputs)
    speed = per_second(network, batch, device, seconds)
    with torch.autocast(device.type, torch.bfloat16):
        half = per_second(network, batch, device, seconds)
    return {"difference": difference, "per_second": speed, "per_second_bfloat16": half}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--times", type=int, default=16, help="copies of the example in a batch")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each speed")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON file")
    options = parser.parse_args()
    device = torch.device(options.device)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    found = {
        task: measure(task, device, times=options.times, seconds=options.seconds) for task in TASKS
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"device": where, **found}, indent=1) + "\n")
    for task, values in found.items():
        words = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        print(f"{task}: {words}")
    wrong = [task for task in TASKS if "per_second" not in found[task]]
    if wrong:
        print(f"{', '.join(wrong)}: not the answers of the CPU", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
