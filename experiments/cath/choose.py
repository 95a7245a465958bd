"""Compare trainings of the CATH network on more domains, each measured on validation domains.

A recipe names folders of training shards and changes values of ``config.toml``. Without
``lattice`` only the networks on secondary structure elements (SSEs) are trained, which takes a
fraction of the time, on copies of every domain that are augmented once
(`experiments.cath.copies`). The output has the measures of every recipe and their differences from
those of the first one, resampling superfamilies. Finished recipes are not trained again, and an
interrupted training is resumed.

Example: ``python -m experiments.cath.choose experiments/cath/choices.toml --shards shards
--check cath-val cath-val-traces --runs runs/choices -o experiments/cath/results/choices.json``
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.cath.choice_measures import Predictions, difference, measures
from experiments.cath.copies import batches, draw_copies
from protvox.networks.cath import CathConfig, CathNet
from protvox.networks.config import from_mapping
from protvox.networks.poses import describe_sses
from protvox.networks.sse import SSEBatch, SSEConfig, SSENet
from protvox.structure.geometry.sse import SSEs
from protvox.tasks.cath.data import DomainData
from protvox.tasks.cath.learner import (
    CathLearner,
    loss_of_readers,
    predict_domains,
    settling_batches,
)
from protvox.tasks.cath.task import TASK
from protvox.train.batch_norm import reestimate_batch_norm
from protvox.train.checkpoint import load_checkpoint
from protvox.train.config import read_config
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import classification_summary
from protvox.train.run import train_task
from protvox.train.shard import read_shards

CONFIG = Path(__file__).parent / "config.toml"
CPU = torch.device("cpu")
CHUNK = 64
"""Domains per batch in prediction."""


@dataclass(frozen=True)
class Recipe:
    """One training.

    Attributes
    ----------
    name
        Name of the recipe.
    train
        Folders of training shards.
    lattice
        Whether to train the network on lattice points as well.
    sse, loop
        Values that replace those of ``config.toml``.
    """

    name: str
    train: tuple[str, ...]
    lattice: bool
    sse: dict[str, Any]
    loop: dict[str, Any]

    def config(self) -> tuple[CathConfig, LoopConfig]:
        """Return the network and the schedule."""
        network, loop = read_config(CONFIG, CathConfig)
        shape = network.sse or SSEConfig()
        sse = from_mapping(SSEConfig, {**shape.__dict__, **self.sse}, self.name)
        schedule = from_mapping(LoopConfig, {**loop.__dict__, **self.loop}, self.name)
        return replace(network, sse=sse), schedule


class SSELearner(nn.Module):
    """Networks on SSEs with read-outs of the topology, as `CathLearner` trains them.

    Parameters
    ----------
    network
        The networks.
    n_labels
        Number of architectures.
    n_topologies
        Number of topologies.
    """

    def __init__(self, network: SSENet, n_labels: int, n_topologies: int) -> None:
        super().__init__()
        self.network = network
        self.n_labels = n_labels
        self.topologies = nn.ModuleList(
            nn.Linear(network.width, max(n_topologies, 1)) for _ in network.members
        )

    def forward(self, batch: SSEBatch) -> Tensor:
        """Return logits ``domain member label+topology``."""
        seen = self.network.embed(batch)
        members = zip(self.network.classify(seen), self.topologies, seen, strict=True)
        return torch.stack([torch.cat([own, top(row)], dim=1) for own, top, row in members], dim=1)

    def loss(self, logits: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
        """Return the loss, nats, see `protvox.tasks.cath.learner.loss_of_readers`."""
        return loss_of_readers(logits, labels, self.n_labels, label_smoothing)


def train_sses(
    learn: DomainData,
    copies: list[list[SSEs]],
    check: list[DomainData],
    config: CathConfig,
    loop: LoopConfig,
    out: Path,
) -> list[NDArray[np.float32]]:
    """Train the networks on SSEs alone, or resume the training in ``out``.

    Parameters
    ----------
    learn, copies
        Training domains, and ``structure copy`` of them.
    check
        Sets of validation domains.
    config, loop
        The network and the schedule.
    out
        Folder for the checkpoint and the log.

    Returns
    -------
    list of ndarray
        ``domain label`` float32, logits of each set.
    """
    torch.manual_seed(loop.seed)
    shape = config.sse or SSEConfig()
    learner = SSELearner(SSENet(shape, len(config.labels)), len(config.labels), learn.n_topologies)
    plain = [[describe_sses(data.ca(row)) for row in data.rows.tolist()] for data in check]
    labels = np.concatenate([data.labels[data.rows] for data in check])

    def predict() -> list[NDArray[np.float32]]:
        learner.network.eval()
        return [predict_sses(learner.network, domains) for domains in plain]

    def evaluate(_: nn.Module) -> dict[str, float]:
        return classification_summary(np.concatenate(predict()), labels)

    def draw(first: int) -> Iterator[tuple[SSEBatch, Tensor]]:
        return batches(learn, copies, loop.batch_size, loop.seed, first)

    train(learner, draw, evaluate, loop, out, device=CPU, report=_report, objective=learner.loss)
    return predict()


def predict_sses(network: SSENet, domains: list[SSEs]) -> NDArray[np.float32]:
    """Return the logits ``domain label`` float32 of domains.

    Parameters
    ----------
    network
        In evaluation mode.
    domains
        Their SSEs.
    """
    with torch.inference_mode():
        parts = [
            network(SSEBatch.join(domains[start : start + CHUNK]))
            for start in range(0, len(domains), CHUNK)
        ]
    return torch.cat(parts).numpy()


def train_whole(
    train_shards: list[Path],
    learn: DomainData,
    check: list[DomainData],
    checked: list[Path],
    config: CathConfig,
    loop: LoopConfig,
    out: Path,
) -> list[NDArray[np.float32]]:
    """Train the networks on lattice points and on SSEs, or resume the training in ``out``.

    Parameters
    ----------
    train_shards, learn
        Training shards, and their domains.
    check
        Sets of validation domains.
    checked
        Shards of the first set, for the log of the training.
    config, loop
        The network and the schedule.
    out
        Folder for the checkpoint and the log.

    Returns
    -------
    list of ndarray
        ``domain label`` float32, logits of each set.
    """
    train_task(
        TASK,
        train_shards,
        checked,
        out,
        architecture=config,
        loop=loop,
        device=CPU,
        report=_report,
    )
    network = CathNet(config)
    learner = CathLearner(network, learn.n_topologies)
    load_checkpoint(out / "checkpoint.safetensors", learner)
    reestimate_batch_norm(network, settling_batches(learn, loop, CPU))
    return [predict_domains(network, data, data.rows, CPU)[0] for data in check]


def read_recipes(path: Path) -> list[Recipe]:
    """Read recipes, ``[[recipe]]`` tables of a TOML file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["recipe"]
    return [
        Recipe(
            table["name"],
            tuple(table["train"]),
            table.get("lattice", False),
            table.get("sse", {}),
            table.get("loop", {}),
        )
        for table in tables
    ]


