"""What steerability gains: steerable and conventional networks of the same layer widths.

Same residues in the same order, same schedule, two settings (see
`experiments.environments.compare_networks.SETTINGS`). Four trainings in all, one after the
other; run again to resume them.

Example: ``python -m experiments.environments.compare --train shards/environment-train
--validation shards/environment-val --test shards/environment-test --time-limit 3000
-o experiments/environments/results/compare``
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import matplotlib
import torch

from experiments.environments.compare_networks import KINDS, SETTINGS
from experiments.environments.compare_runs import RESULT, ComparisonConfig, run
from protvox.networks.config import from_mapping
from protvox.train.loop import Progress
from protvox.train.shard import read_shards

matplotlib.use("Agg")
from matplotlib import pyplot as plt

CONFIG = Path(__file__).with_name("compare.toml")

COLOURS = {"steerable": "C0", "conventional": "C3"}
LINES = {"rotated": "--", "frame": "-"}
WORDS = {"rotated": "rotated at random, averaged", "frame": "frame of the residue"}
AXES = {
    "samples": "training samples",
    "training_seconds": "training time / s",
    "processor_seconds": "CPU time of the training / s",
}


def read_comparison(path: Path) -> ComparisonConfig:
    """Read ``compare.toml``."""
    document = tomllib.loads(path.read_text())
    return from_mapping(ComparisonConfig, document, str(path))


def finished(runs: Path) -> dict[str, dict[str, Any]]:
    """Return the existing results by network and setting."""
    paths = {
        kind: {setting: runs / f"{kind}-{setting}" / RESULT for setting in SETTINGS}
        for kind in KINDS
    }
    return {
        kind: {s: json.loads(path.read_text()) for s, path in found.items() if path.exists()}
        for kind, found in paths.items()
    }


def lines(metrics: dict[str, Any], axis: str) -> dict[tuple[str, str], tuple[list[float], ...]]:
    """Return the curves to draw: values along an axis and accuracies by network and setting."""
    return {
        (kind, setting): (
            [point[axis] for point in metrics[kind][setting]["curve"]],
            [point["top1"] for point in metrics[kind][setting]["curve"]],
        )
        for kind in KINDS
        for setting in SETTINGS
        if setting in metrics[kind]
    }


def draw(metrics: dict[str, Any], path: Path) -> None:
    """Draw the accuracy against samples and against time."""
    clock = "processor_seconds" if metrics["device"] == "cpu" else "training_seconds"
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True, layout="constrained")
    for axes, axis in zip(panels, ("samples", clock), strict=True):
        for (kind, setting), (values, accuracy) in lines(metrics, axis).items():
            axes.plot(
                values,
                accuracy,
                color=COLOURS[kind],
                linestyle=LINES[setting],
                marker="o",
                markersize=4,
                label=f"{kind}, {WORDS[setting]}",
            )
        axes.set_xlabel(AXES[axis])
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("validation top-1")
    panels[0].legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def show(progress: Progress) -> None:
    """Print one line of progress."""
    top1 = progress.metrics.get("top1")
    print(
        f"step {progress.step}/{progress.steps} loss {progress.loss:.3f} "
        f"{progress.samples_per_second:.1f}/s" + (f" val {top1:.3f}" if top1 is not None else ""),
        file=sys.stderr,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for split in ("train", "validation", "test"):
        parser.add_argument(f"--{split}", type=Path, required=True, help="folder of shards")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--network", choices=KINDS, action="append", help="only this one")
    parser.add_argument("--setting", choices=SETTINGS, action="append", help="only this one")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--time-limit", type=float, help="seconds after which to stop")
    parser.add_argument("--runs", type=Path, default=Path("runs/compare"), help="checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of results")
    options = parser.parse_args()
    config = read_comparison(options.config)
    device = torch.device(options.device)
    started = time.monotonic()
    shards = {
        split: read_shards(sorted(getattr(options, split).glob("*.npz")))
        for split in ("train", "validation", "test")
    }
    for setting in options.setting or SETTINGS:
        for kind in options.network or KINDS:
            left = None
            if options.time_limit is not None:
                left = options.time_limit - (time.monotonic() - started)
                if left <= 0:
                    continue
            print(f"{kind}, {setting}", file=sys.stderr)
            run(
                kind,
                setting,
                config,
                shards,
                options.runs / f"{kind}-{setting}",
                device=device,
                report=show,
                time_limit=left,
            )
    metrics = {
        "schema": "protvox.comparison/1",
        "device": device.type,
        "config": dataclasses.asdict(config),
        **finished(options.runs),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    if any(metrics[kind] for kind in KINDS):
        draw(metrics, options.output / "curves.png")
    for kind in KINDS:
        for setting, found in metrics[kind].items():
            print(
                f"{kind}, {setting}: test top-1 {found['test']['top1']:.3f}, "
                f"{found['parameters']:,} parameters"
            )


if __name__ == "__main__":
    main()
