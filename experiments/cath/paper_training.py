"""One point of the paper's curve: a network trained on a fraction of the domains and tested."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from experiments.cath.paper_domains import Traces
from protvox.networks.weiler2018 import ResNet, ResNetConfig, SteerableResNet, SteerableResNetConfig
from protvox.train.batch_norm import reestimate_batch_norm
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import classification_summary
from protvox.voxel.grids.domain_grid import PAPER_GRID, DomainGrids
from protvox.voxel.grids.grid import GridSpec

SORTED_BATCHES: Final = 16
"""Number of batches whose domains are sorted by size together when grids are cropped."""

LEAST_VOXELS: Final = 12
"""Smallest edge of a cropped grid: three halvings in the networks leave 2 voxels of it."""

SETTLING_BATCHES: Final = 40
"""Number of batches on which batch norms are re-estimated when grids are cropped."""

NETWORKS: Final[dict[str, Callable[[], nn.Module]]] = {
    "steerable": lambda: SteerableResNet(SteerableResNetConfig()),
    "resnet34": lambda: ResNet(ResNetConfig()),
    "resnet34-half": lambda: ResNet(ResNetConfig(widths=(16, 32, 64, 128))),
}
"""The networks that are compared, by name."""


@dataclass(frozen=True)
class Schedule:
    """Length and learning rate of a training.

    Attributes
    ----------
    learning_rate
        Peak learning rate.
    epochs
        Passes over the training set.
    validate_every
        Epochs between validations.
    batch_size
        Domains per step.
    cooldown
        Share of the steps, at the end, over which the rate falls to 0.
    seed
        Seed of the initial weights, the order and the poses.
    """

    learning_rate: float
    epochs: int = 100
    validate_every: int = 1
    batch_size: int = 16
    cooldown: float = 0.6
    seed: int = 0

    def loop(self, n_domains: int) -> LoopConfig:
        """Return the schedule of a training set in steps."""
        per_epoch = max(n_domains // self.batch_size, 1)
        return LoopConfig(
            steps=self.epochs * per_epoch,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=0.0,
            warmup=0,
            cooldown=self.cooldown,
            evaluate_every=self.validate_every * per_epoch,
            seed=self.seed,
        )


class Drawer:
    """Domains drawn in random poses: CA atoms, one channel, each atom normalised to a sum of 1.

    Parameters
    ----------
    traces
        The domains.
    crop
        Draw on the smallest grid that holds a batch instead of the whole one.
    grid
        The whole grid; voxels and Gaussians of a cropped one are the same.

    Attributes
    ----------
    labels
        ``domain`` int64.
    """

    def __init__(self, traces: Traces, *, crop: bool, grid: GridSpec = PAPER_GRID) -> None:
        self.crop = crop
        self.grid = grid
        self.labels = traces.labels
        self._grids = DomainGrids.from_domains(
            ((trace, np.zeros(len(trace), dtype=np.uint8)) for trace in traces.coordinates),
            names=traces.names,
            spacing=grid.spacing,
            sigma=grid.sigma,
            multiple=2,
        )
        centred = [trace - trace.mean(axis=0) for trace in traces.coordinates]
        self._radius = np.array([np.linalg.norm(trace, axis=1).max() for trace in centred])

    def draw(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """Return densities ``domain 1 x y z``, each domain rotated at random."""
        rotated = self._grids.take(rows).jitter(rng)
        spec = self.grid
        if self.crop:
            x, y, z = (max(n, LEAST_VOXELS) for n in rotated.common_spec().shape)
            spec = dataclasses.replace(spec, size=(x, y, z))
        return torch.from_numpy(rotated.voxelize(spec, 1, normalize=True))

    def epoch(self, batch_size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """Return the batches of one epoch, of similar size if grids are cropped.

        Domains left over by the last whole batch wait for another epoch.
        """
        order = rng.permutation(len(self.labels))
        n_batches = max(len(order) // batch_size, 1)
        order = order[: n_batches * batch_size]
        if self.crop:
            width = SORTED_BATCHES * batch_size
            blocks = [order[start : start + width] for start in range(0, len(order), width)]
            order = np.concatenate([b[np.argsort(self._radius[b], kind="stable")] for b in blocks])
        batches = np.array_split(order, n_batches)
        return [batches[i] for i in rng.permutation(n_batches)]

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield densities and labels forever, the same ones for the same seed."""
        step = first_step
        while True:
            per_epoch = max(len(self.labels) // batch_size, 1)
            epoch = step // per_epoch
            order = self.epoch(batch_size, np.random.default_rng([seed, 0, epoch]))
            for rows in order[step % per_epoch :]:
                field = self.draw(rows, np.random.default_rng([seed, 1, step]))
                yield field, torch.from_numpy(self.labels[rows])
                step += 1

    def logits(
        self, network: nn.Module, device: torch.device, seed: int, batch_size: int = 16
    ) -> NDArray[np.float32]:
        """Return the logits ``domain class`` of every domain in one random pose."""
        order = np.argsort(self._radius, kind="stable")
        rng = np.random.default_rng([seed, 2])
        logits = []
        with torch.inference_mode():
            for start in range(0, len(order), batch_size):
                field = self.draw(order[start : start + batch_size], rng)
                logits.append(network(field.to(device)).float().cpu().numpy())
        return np.concatenate(logits)[np.argsort(order, kind="stable")]


class BestWeights:
    """The weights of the best validation so far, kept in a folder.

    Parameters
    ----------
    folder
        Folder of ``best.safetensors`` and ``best.json``.
    """

    def __init__(self, folder: Path) -> None:
        self._weights = folder / "best.safetensors"
        self._record = folder / "best.json"

    def measures(self) -> dict[str, float]:
        """Return the measures of the best validation; empty before the first."""
        return json.loads(self._record.read_text()) if self._record.exists() else {}

    def offer(self, network: nn.Module, measures: dict[str, float]) -> None:
        """Keep the weights if their validation accuracy is the highest so far."""
        if measures["top1"] <= self.measures().get("top1", -1.0):
            return
        self._record.parent.mkdir(parents=True, exist_ok=True)
        weights = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
        partial = self._weights.with_suffix(".partial")
        save_file(weights, partial)
        os.replace(partial, self._weights)
        self._record.write_text(json.dumps(measures) + "\n")

    def restore(self, network: nn.Module) -> None:
        """Load the best weights into a network."""
        network.load_state_dict(load_file(self._weights))


def train_point(
    network: nn.Module,
    learn: Drawer,
    check: Drawer,
    schedule: Schedule,
    run: Path,
    *,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None,
    bfloat16: bool | None = None,
) -> bool:
    """Train a network, resuming from the checkpoint in its folder.

    Returns
    -------
    bool
        True when all epochs are done; the network then has the weights of the best
        validation.
    """
    loop = schedule.loop(len(learn.labels))
    best = BestWeights(run)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        with torch.autocast(device.type, torch.bfloat16, enabled=bool(bfloat16)):
            if learn.crop:
                settle(trained, learn, loop, device)
            logits = check.logits(trained, device, schedule.seed)
        measures = classification_summary(logits, check.labels)
        best.offer(trained, measures)
        return measures

    done = train(
        network,
        lambda first: learn.batches(loop.batch_size, loop.seed, first),
        evaluate,
        loop,
        run,
        device=device,
        report=report,
        time_limit=time_limit,
        bfloat16=bfloat16,
    )
    if done:
        best.restore(network)
        network.eval()
    return done


def settle(network: nn.Module, learn: Drawer, loop: LoopConfig, device: torch.device) -> None:
    """Re-estimate batch norms, because batches of one size are not representative."""
    batches = islice(learn.batches(loop.batch_size, loop.seed), SETTLING_BATCHES)
    fields = (field.to(device) for field, _ in batches)
    if isinstance(network, ResNet):
        update_bn(fields, network)
    else:
        reestimate_batch_norm(network, fields)


def describe(network: nn.Module, run: Path) -> dict[str, Any]:
    """Return the parameters, the speed and the validations of a finished run."""
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "samples_per_second": log[-1]["samples_per_second"],
        "validation": BestWeights(run).measures(),
        "validations": [
            {key: line[key] for key in ("step", "loss", "top1", "nll")} for line in log
        ],
    }
