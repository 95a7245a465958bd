"""One training of the comparison: curve, clock, test and stability under rotation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.environments.compare_data import EnvironmentGrids, GridConfig
from experiments.environments.compare_networks import Compared, ComparedConfig
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import balanced_interval, bootstrap_interval, classification_summary
from protvox.train.shard import Shard
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES
from protvox.voxel.rotation import random_rotations

RESULT = "result.json"
"""Result file of a finished run."""

VALIDATION_SAMPLE = 2048
TEST_SAMPLE = 8192
STEADINESS_SAMPLE = 512
POSES = 4
"""Poses of the file over which stability is measured."""


@dataclass(frozen=True)
class ComparisonConfig:
    """Settings that the runs of a comparison share."""

    grid: GridConfig
    network: ComparedConfig
    loop: LoopConfig


class Clock:
    """Time spent on a training over all its sessions, without validation.

    Parameters
    ----------
    path
        File that keeps the time between sessions.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        found = json.loads(path.read_text()) if path.exists() else {}
        self._spent = (found.get("training_seconds", 0.0), found.get("processor_seconds", 0.0))
        self.go_on()

    def go_on(self) -> None:
        """Start counting again."""
        self._started = (time.monotonic(), time.process_time())

    def stop(self) -> dict[str, float]:
        """Stop counting, save the total and return it, in seconds."""
        wall, cpu = time.monotonic(), time.process_time()
        self._spent = (
            self._spent[0] + wall - self._started[0],
            self._spent[1] + cpu - self._started[1],
        )
        self._started = (wall, cpu)
        spent = dict(zip(("training_seconds", "processor_seconds"), self._spent, strict=True))
        self._path.write_text(json.dumps(spent) + "\n")
        return spent


def run(
    kind: str,
    setting: str,
    config: ComparisonConfig,
    shards: dict[str, Shard],
    folder: Path,
    *,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None,
) -> dict[str, Any] | None:
    """Train and test one network, resuming from its folder.

    Parameters
    ----------
    kind, setting
        See `experiments.environments.compare_networks`.
    config
        Settings that the runs share.
    shards
        Of ``train``, ``validation`` and ``test``.
    folder
        For the checkpoint, the curve and the result.
    device, report, time_limit
        As in `protvox.train.loop.train`.

    Returns
    -------
    dict or None
        The measures; None if the time ran out.
    """
    result = folder / RESULT
    if result.exists():
        return json.loads(result.read_text())
    in_frame = setting == "frame"
    folder.mkdir(parents=True, exist_ok=True)
    learn = EnvironmentGrids(shards["train"], config.grid, in_frame=in_frame)
    check = EnvironmentGrids(shards["validation"], config.grid, in_frame=in_frame)
    rows = check.sample(VALIDATION_SAMPLE, seed=0)
    torch.manual_seed(config.loop.seed)
    network = Compared(kind, setting, config.network, N_ENVIRONMENT_TYPES, config.grid.size)
    clock = Clock(folder / "clock.json")

    def evaluate(trained: nn.Module) -> dict[str, float]:
        spent = clock.stop()
        logits = predict(trained, check, rows, device)
        clock.go_on()
        return {**spent, **classification_summary(logits, check.targets(rows).numpy())}

    def watch(progress: Progress) -> None:
        clock.stop()
        report(progress)

    done = train(
        network,
        lambda first: learn.batches(config.loop.batch_size, config.loop.seed, first),
        evaluate,
        config.loop,
        folder,
        device=device,
        report=watch,
        time_limit=time_limit,
    )
    clock.stop()
    if not done:
        return None
    network.eval()
    test = EnvironmentGrids(shards["test"], config.grid, in_frame=in_frame)
    measures = {
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "curve": read_curve(folder / "log.jsonl", config.loop.batch_size),
        "test": test_measures(network, test, device),
        "rotation": steadiness(network, shards["test"], config.grid, in_frame, device),
    }
    result.write_text(json.dumps(measures) + "\n")
    return measures


def predict(
    network: nn.Module, data: EnvironmentGrids, rows: NDArray[np.int64], device: torch.device
) -> NDArray[np.float32]:
    """Return the logits ``sample 20`` of residues."""
    logits: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(rows), 128):
            field = data.draw(rows[start : start + 128])
            logits.append(network(field.to(device)).float().cpu())
    return torch.cat(logits).numpy()


def read_curve(log: Path, batch_size: int) -> list[dict[str, float]]:
    """Return the validations of a training by number of samples.

    A training that was killed may validate a step twice; the last one counts.
    """
    found = {line["step"]: line for line in map(json.loads, log.read_text().splitlines())}
    kept = ("training_seconds", "processor_seconds", "top1", "top3", "balanced", "nll", "ece")
    return [
        {"samples": step * batch_size, **{name: found[step][name] for name in kept}}
        for step in sorted(found)
    ]


def test_measures(
    network: nn.Module, test: EnvironmentGrids, device: torch.device
) -> dict[str, Any]:
    """Return the measures on a sample of the test residues, with intervals by protein."""
    rows = test.sample(TEST_SAMPLE, seed=0)
    labels, groups = test.targets(rows).numpy(), test.structure[rows]
    logits = predict(network, test, rows, device)
    correct = logits.argmax(axis=1) == labels
    return {
        "n": len(rows),
        "n_groups": len(np.unique(groups)),
        **classification_summary(logits, labels),
        "intervals": {
            "top1": list(bootstrap_interval(correct.astype(float), groups)),
            "balanced": list(balanced_interval(correct, labels, groups)),
        },
    }


def steadiness(
    network: nn.Module, shard: Shard, grid: GridConfig, in_frame: bool, device: torch.device
) -> dict[str, float]:
    """Return how much predictions change when the file is rotated.

    Returns
    -------
    dict
        ``changed``, share of residues whose most probable amino acid is another after a
        random rotation of the file; ``variation``, mean total variation distance between the
        probabilities before and after, in 0..1.
    """
    poses = []
    rotations = [None, *random_rotations(POSES, np.random.default_rng(0))]
    for rotation in rotations:
        data = EnvironmentGrids(shard, grid, in_frame=in_frame, rotation=rotation)
        rows = data.sample(STEADINESS_SAMPLE, seed=1)
        logits = torch.from_numpy(predict(network, data, rows, device))
        poses.append(torch.softmax(logits, dim=1).numpy())
    return compare_poses(np.stack(poses))


def compare_poses(probabilities: NDArray[np.float32]) -> dict[str, float]:
    """Compare predictions in the first pose with those in all others.

    Parameters
    ----------
    probabilities
        ``pose sample class``.
    """
    first, others = probabilities[0], probabilities[1:]
    return {
        "n": first.shape[0],
        "poses": others.shape[0],
        "changed": float((others.argmax(axis=2) != first.argmax(axis=1)).mean()),
        "variation": float(0.5 * np.abs(others - first).sum(axis=2).mean()),
    }
