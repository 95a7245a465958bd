"""The training loop: resumable, deterministic by seed, on a CPU or a GPU."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from protvox.errors import fail
from protvox.train.checkpoint import load_checkpoint, save_checkpoint
from protvox.train.muon import Muon, mixing_matrices
from protvox.train.prefetch import Inputs, prefetch

Objective = Callable[[Tensor, Tensor, float], Tensor]
"""Loss of logits and labels, given the label smoothing."""


@dataclass(frozen=True)
class LoopConfig:
    """How to train.

    Attributes
    ----------
    steps
        Optimiser steps in all; may be changed when a training is resumed.
    batch_size
        Samples per step.
    learning_rate
        Peak learning rate of AdamW.
    weight_decay
        Weight decay of both optimisers.
    beta2
        Weight of the past in AdamW's mean of squared gradients.
    mixing_rate
        Rate of `protvox.train.muon.Muon` for the matrices that mix fields, as a multiple of
        the learning rate; 0 to train them with AdamW.
    warmup
        Steps of linear rise.
    cooldown
        Share of the steps, at the end, over which the rate falls to 0.
    label_smoothing
        Share of the target spread over all classes.
    evaluate_every
        Steps between validations.
    checkpoint_every
        Seconds between checkpoints.
    seed
        Decides the weights at the start and the order of the data.
    balance
        For domains: how much large superfamilies are down-weighted. A domain is drawn in
        proportion to the size of its superfamily to the power of minus this; at 1 all
        superfamilies are drawn equally often.

    Raises
    ------
    ModelError
        If a value is invalid (``config.value``).
    """

    steps: int = 10000
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    beta2: float = 0.999
    mixing_rate: float = 0.0
    warmup: int = 500
    cooldown: float = 0.3
    label_smoothing: float = 0.0
    evaluate_every: int = 2000
    checkpoint_every: float = 180.0
    seed: int = 0
    balance: float = 0.4

    def __post_init__(self) -> None:
        """Check the values."""
        counts = (self.steps, self.batch_size, self.evaluate_every)
        if min(counts) < 1 or self.learning_rate <= 0 or self.warmup < 0 or self.seed < 0:
            raise fail("config.value.loop", where="[loop]")
        if not (0 <= self.beta2 < 1 and self.mixing_rate >= 0):
            raise fail("config.value.rates", where="[loop]")
        shares = (self.cooldown, self.label_smoothing, self.balance)
        if not all(0 <= share <= 1 for share in shares):
            raise fail("config.value.shares", where="[loop]")


@dataclass(frozen=True)
class Progress:
    """The state of a training, for a progress bar or a log.

    Attributes
    ----------
    step, steps
        Steps done and in total.
    loss
        Mean training loss since the last report, nats.
    samples_per_second
        Speed since the start or the resumption.
    metrics
        Of the last validation; empty before the first.
    """

    step: int
    steps: int
    loss: float
    samples_per_second: float
    metrics: dict[str, float]


def rate_at(step: int, config: LoopConfig) -> float:
    """Return the learning rate of a step: linear warm-up, constant, linear cool-down.

    Unlike a cosine, a constant middle part does not depend on the end: a training can be
    resumed and extended from a checkpoint of this part.

    Parameters
    ----------
    step
        Counted from 0.
    config
        The schedule.
    """
    fall = config.steps * (1 - config.cooldown)
    rise = min(1.0, (step + 1) / max(config.warmup, 1))
    left = (config.steps - step) / max(config.steps - fall, 1)
    return config.learning_rate * min(rise, left, 1.0)


def train(
    network: nn.Module,
    batches: Callable[[int], Iterator[tuple[Inputs, Tensor]]],
    evaluate: Callable[[nn.Module], dict[str, float]],
    config: LoopConfig,
    out: Path,
    *,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None = None,
    objective: Objective | None = None,
    bfloat16: bool | None = None,
) -> bool:
    """Train a classifier, resuming from the checkpoint in ``out`` if there is one.

    Parameters
    ----------
    network
        Maps a batch of inputs to logits ``sample class``.
    batches
        Given the first step, yields batches (inputs, labels) from there on.
    evaluate
        Returns validation metrics; called in evaluation mode without gradients.
    config
        Schedule.
    out
        Folder for ``checkpoint.safetensors`` and ``log.jsonl``.
    device
        Where to compute.
    report
        Called every 50 steps and after each validation.
    time_limit
        Seconds after which to stop with a checkpoint, to be resumed later.
    objective
        The loss; cross-entropy if None.
    bfloat16
        Compute convolutions and matrix products in bfloat16; None where that is faster for every
        network (`has_fast_bfloat16`).

    Returns
    -------
    bool
        True when all steps are done.

    Raises
    ------
    ModelError
        If the checkpoint belongs to another network, or the loss or a weight is not a finite
        number (``model.diverged``); the checkpoint is the last good one then.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "checkpoint.safetensors"
    network.to(device)
    optimizers = make_optimizers(network, config)
    step = 0
    if path.exists():
        step = int(str(load_checkpoint(path, network, optimizers)["step"]))
    started = saved = time.monotonic()
    first = step
    objective = objective or _cross_entropy
    reduced = has_fast_bfloat16(device) if bfloat16 is None else bfloat16
    losses: list[Tensor] = []
    metrics: dict[str, float] = {}
    network.train()
    with closing(prefetch(batches(step), depth=4)) as source:
        while step < config.steps:
            inputs, labels = next(source)
            losses.append(
                _learn(
                    network, optimizers, inputs, labels, step, config, device, objective, reduced
                )
            )
            step += 1
            now = time.monotonic()
            validate = step % config.evaluate_every == 0 or step == config.steps
            out_of_time = time_limit is not None and now - started > time_limit
            save = validate or out_of_time or now - saved > config.checkpoint_every
            if save or step % 50 == 0:
                _refuse_divergence(network, losses[-1], step, path)
            if validate:
                metrics = _validated(network, evaluate)
            if validate or step % 50 == 0:
                speed = (step - first) * config.batch_size / (now - started)
                loss = float(torch.stack(losses).mean())
                progress = Progress(step, config.steps, loss, speed, metrics)
                report(progress)
                if validate:
                    _log(out / "log.jsonl", progress, now - started)
                losses.clear()
            if save:
                state = {"step": step, "loop": asdict(config), "metrics": metrics}
                save_checkpoint(path, network, optimizers, state)
                saved = now
            if out_of_time:
                break
    return step >= config.steps


