"""Train the network of a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from protvox.registry.weights import load_weights
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import classification_summary
from protvox.train.prefetch import Inputs
from protvox.train.shard import read_shards
from protvox.train.task import TrainingTask


def train_task(
    task: TrainingTask[Any, Any, Any],
    train_shards: Sequence[Path],
    validation_shards: Sequence[Path],
    out: Path,
    *,
    architecture: object,
    loop: LoopConfig,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None = None,
    start: Path | None = None,
) -> bool:
    """Train a network, or resume the training in ``out``.

    Parameters
    ----------
    task
        What the network predicts.
    train_shards, validation_shards
        Shards labelled for the task; without validation shards nothing is measured during the
        training.
    out
        Folder for the checkpoint and the log.
    architecture
        Arguments of the network, of the task's configuration class.
    loop
        The schedule.
    device
        Where to compute.
    report
        Called with the progress.
    time_limit
        Seconds after which to stop with a checkpoint.
    start
        Weights to begin with, ``model.safetensors`` of a model of the same architecture; random
        ones if None. A checkpoint in ``out`` takes precedence.

    Returns
    -------
    bool
        True when all steps are done.

    Raises
    ------
    InputError
        If a shard cannot be used.
    ModelError
        If ``out`` or ``start`` holds another architecture.
    """
    training = task.training_data(read_shards(train_shards), architecture, loop)
    validation = None
    if validation_shards:
        data = task.data(read_shards(validation_shards), architecture)
        validation = data, choose_rows(data.rows, task.validation_sample, seed=0)
    torch.manual_seed(loop.seed)
    network = task.network(architecture)
    if start is not None:
        load_weights(network, start)
    learner, objective = task.learner(network, training)

    def batches(first_step: int) -> Iterator[tuple[Inputs, Tensor]]:
        return training.batches(loop.batch_size, loop.seed, first_step)

    def evaluate(_: nn.Module) -> dict[str, float]:
        if validation is None:
            return {}
        task.settle(network, training, loop, device)
        data, rows = validation
        logits = task.logits(network, data, rows, device)
        return classification_summary(logits, data.labels[rows].astype(np.int64))

    return train(
        learner,
        batches,
        evaluate,
        loop,
        out,
        device=device,
        report=report,
        time_limit=time_limit,
        objective=objective,
    )


def choose_rows(rows: NDArray[np.int64], sample: int | None, seed: int) -> NDArray[np.int64]:
    """Return samples chosen at random, sorted.

    Parameters
    ----------
    rows
        ``sample`` int64, what to choose from.
    sample
        How many at most; all if None.
    seed
        Decides which.
    """
    if sample is None or sample >= len(rows):
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))


def in_chunks(rows: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Cut an array into consecutive pieces.

    Parameters
    ----------
    rows
        ``sample`` int64.
    size
        Largest number of elements of a piece.
    """
    return [rows[start : start + size] for start in range(0, len(rows), size)]
