"""The Tetris experiment: train in one pose, test in all rotations.

Example: ``python -m experiments.tetris -o experiments/tetris/results``
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from experiments.tetris.networks import NetworkConfig, build
from experiments.tetris.shapes import NAMES
from experiments.tetris.training import ANGLES, Outcome, TrainingConfig, run_seed
from protvox.networks.config import from_mapping

HERE = Path(__file__).parent


def variants(config: NetworkConfig) -> dict[str, tuple[str, NetworkConfig]]:
    """Return the kind and shape of the compared networks by name."""
    aliased = dataclasses.replace(config, low_pass=0.0)
    return {
        "steerable": ("steerable", config),
        "conventional": ("conventional", config),
        "without_low_pass": ("steerable", aliased),
    }


def run(network: NetworkConfig, training: TrainingConfig, log: Path | None) -> dict[str, Any]:
    """Train and test all networks, resuming from the log of an interrupted run.

    Parameters
    ----------
    network, training
        Shape of the networks, and schedule.
    log
        File with one line per trained network; None for no log.

    Returns
    -------
    dict
        The contents of ``metrics.json``.
    """
    known = read_log(log, network, training)
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    weights: dict[str, int] = {}
    for seed in range(training.seeds):
        for name, (kind, config) in variants(network).items():
            fresh = build(kind, config, seed)
            weights[name] = sum(weight.numel() for weight in fresh.parameters())
            outcome = known.get((name, seed))
            if outcome is None:
                started = time.monotonic()
                outcome = run_seed(fresh, training, seed)
                seconds = time.monotonic() - started
                print(f"{name} {seed}: {outcome.accuracy:.3f} ({seconds:.0f} s)", file=sys.stderr)
                if log is not None:
                    append_log(log, (name, seed), outcome, network, training)
            outcomes[name].append(outcome)
    return {
        "schema": "protvox.tetris/1",
        "chance": 1 / len(NAMES),
        "pieces": NAMES,
        "test_poses": training.rotations * len(NAMES),
        "angles": ANGLES,
        "network": dataclasses.asdict(network),
        "training": dataclasses.asdict(training),
        **{name: summary(found, weights[name]) for name, found in outcomes.items()},
    }


def summary(outcomes: list[Outcome], weights: int) -> dict[str, Any]:
    """Return the accuracies of one kind of network over its seeds."""
    accuracy = np.array([outcome.accuracy for outcome in outcomes])
    angles = np.array([outcome.by_angle for outcome in outcomes])
    return {
        "mean": float(accuracy.mean()),
        "deviation": float(accuracy.std()),
        "worst": float(accuracy.min()),
        "seeds": accuracy.tolist(),
        "trained_pose": float(np.mean([outcome.trained for outcome in outcomes])),
        "parameters": weights,
        "by_angle": angles.mean(axis=0).tolist(),
        "by_angle_deviation": angles.std(axis=0).tolist(),
        "confusion": sum(outcome.confusion for outcome in outcomes).tolist(),
    }


def read_log(
    log: Path | None, network: NetworkConfig, training: TrainingConfig
) -> dict[tuple[str, int], Outcome]:
    """Return the outcomes of an earlier run with the same configuration."""
    if log is None or not log.exists():
        return {}
    found = {}
    for line in map(json.loads, log.read_text().splitlines()):
        if line["configuration"] == fingerprint(network, training):
            line["confusion"] = np.array(line["confusion"])
            line["by_angle"] = tuple(line["by_angle"])
            names = [field.name for field in dataclasses.fields(Outcome)]
            found[line["name"], line["seed"]] = Outcome(**{name: line[name] for name in names})
    return found


def append_log(
    log: Path,
    key: tuple[str, int],
    outcome: Outcome,
    network: NetworkConfig,
    training: TrainingConfig,
) -> None:
    """Append the outcome of one trained network to the log."""
    line = dataclasses.asdict(outcome)
    line["confusion"] = outcome.confusion.tolist()
    line |= {"name": key[0], "seed": key[1], "configuration": fingerprint(network, training)}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(json.dumps(line) + "\n")


def fingerprint(network: NetworkConfig, training: TrainingConfig) -> str:
    """Return the settings of an outcome, without its kind and seed."""
    settings = dataclasses.asdict(training)
    settings.pop("seeds")
    return json.dumps([dataclasses.asdict(network), settings])


def read_config(path: Path) -> tuple[NetworkConfig, TrainingConfig]:
    """Read ``config.toml``."""
    document = tomllib.loads(path.read_text())
    return (
        from_mapping(NetworkConfig, document["network"], f"{path} [network]"),
        from_mapping(TrainingConfig, document["training"], f"{path} [training]"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument("--seeds", type=int, help="networks of each kind, instead of the config's")
    parser.add_argument("--log", type=Path, default=Path("runs/tetris.jsonl"), help="to resume")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results", help="folder")
    options = parser.parse_args()
    network, training = read_config(options.config)
    if options.seeds is not None:
        training = dataclasses.replace(training, seeds=options.seeds)
    metrics = run(network, training, options.log)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    from experiments.tetris import figures

    figures.draw_all(metrics, options.output)
    for name in variants(network):
        found = metrics[name]
        print(f"{name}: mean {found['mean']:.3f}, worst {found['worst']:.3f}")


if __name__ == "__main__":
    main()