def make_optimizers(network: nn.Module, config: LoopConfig) -> list[torch.optim.Optimizer]:
    """Return the optimisers of a training: AdamW, and Muon if the schedule uses it.

    Parameters
    ----------
    network
        What to train.
    config
        The schedule.
    """
    matrices = mixing_matrices(network) if config.mixing_rate else []
    apart = {id(matrix) for matrix in matrices}
    rest = [weight for weight in network.parameters() if id(weight) not in apart]
    decay = config.weight_decay
    adam = torch.optim.AdamW(
        rest, lr=config.learning_rate, betas=(0.9, config.beta2), weight_decay=decay
    )
    rate = config.mixing_rate * config.learning_rate
    return [adam, Muon(matrices, rate, decay)] if matrices else [adam]


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether bfloat16 is faster than float32 on a device.

    It is not on CPUs: most emulate it, 50 times slower than float32, and those with AVX-512 BF16
    lose more time by conversions to float32 for the compiled loops than they gain. Networks of
    dense convolutions alone gain on CPUs with AMX, see ``bfloat16`` of `train`.

    Parameters
    ----------
    device
        The device.
    """
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def _learn(
    network: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    inputs: Inputs,
    labels: Tensor,
    step: int,
    config: LoopConfig,
    device: torch.device,
    objective: Objective,
    bfloat16: bool,
) -> Tensor:
    for optimizer in optimizers:
        factor = config.mixing_rate if isinstance(optimizer, Muon) else 1.0
        for group in optimizer.param_groups:
            group["lr"] = factor * rate_at(step, config)
    with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        logits = network(inputs.to(device, non_blocking=True))
    loss = objective(logits.float(), labels.to(device), config.label_smoothing)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss.detach()


def _refuse_divergence(network: nn.Module, loss: Tensor, step: int, path: Path) -> None:
    """Stop before diverged weights replace the last good ones."""
    # The loss was computed before the step; an overflow of the gradient only shows in the weights.
    weights = (weight for weight in network.parameters() if not torch.isfinite(weight).all())
    if not torch.isfinite(loss) or next(weights, None) is not None:
        raise fail("model.diverged", where=str(path), step=step, loss=float(loss))


def _cross_entropy(logits: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
    return functional.cross_entropy(logits, labels, label_smoothing=label_smoothing)


def _validated(
    network: nn.Module, evaluate: Callable[[nn.Module], dict[str, float]]
) -> dict[str, float]:
    network.eval()
    with torch.inference_mode():
        metrics = evaluate(network)
    network.train()
    return metrics


def _log(path: Path, progress: Progress, seconds: float) -> None:
    line = {
        "step": progress.step,
        "loss": progress.loss,
        "seconds": round(seconds, 1),
        "samples_per_second": round(progress.samples_per_second, 1),
        **progress.metrics,
    }
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
