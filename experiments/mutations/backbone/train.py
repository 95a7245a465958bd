"""Train the backbone network, on one core, for as long as there is time.

The rate is constant until ``--descend STEPS`` asks for the descent: the state before it is kept
as ``trunk.safetensors``, from which a longer training can start. The same command resumes.

Example: ``python -m experiments.mutations.backbone.train --train runs/backbone/train.safetensors
--validation runs/backbone/val.safetensors -o runs/backbone/first --steps 30000``
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from experiments.mutations.backbone.features import load_residues
from protvox.networks.backbone.batches import batch_tensors, run_batches
from protvox.networks.backbone.features import HIDDEN, describe
from protvox.networks.backbone.network import BackboneConfig, BackboneNet
from protvox.networks.backbone.residues import Residues, torsions
from protvox.train.metrics import log_softmax
from protvox.train.muon import Muon

PRECISION: Final = torch.bfloat16


@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained.

    Attributes
    ----------
    network
        Its sizes.
    batch
        Centres in a step.
    rate
        Learning rate of Muon, for the matrices.
    adam_rate
        Learning rate of Adam, for tables, biases, norms and the answer.
    weight_decay
        Of both, decoupled.
    warm_up
        Steps of rising rate.
    noise
        Standard deviation added to every coordinate anew in each epoch, Å.
    withheld
        Largest share of neighbours whose kind is withheld: of a centre a share between 0 and
        this one.
    average
        Decay of the moving average of weights a step; its early steps average less.
    seed
        Of weights, order, noise and withheld kinds.
    """

    network: BackboneConfig = field(default_factory=BackboneConfig)
    batch: int = 256
    rate: float = 6e-3
    adam_rate: float = 4e-3
    weight_decay: float = 0.01
    warm_up: int = 200
    noise: float = 0.05
    withheld: float = 0.1
    average: float = 0.999
    seed: int = 0


