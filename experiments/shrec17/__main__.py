"""Shape retrieval on ShapeNet Core55: train, retrieve, and measure as SHREC17 did.

Example: ``python -m experiments.shrec17 --data shapenet -o runs/shrec17/results``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from experiments.shrec17.dataset import LAYOUT, read_split
from experiments.shrec17.evaluator import evaluate
from experiments.shrec17.lists import rank_by_class, read_lists, write_lists
from experiments.shrec17.meshes import Clouds, read_clouds
from experiments.shrec17.training import AUGMENTED, KINDS, ShapeConfig, ShapeData, fit
from protvox.errors import ProtvoxError, UsageError
from protvox.train.config import read_config
from protvox.train.loop import Progress
from protvox.train.metrics import classification_summary, log_softmax

HERE: Final = Path(__file__).parent
CONSOLE: Final = Console(stderr=True)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train the networks, retrieve on the test sets, and return the measures."""
    if options.data is None:
        raise UsageError(f"no data set is given; {LAYOUT}", where="--data")
    config, loop = read_config(options.config, ShapeConfig)
    device = torch.device(options.device)

    def clouds(split: str, poses: str) -> Clouds:
        models = read_split(options.data, split, poses)
        cache = options.runs / "points" / f"{split}_{poses}"
        return watched(
            f"{split} {poses}", lambda tell: read_clouds(models, config.points, cache, tell)
        )

    learn, check = clouds("train", config.poses), clouds("val", config.poses)
    tests = {f"test_{poses}": clouds("test", poses) for poses in ("normal", "perturbed")}
    classes = tuple(sorted({one.category for one in learn.labels}))
    metrics: dict[str, Any] = {
        "schema": "protvox.shrec17/1",
        "data": options.name or options.data.name,
        "config": options.config.name,
        "train_poses": config.poses,
        "classes": len(classes),
        "models": {"train": len(learn.names), "val": len(check.names)}
        | {name: len(found.names) for name, found in tests.items()},
        "broken": {name: len(found.broken) for name, found in {"train": learn, **tests}.items()},
    }
    for kind in options.kinds:
        if config.rotate and kind.endswith(AUGMENTED):
            continue  # the configuration rotates the models of every network
        network = fit(
            kind,
            ShapeData(learn, classes, config.grid, config.sigma),
            ShapeData(check, classes, config.grid, config.sigma),
            len(classes),
            config,
            loop,
            options.runs / kind,
            device=device,
            report=lambda progress, kind=kind: tell(kind, progress),
            time_limit=options.time_limit,
        )
        if network is None:
            CONSOLE.print(f"{kind}: stopped by the time limit; run the same command to resume")
            continue
        metrics[kind] = {"parameters": sum(weight.numel() for weight in network.parameters())}
        for name, found in tests.items():
            data = ShapeData(found, classes, config.grid, config.sigma)
            logits = data.predict(network, device)
            folder = options.runs / kind / "lists" / name
            metrics[kind][name] = retrieve(logits, found, folder) | {
                "accuracy": classification_summary(logits, data.labels)["top1"]
            }
    return metrics


def retrieve(logits: NDArray[np.floating], found: Clouds, folder: Path) -> dict[str, Any]:
    """Retrieve by predicted class, and measure the lists as the contest does.

    Parameters
    ----------
    logits
        ``model class``.
    found
        The models.
    folder
        Where to write the lists.
    """
    write_lists(rank_by_class(found.names, np.exp(log_softmax(logits))), folder)
    return evaluate(read_lists(folder), dict(zip(found.names, found.labels, strict=True)))


def watched(what: str, work: Callable[[Callable[[int, int], None]], Clouds]) -> Clouds:
    """Read models with a progress bar, and report broken ones."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=CONSOLE) as bars:
        bar = bars.add_task(what, total=None)
        found = work(lambda done, total: bars.update(bar, completed=done, total=total))
    for name, why in sorted(found.broken.items()):
        CONSOLE.print(f"{what}: {name} is skipped: {why}", markup=False)
    return found


def tell(kind: str, progress: Progress) -> None:
    """Print the progress of a training."""
    top1 = progress.metrics.get("top1")
    right = "" if top1 is None else f", validation {100 * top1:.1f} %"
    CONSOLE.print(
        f"{kind} {progress.step}/{progress.steps}: loss {progress.loss:.3f}, "
        f"{progress.samples_per_second:.1f}/s{right}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of the data set")
    parser.add_argument("--name", help="name of the data set in metrics.json")
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--runs", type=Path, default=Path("runs/shrec17"), help="working folder")
    parser.add_argument("--time-limit", type=float, help="seconds for each training")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the results")
    options = parser.parse_args()
    try:
        metrics = run(options)
    except ProtvoxError as error:
        CONSOLE.print(str(error), markup=False, highlight=False)
        return error.exit_code
    if not set(KINDS) & set(metrics):
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    from experiments.shrec17 import figures

    figures.draw_all(metrics, options.data, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
