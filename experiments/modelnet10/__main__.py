"""ModelNet10: train upright, test upright and in random rotations.

A third test is in rotations of the cube, which map the grid onto itself: what a steerable network
loses in others, it loses by the sampling.

The chain is that of `experiments.shrec17`: points drawn as Gaussians, a steerable network and the
conventional one of the same widths, the measures of the contest. The defaults are grids of 64
voxels for a larger machine; the command resumes where it stopped.

Example: ``python -m experiments.modelnet10 --data modelnet10 -o runs/modelnet10/results``
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from experiments.modelnet10.dataset import LAYOUT, hold_out, read_clouds, rotate
from experiments.modelnet10.measures import compare, measure
from experiments.shrec17.__main__ import CONSOLE, retrieve, tell
from experiments.shrec17.meshes import Clouds
from experiments.shrec17.training import KINDS, ShapeConfig, ShapeData, fit
from protvox.errors import ProtvoxError, UsageError
from protvox.nn import cube_rotations
from protvox.train.config import read_config
from protvox.voxel.rotation import random_rotations

HERE: Final = Path(__file__).parent
CONFIGS: Final = (HERE / "small.toml", HERE / "wide.toml")
VALIDATION: Final = 0.1
"""Share of the official training models kept apart to watch the training."""

SEED: Final = 0
"""Decides the models of the validation and the rotations of the test."""


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train what is not trained yet, and test."""
    if options.data is None:
        raise UsageError(f"no data set is given; {LAYOUT}", where="--data")
    found = read_clouds(options.data)
    learn, check = hold_out(found["train"], VALIDATION, SEED)
    rng = np.random.default_rng(SEED)
    turns = random_rotations(len(found["test"].names), rng)
    quarter = cube_rotations().numpy()[rng.integers(24, size=len(turns))]
    tests = {
        "upright": found["test"],
        "rotated": rotate(found["test"], turns),
        "cube": rotate(found["test"], quarter),
    }
    metrics: dict[str, Any] = {
        "schema": "protvox.modelnet10/1",
        "models": {"train": len(learn.names), "val": len(check.names)}
        | {"test": len(found["test"].names)},
        "networks": {},
    }
    for path in options.configs:
        metrics["networks"][path.stem] = trial(path, learn, check, tests, options)
    return metrics


def trial(
    path: Path, learn: Clouds, check: Clouds, tests: dict[str, Clouds], options: argparse.Namespace
) -> dict[str, Any]:
    """Train and test the networks of one configuration.

    Parameters
    ----------
    path
        The configuration.
    learn, check, tests
        Models for training, validation and the tests.
    options
        Of the command.

    Returns
    -------
    dict
        Measures by kind of network; kinds that ran out of time are missing.
    """
    config, loop = read_config(path, ShapeConfig)
    device = torch.device(options.device)
    classes = tuple(sorted({labels.category for labels in learn.labels}))

    def data(clouds: Clouds) -> ShapeData:
        return ShapeData(clouds, classes, config.grid, config.sigma)

    found: dict[str, Any] = {
        "grid": config.grid,
        "steps": loop.steps,
        "samples": loop.steps * loop.batch_size,
        "seed": loop.seed,
    }
    logits: dict[tuple[str, str], NDArray[np.float32]] = {}
    for kind in options.kinds:
        out = options.runs / path.stem / kind
        network = fit(
            kind,
            data(learn),
            data(check),
            len(classes),
            config,
            loop,
            out,
            device=device,
            report=lambda progress, kind=kind: tell(f"{path.stem} {kind}", progress),
            time_limit=options.time_limit,
        )
        if network is None:
            CONSOLE.print(f"{kind}: stopped by the time limit; run the same command to resume")
            continue
        found[kind] = {
            "parameters": sum(weight.numel() for weight in network.parameters()),
            "validation": json.loads((out / "log.jsonl").read_text().splitlines()[-1])["top1"],
        }
        for poses, clouds in tests.items():
            test = data(clouds)
            logits[kind, poses] = predicted(network, test, out, poses, device)
            found[kind][poses] = measure(logits[kind, poses], test.labels) | retrieve(
                logits[kind, poses], clouds, out / "lists" / poses
            )
    if logits:
        found["differences"] = compare(logits, data(tests["upright"]).labels)
    return found


def predicted(
    network: nn.Module, test: ShapeData, out: Path, poses: str, device: torch.device
) -> NDArray[np.float32]:
    """Return the logits of a test, computed once for a checkpoint.

    Parameters
    ----------
    network
        In evaluation mode.
    test
        The models.
    out
        Folder of the checkpoint.
    poses
        Name of the test.
    device
        Device of the network.
    """
    digest = hashlib.sha256((out / "checkpoint.safetensors").read_bytes()).hexdigest()
    kept = out / f"{poses}-{digest[:16]}.npy"
    if kept.exists():
        logits: NDArray[np.float32] = np.load(kept, allow_pickle=False)
        return logits
    logits = test.predict(network, device)
    np.save(kept, logits)
    return logits


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of models.csv and points.u16.xz")
    parser.add_argument("--configs", type=Path, nargs="+", default=CONFIGS, help="networks, TOML")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--runs", type=Path, default=Path("runs/modelnet10"), help="working folder")
    parser.add_argument("--time-limit", type=float, help="seconds for each training")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the results")
    options = parser.parse_args()
    try:
        metrics = run(options)
    except ProtvoxError as error:
        CONSOLE.print(str(error), markup=False, highlight=False)
        return error.exit_code
    if not any(set(KINDS) & set(found) for found in metrics["networks"].values()):
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    from experiments.modelnet10 import figures

    figures.draw_accuracy(metrics, options.output / "accuracy.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
