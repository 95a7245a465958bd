"""Train the CATH architecture network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from protvox.train.domains import DomainData
from protvox.train.environments import in_chunks
from protvox.train.loop import LoopConfig, Progress, train
from protvox.train.metrics import classification_summary
from protvox.train.settle import settle_norms
from protvox.train.shards import read_shards
from protvox.zoo.cath import CathConfig, CathNet, DomainBatch

SETTLING_BATCHES = 40
"""Batches that the norms are settled on."""


def train_cath(
    train_shards: Sequence[Path],
    validation_shards: Sequence[Path],
    out: Path,
    *,
    architecture: CathConfig,
    loop: LoopConfig,
    device: torch.device,
    report: Callable[[Progress], None],
    time_limit: float | None = None,
) -> bool:
    """Train a domain network, or go on with the one in ``out``.

    Parameters
    ----------
    train_shards, validation_shards
        Shards of single domains labelled with their CATH codes.
    out
        Folder for the checkpoint and the log.
    architecture
        The network, its input and its labels.
    loop
        The schedule.
    device
        Where to compute.
    report
        Called with the progress.
    time_limit
        Seconds after which to stop with a checkpoint.

    Returns
    -------
    bool
        True when all steps are done.

    Raises
    ------
    InputError
        If a shard cannot be used.
    ModelError
        If ``out`` holds a checkpoint of another architecture.
    """
    learn = DomainData(read_shards(train_shards), architecture)
    check = DomainData(read_shards(validation_shards), architecture)
    torch.manual_seed(loop.seed)
    network = CathNet(architecture)

    def batches(first_step: int) -> Iterator[tuple[DomainBatch, Tensor]]:
        return learn.batches(loop.batch_size, loop.seed, first_step)

    def evaluate(trained: nn.Module) -> dict[str, float]:
        settle_norms(trained, settling_batches(learn, loop, device))
        logits, labels = predict_domains(trained, check, check.rows, device)
        return classification_summary(logits, labels)

    return train(
        network, batches, evaluate, loop, out,
        device=device, report=report, time_limit=time_limit,
    )  # fmt: skip


def settling_batches(
    data: DomainData, loop: LoopConfig, device: torch.device
) -> Iterator[DomainBatch]:
    """Yield the training domains that the norms are settled on, see `settle_norms`.

    Parameters
    ----------
    data
        Training domains.
    loop
        Schedule of the training, for batch size and seed.
    device
        Where the network is.
    """
    for inputs, _ in islice(data.batches(loop.batch_size, loop.seed), SETTLING_BATCHES):
        yield inputs.to(device)


def predict_domains(
    network: nn.Module,
    data: DomainData,
    rows: NDArray[np.int64],
    device: torch.device,
    *,
    batch_size: int = 16,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Run a network over domains of a data set.

    Parameters
    ----------
    network
        In evaluation mode.
    data
        The data set.
    rows
        ``sample`` int64, structures.
    device
        Where the network is.
    batch_size
        Domains a batch.

    Returns
    -------
    logits : ndarray
        ``sample label`` float32, in the order of ``rows``.
    labels : ndarray
        ``sample`` int64.
    """
    order = data.by_size(rows)
    logits = []
    with torch.inference_mode():
        for chunk in in_chunks(order, batch_size):
            inputs, _ = data.batch(chunk)
            logits.append(network(inputs.to(device)).float().cpu().numpy())
    back = np.argsort(order, kind="stable")[np.argsort(np.argsort(rows, kind="stable"))]
    return np.concatenate(logits)[back], data.labels[rows]