class Training:
    """A network in training and all that a resumed run needs.

    Parameters
    ----------
    config
        How to train.
    residues
        What to train on.
    """

    def __init__(self, config: TrainConfig, residues: Residues) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.residues = residues
        self.network = BackboneNet(config.network)
        self.average = BackboneNet(config.network)
        self.average.load_state_dict(self.network.state_dict())
        matrices, others = _divided(self.network)
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            Muon(matrices, config.rate, config.weight_decay),
            torch.optim.AdamW(others, config.adam_rate, (0.9, 0.99), weight_decay=0.0),
        )
        self.step = 0
        self.seconds = 0.0
        self.descent: tuple[int, int] | None = None
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)
        self._atoms = residues.atoms
        self._angles = np.empty((0, 6), dtype=np.float32)

    def advance(self) -> float:
        """Do one step and return its loss, nats."""
        inputs, labels = self._batch()
        share = self._share()
        for optimizer, rate in zip(
            self.optimizers, (self.config.rate, self.config.adam_rate), strict=True
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * share
        loss = functional.cross_entropy(self.network(*inputs), labels)
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, weight in zip(
                self.average.parameters(), self.network.parameters(), strict=True
            ):
                mean.lerp_(weight, 1 - decay)
        return loss.item()

    def save(self, path: Path) -> None:
        """Write weights, their average, the optimisers and the step, all or nothing."""
        tensors = {f"network/{n}": t for n, t in self.network.state_dict().items()}
        tensors |= {f"average/{n}": t for n, t in self.average.state_dict().items()}
        for number, optimizer in enumerate(self.optimizers):
            for index, slots in optimizer.state_dict()["state"].items():
                for slot, value in slots.items():
                    tensors[f"optimizer/{number}/{index}/{slot}"] = torch.as_tensor(value)
        tensors = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
        state = {
            "config": dataclasses.asdict(self.config),
            "step": self.step,
            "seconds": self.seconds,
            "descent": self.descent,
        }
        partial = path.with_suffix(".partial")
        save_file(tensors, partial, metadata={"state": json.dumps(state)})
        os.replace(partial, path)

    def load(self, path: Path) -> None:
        """Resume from a file that `save` wrote with the same configuration."""
        with safe_open(path, framework="pt") as file:
            state: dict[str, Any] = json.loads(file.metadata()["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if state["config"] != json.loads(json.dumps(dataclasses.asdict(self.config))):
            raise SystemExit(f"{path} was trained with another configuration: {state['config']}")
        for part, network in (("network", self.network), ("average", self.average)):
            network.load_state_dict(
                {n.split("/", 1)[1]: t for n, t in tensors.items() if n.startswith(f"{part}/")}
            )
        for number, optimizer in enumerate(self.optimizers):
            slots: dict[int, dict[str, Tensor]] = {}
            for name, value in tensors.items():
                if name.startswith(f"optimizer/{number}/"):
                    *_, index, slot = name.split("/")
                    slots.setdefault(int(index), {})[slot] = value
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": slots, "param_groups": groups})
        self.step, self.seconds = state["step"], state["seconds"]
        self.descent = tuple(state["descent"]) if state["descent"] else None

    def _share(self) -> float:
        """Return the share of the full rate that this step takes."""
        share = min(1.0, (self.step + 1) / self.config.warm_up)
        if self.descent is not None:
            start, end = self.descent
            share *= max(0.0, (end - self.step) / (end - start))
        return share

    def _batch(self) -> tuple[tuple[Tensor, ...], Tensor]:
        """Return inputs and labels of the next step."""
        config, residues = self.config, self.residues
        each = len(residues.centre) // config.batch
        epoch, place = divmod(self.step, each)
        if epoch != self._epoch:
            rng = np.random.default_rng((config.seed, epoch))
            self._order = rng.permutation(len(residues.centre))
            noise = rng.standard_normal(residues.atoms.shape, dtype=np.float32)
            self._atoms = residues.atoms + np.float32(config.noise) * noise
            self._angles = torsions(self._atoms, residues.bonded)
            self._epoch = epoch
        chosen = self._order[place * config.batch : (place + 1) * config.batch]
        batch = describe(residues, chosen, atoms=self._atoms, angles=self._angles)
        rng = np.random.default_rng((config.seed, 1, self.step))
        share = rng.uniform(0, config.withheld, size=(config.batch, 1))
        batch.kinds[rng.uniform(size=batch.kinds.shape) < share] = HIDDEN
        return batch_tensors(batch, PRECISION), torch.from_numpy(labels_of(residues, chosen))


def labels_of(residues: Residues, chosen: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return the amino acids of some centres, all by default."""
    rows = residues.centre if chosen is None else residues.centre[chosen]
    return residues.kind[rows].astype(np.int64)


def logits_of(
    network: BackboneNet,
    residues: Residues,
    chosen: NDArray[np.int64] | None = None,
    precision: torch.dtype = torch.float32,
) -> NDArray[np.float32]:
    """Return the logits at some centres, all by default, ``centre 20``."""
    return np.concatenate(list(run_batches(network, residues, chosen, precision=precision)))


def log_probabilities(
    network: BackboneNet,
    residues: Residues,
    chosen: NDArray[np.int64] | None = None,
    precision: torch.dtype = PRECISION,
) -> NDArray[np.float32]:
    """Return the log probabilities at some centres, all by default.

    Parameters
    ----------
    network
        With weights.
    residues
        Where the centres are.
    chosen
        Which of them.
    precision
        To compute in.

    Returns
    -------
    ndarray
        ``centre 20`` float32, nats.
    """
    logits = logits_of(network, residues, chosen, precision)
    return log_softmax(logits).astype(np.float32)


def check(network: BackboneNet, residues: Residues, sample: int) -> dict[str, float]:
    """Return top-1, top-3 and the loss in nats on a fixed random sample of centres."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(residues.centre))[:sample])
    logs = log_probabilities(network, residues, chosen)
    labels = labels_of(residues, chosen)
    own = logs[np.arange(len(labels)), labels]
    above = (logs > own[:, None]).sum(axis=1)
    measures = {"top1": (above < 1).mean(), "top3": (above < 3).mean(), "nll": -own.mean()}
    return {name: round(float(value), 4) for name, value in measures.items()}


def load_network(path: Path) -> BackboneNet:
    """Return the averaged weights of a checkpoint."""
    with safe_open(path, framework="pt") as file:
        config = json.loads(file.metadata()["state"])["config"]["network"]
        weights = {
            name.split("/", 1)[1]: file.get_tensor(name)
            for name in file.keys()  # noqa: SIM118
            if name.startswith("average/")
        }
    network = BackboneNet(BackboneConfig(**config))
    network.load_state_dict(weights)
    return network.eval()


def trained(path: Path) -> dict[str, Any]:
    """Return the steps, samples and seconds of training behind a checkpoint, and its settings."""
    with safe_open(path, framework="pt") as file:
        state: dict[str, Any] = json.loads(file.metadata()["state"])
    return {**state, "samples": state["step"] * state["config"]["batch"]}


def _divided(network: BackboneNet) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the matrices that mix features, and everything else."""
    mixing = [module.weight for module in network.layers.modules() if isinstance(module, nn.Linear)]
    mixing += [network.geometry.weight, network.vote_up.weight]
    known = {id(weight) for weight in mixing}
    return mixing, [weight for weight in network.parameters() if id(weight) not in known]


def _parse() -> tuple[argparse.Namespace, TrainConfig]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, help="where to end; without it, when stopped")
    parser.add_argument(
        "--descend",
        type=int,
        metavar="STEPS",
        help="begin the descent of the rate, and end with it",
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="between checkpoints")
    parser.add_argument("--sample", type=int, default=8192, help="validation residues looked at")
    defaults = TrainConfig()
    for part, prefix in ((defaults.network, "network_"), (defaults, "")):
        for name, value in vars(part).items():
            if not dataclasses.is_dataclass(value):
                parser.add_argument(
                    f"--{prefix}{name}".replace("_", "-"), type=type(value), default=value
                )
    options = parser.parse_args()
    sizes = dataclasses.asdict(defaults.network)
    sizes = {name: getattr(options, f"network_{name}") for name in sizes}
    rest = {f.name: getattr(options, f.name) for f in dataclasses.fields(defaults)[1:]}
    return options, TrainConfig(network=BackboneConfig(**sizes), **rest)


def main() -> None:
    options, config = _parse()
    torch.set_num_threads(1)
    options.output.mkdir(parents=True, exist_ok=True)
    checkpoint = options.output / "checkpoint.safetensors"
    training = Training(config, load_residues(options.train))
    validation = load_residues(options.validation)
    if checkpoint.exists():
        training.load(checkpoint)
    if options.descend and training.descent is None:
        if checkpoint.exists():
            shutil.copy(checkpoint, options.output / "trunk.safetensors")
        training.descent = (training.step, training.step + options.descend)
    end = training.descent[1] if training.descent else options.steps
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, _frame: stopped.append(sent))
    losses: list[float] = []
    since = time.perf_counter()
    while not stopped and (end is None or training.step < end):
        losses.append(training.advance())
        spent = time.perf_counter() - since
        if spent < 60 * options.minutes and training.step != end and not stopped:
            continue
        training.seconds += spent
        row = {
            "step": training.step,
            "samples": training.step * config.batch,
            "seconds": round(training.seconds),
            "share": round(training._share(), 4),
            "per_second": round(len(losses) * config.batch / spent),
            "loss": round(float(np.mean(losses)), 4),
            **check(training.average, validation, options.sample),
        }
        with (options.output / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
        training.save(checkpoint)
        losses.clear()
        since = time.perf_counter()


if __name__ == "__main__":
    main()