def run(recipe: Recipe, shards: Path, sets: list[str], runs: Path) -> Predictions:
    """Return the predictions of a recipe, which is trained if there are none yet.

    Parameters
    ----------
    recipe
        The training.
    shards
        Folder of the folders of shards.
    sets
        Folders of validation shards.
    runs
        Folder for trainings, copies and predictions.
    """
    path = runs / recipe.name / "answers.npz"
    if path.exists():
        return Predictions.load(path)
    config, loop = recipe.config()
    files = [file for name in recipe.train for file in sorted((shards / name).glob("*.npz"))]
    learn = DomainData(read_shards(files), config, balance=loop.balance)
    folders = [sorted((shards / name).glob("*.npz")) for name in sets]
    shard = [read_shards(folder) for folder in folders]
    check = [DomainData(one, config) for one in shard]
    started = time.process_time()
    if recipe.lattice:
        logits = train_whole(files, learn, check, folders[0], config, loop, path.parent)
    else:
        copies = [c for n in recipe.train for c in draw_copies(shards / n, runs / "copies", config)]
        started = time.process_time()
        logits = train_sses(learn, copies, check, config, loop, path.parent)
    predictions = Predictions(
        sets=np.repeat(sets, [len(one) for one in logits]),
        logits=np.concatenate(logits),
        labels=np.concatenate([data.labels[data.rows] for data in check]),
        families=np.concatenate(
            [one.structure_label[data.rows] for one, data in zip(shard, check, strict=True)]
        ),
        names=np.array(config.labels),
        seconds=time.process_time() - started,
    )
    predictions.save(path)
    return predictions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", type=Path, help="TOML file")
    parser.add_argument("--shards", type=Path, required=True, help="folder of folders of shards")
    parser.add_argument("--check", nargs="+", required=True, help="folders of validation shards")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the trainings")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the table")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    first: dict[bool, Predictions] = {}
    for recipe in read_recipes(options.recipes):
        predictions = run(recipe, options.shards, options.check, options.runs)
        against = first.setdefault(recipe.lattice, predictions)
        changed = {**recipe.__dict__, "train": list(recipe.train)}
        rows.append(
            {
                **changed,
                "seconds": round(predictions.seconds),
                **measures(predictions),
                "less_first": difference(predictions, against),
            }
        )
        options.output.parent.mkdir(parents=True, exist_ok=True)
        table = {"schema": "protvox.choices/1", "rows": rows}
        options.output.write_text(json.dumps(table, indent=1) + "\n")
        print(json.dumps(rows[-1]), flush=True)


def _report(progress: Progress) -> None:
    if progress.step % 250 == 0:
        speed = f"{progress.samples_per_second:.0f} samples/s"
        print(
            f"{progress.step} of {progress.steps}: {progress.loss:.4f}, {speed}, "
            f"{progress.metrics}",
            flush=True,
        )


if __name__ == "__main__":
    main()
