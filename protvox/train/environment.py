"""Train the residue-environment network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.registry.weights import load_weights
from protvox.train.data.environments import EnvironmentData, in_chunks
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import classification_summary
from protvox.train.shards.shard import read_shards

VALIDATION_SAMPLE = 8192
"""Residues of the validation shards that a validation during training looks at."""


def train_environment(
    train_shards: Sequence[Path],
    validation_shards: Sequence[Path],
    out: Path,
    *,
    architecture: EnvironmentConfig,
    loop: LoopConfig,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None = None,
    start: Path | None = None,
) -> bool:
    """Train an environment network, or go on with the one in ``out``.

    Parameters
    ----------
    train_shards, validation_shards
        Shards with residue labels; without any of validation, nothing is measured on the way.
    out
        Folder for the checkpoint and the log.
    architecture
        The network and its input.
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
        ones if None. A checkpoint in ``out`` goes first.

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
    spec = architecture.moments
    learn = EnvironmentData(read_shards(train_shards), spec, architecture.cb_offset)
    held: tuple[EnvironmentData, NDArray[np.int64]] | None = None
    if validation_shards:
        check = EnvironmentData(read_shards(validation_shards), spec, architecture.cb_offset)
        held = check, check.sample(VALIDATION_SAMPLE, seed=0)
    torch.manual_seed(loop.seed)
    network = EnvironmentNet(architecture)
    if start is not None:
        load_weights(network, start)

    def batches(first_step: int) -> Iterator[tuple[Tensor, Tensor]]:
        return learn.batches(loop.batch_size, loop.seed, first_step)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        if held is None:
            return {}
        logits, labels = predict_rows(trained, *held, device)
        return classification_summary(logits, labels)

    return train(
        network,
        batches,
        evaluate,
        loop,
        out,
        device=device,
        report=report,
        time_limit=time_limit,
    )


def predict_rows(
    network: nn.Module,
    data: EnvironmentData,
    rows: NDArray[np.int64],
    device: torch.device,
    *,
    batch_size: int = 256,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Run a network over residues of a data set.

    Parameters
    ----------
    network
        In evaluation mode.
    data
        The data set.
    rows
        ``sample`` int64, residues.
    device
        Where the network is.
    batch_size
        Residues a batch.

    Returns
    -------
    logits : ndarray
        ``sample 20`` float32.
    labels : ndarray
        ``sample`` int64.
    """
    logits = []
    with torch.inference_mode():
        for chunk in in_chunks(rows, batch_size):
            inputs, _ = data.batch(chunk)
            logits.append(network(inputs.to(device)).float().cpu().numpy())
    return np.concatenate(logits), data.labels[rows].astype(np.int64)
