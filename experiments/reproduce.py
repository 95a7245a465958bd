"""Run all stages from data to a released model: weights, card, measures and documentation.

A stage whose outputs exist is skipped if nothing that it reads is newer, so an interrupted run
resumes, and new weights only repeat what depends on them.

Example: ``python -m experiments.reproduce backbone --data data --structures data
--runs runs/backbone``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TRUNK: Final = 4792
"""Steps of the backbone network at the constant rate."""

DESCENT: Final = 900
"""Steps of its descent."""


@dataclass(frozen=True)
class Folders:
    """Where data and runs are.

    Attributes
    ----------
    data
        ``chains.csv``, ``ddg/`` and ``stability/``.
    structures
        What the columns ``file`` of ``chains.csv`` count from.
    measured
        Folder of the structures of measured mutations.
    runs
        What the stages write and read besides the released files.
    weights
        Checkpoint of a finished training; None to train.
    """

    data: Path
    structures: Path
    measured: Path
    runs: Path
    weights: Path | None


@dataclass(frozen=True)
class Stage:
    """One command.

    Attributes
    ----------
    name
        What it does, a word or two.
    module
        Run with ``python -m``.
    arguments
        Its arguments.
    inputs, outputs
        Files that decide whether it is current. Without outputs it always runs.
    """

    name: str
    module: str
    arguments: Sequence[str | Path]
    inputs: Sequence[Path] = ()
    outputs: Sequence[Path] = ()

    def is_current(self) -> bool:
        """Return whether all outputs exist and none is older than an input."""
        if not self.outputs or not all(path.exists() for path in self.outputs):
            return False
        oldest = min(path.stat().st_mtime for path in self.outputs)
        return all(path.exists() and path.stat().st_mtime <= oldest for path in self.inputs)


def backbone(folders: Folders) -> list[Stage]:
    """Return the stages of the second network of mutations."""
    runs, package = folders.runs, "experiments.mutations"
    train, val = runs / "train.safetensors", runs / "val.safetensors"
    weights = folders.weights or runs / "training" / "checkpoint.safetensors"
    card = Path("models/backbone/card.json")
    table = folders.data / "chains.csv"
    metrics = Path("experiments/mutations/results/metrics.json")
    residues = [
        Stage(
            f"residues of {split}",
            f"{package}.backbone.features",
            [table, "--structures", folders.structures, "--split", split, "-o", output],
            [table],
            [output],
        )
        for split, output in (("train", train), ("val", val))
    ]
    # A training that has come to its end does nothing more.
    training = [
        Stage(
            name,
            f"{package}.backbone.train",
            ["--train", train, "--validation", val, "-o", weights.parent, *schedule],
        )
        for name, schedule in (
            ("training", ["--steps", str(TRUNK)]),
            ("descent", ["--descend", str(DESCENT)]),
        )
    ]
    return [
        *residues,
        *([] if folders.weights else training),
        Stage(
            "model",
            f"{package}.backbone.release",
            [
                *("--checkpoint", weights, "--train", train, "--validation", val),
                *("--table", table, "--structures", folders.structures, "-o", card.parent),
            ],
            [weights],
            [card],
        ),
        Stage(
            "measures",
            f"{package}.evaluate",
            [
                *("--data", folders.data, "--structures", folders.measured),
                *("--cache", runs / "environment", "-o", metrics),
            ],
            [card],
            [metrics],
        ),
        Stage("documentation", "docs.generate", []),
        Stage("descriptions of the service", "service.generate", []),
    ]


MODELS: Final[dict[str, Callable[[Folders], list[Stage]]]] = {"backbone": backbone}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=sorted(MODELS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the tables")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder that chains.csv counts from"
    )
    parser.add_argument(
        "--measured", type=Path, help="folder of the measured structures, else --structures"
    )
    parser.add_argument("--runs", type=Path, required=True, help="folder of the run")
    parser.add_argument("--weights", type=Path, help="checkpoint of a finished training")
    parser.add_argument("--list", action="store_true", help="show the stages, run nothing")
    options = parser.parse_args()
    measured = options.measured or options.structures
    folders = Folders(options.data, options.structures, measured, options.runs, options.weights)
    for stage in MODELS[options.model](folders):
        command = [sys.executable, "-m", stage.module, *map(str, stage.arguments)]
        current = stage.is_current()
        print(f"{stage.name}: {'current' if current else ' '.join(command[1:])}", flush=True)
        if current or options.list:
            continue
        done = subprocess.run(command, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
