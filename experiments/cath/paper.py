"""The CATH experiment of Weiler et al. (2018) on superfamily-disjoint data.

CA atoms, one channel, ten architectures, a 50^3 grid of 2 Å, every domain in a new random
pose at each access. The training set is whole clusters of 35 % sequence identity, all of
them or every 2nd, 4th, 8th or 16th; smaller sets are subsets of larger ones. The weights of the
best validation are tested, once. Run again to resume a training.

Example: ``python -m experiments.cath.paper --shards shards --domains data/domains.csv
--network steerable --fraction 4 --device cuda -o experiments/cath/results/paper``
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import torch

from experiments.cath.paper_domains import nested_part, read_clusters, read_traces
from experiments.cath.paper_measures import measures
from experiments.cath.paper_training import NETWORKS, Drawer, Schedule, describe, train_point
from protvox.networks.config import from_mapping
from protvox.train.loop import Progress
from protvox.voxel.grids.domain_grid import PAPER_GRID
from protvox.voxel.grids.grid import GridSpec

CONFIG = Path(__file__).with_name("paper.toml")
FRACTIONS = (1, 2, 4, 8, 16)


def read_schedule(network: str, path: Path = CONFIG) -> Schedule:
    """Return the schedule of a network."""
    document = tomllib.loads(path.read_text())
    return from_mapping(Schedule, document[network], f"{path} [{network}]")


def point(options: argparse.Namespace) -> dict[str, Any] | None:
    """Train and test one network on one fraction; None if the time ran out."""
    schedule = read_schedule(options.network)
    shorter = {
        "epochs": options.epochs,
        "validate_every": options.validate_every,
        "seed": options.seed,
        "learning_rate": options.learning_rate,
    }
    schedule = dataclasses.replace(schedule, **{k: v for k, v in shorter.items() if v is not None})
    everything = read_traces(*(options.shards / name for name in options.training))
    clusters = read_clusters(*options.domains)
    rows = nested_part(everything, clusters, options.fraction, schedule.seed)
    part = everything.take(rows)
    grid = grid_of(options.spacing)
    learn = Drawer(part, crop=options.crop, grid=grid)
    held_back = read_traces(*(options.shards / name for name in options.validation))
    check = Drawer(held_back, crop=options.crop, grid=grid)
    device = torch.device(options.device)
    torch.manual_seed(schedule.seed)
    network = NETWORKS[options.network]()
    run = options.runs / name_of(options)
    if not train_point(
        network,
        learn,
        check,
        schedule,
        run,
        device=device,
        report=show,
        time_limit=options.time_limit,
        bfloat16=True if options.bfloat16 else None,
    ):
        return None
    if options.no_test:
        return describe(network, run)
    held_out = read_traces(options.shards / "cath-test")
    test = Drawer(held_out, crop=options.crop, grid=grid)
    predicted = test.logits(network.to(device), device, schedule.seed).argmax(axis=1)
    return {
        "schema": "protvox.paper/1",
        "network": options.network,
        "fraction": options.fraction,
        "crop": options.crop,
        "spacing": options.spacing,
        "bfloat16": options.bfloat16,
        "schedule": dataclasses.asdict(schedule),
        "n_train": len(part),
        "n_clusters": len({clusters[name] for name in part.names}),
        **describe(network, run),
        "test": measures(predicted, test.labels, held_out.families()),
        "correct": (predicted == test.labels).astype(int).tolist(),
        "superfamily": held_out.families().tolist(),
    }


def grid_of(spacing: float) -> GridSpec:
    """Return the paper's cube of 100 Å with voxels of another size.

    Parameters
    ----------
    spacing
        Edge of a voxel, Å; Gaussians are half as wide, as in the paper.
    """
    return GridSpec(round(PAPER_GRID.extent[0] / spacing), spacing, spacing / 2)


def name_of(options: argparse.Namespace) -> str:
    """Return the name of a point's files."""
    coarse = f"-{options.spacing:g}A" if options.spacing != PAPER_GRID.spacing else ""
    again = f"-seed-{options.seed}" if options.seed else ""
    cropped = "-crop" if options.crop else ""
    return f"{options.network}-{options.fraction}{cropped}{coarse}{again}"


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
    parser.add_argument(
        "--shards", type=Path, required=True, help="folder with cath-train, cath-val and cath-test"
    )
    parser.add_argument("--training", nargs="+", default=["cath-train"], help="its folders there")
    parser.add_argument("--validation", nargs="+", default=["cath-val"], help="its folders there")
    parser.add_argument(
        "--domains", type=Path, nargs="+", required=True, help="domains.csv, for clusters"
    )
    parser.add_argument("--network", choices=tuple(NETWORKS), required=True)
    parser.add_argument("--fraction", type=int, choices=FRACTIONS, default=1)
    parser.add_argument(
        "--crop",
        action="store_true",
        help="grids as large as the domains of a batch instead of 50^3",
    )
    parser.add_argument(
        "--spacing",
        type=float,
        default=PAPER_GRID.spacing,
        help="edge of a voxel, Å; 4 takes an eighth of the time of 2",
    )
    parser.add_argument("--epochs", type=int, help="instead of the 100 of paper.toml")
    parser.add_argument("--validate-every", type=int, help="epochs between validations")
    parser.add_argument("--learning-rate", type=float, help="peak, instead of that of paper.toml")
    parser.add_argument("--seed", type=int, help="of the part, the weights and the poses")
    parser.add_argument(
        "--bfloat16", action="store_true", help="twice as fast on CPUs with AMX, slower on others"
    )
    parser.add_argument(
        "--no-test", action="store_true", help="end after the training, to choose the schedule"
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--time-limit", type=float, help="seconds after which to stop")
    parser.add_argument("--runs", type=Path, default=Path("runs/paper"), help="checkpoints")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of results")
    options = parser.parse_args()
    output = options.output / f"{name_of(options)}.json"
    if output.exists():
        print(f"{output} exists: a network is tested once", file=sys.stderr)
        return
    metrics = point(options)
    if metrics is None:
        print("stopped; run again to resume", file=sys.stderr)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(metrics, indent=1) + "\n")
    if options.no_test:
        return
    found = metrics["test"]
    print(f"{output.stem}: top-1 {found['top1']:.3f}, balanced {found['balanced']:.3f}")


if __name__ == "__main__":
    main()
