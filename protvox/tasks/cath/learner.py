"""What the CATH architecture network learns from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from protvox.networks.cath import CathNet, DomainBatch
from protvox.networks.poses import domain_logits
from protvox.tasks.cath.data import UNKNOWN, DomainData
from protvox.train.loop import LoopConfig
from protvox.train.run import in_chunks

SETTLING_BATCHES: Final = 30
"""Number of batches for estimating the running statistics of norms."""

TOPOLOGY_WEIGHT: Final = 0.15
"""Weight of the topology loss relative to that of the architecture."""


class CathLearner(nn.Module):
    """A domain network with read-outs of the topology, used in training only.

    New superfamilies often have a known topology, so features that distinguish topologies help
    both the architecture and the search for neighbours. The network on the lattice and each of
    those on secondary structure elements are trained side by side, independently of each other.

    Parameters
    ----------
    network
        The network to train.
    n_topologies
        Number of topologies.
    """

    def __init__(self, network: CathNet, n_topologies: int) -> None:
        super().__init__()
        self.network = network
        width = 2 * network.config.features + 1
        outputs = max(n_topologies, 1)
        self.topology = nn.Sequential(nn.Dropout(network.config.dropout), nn.Linear(width, outputs))
        sses = network.elements
        self.element_topologies = (
            nn.ModuleList(nn.Linear(sses.width, outputs) for _ in sses.members)
            if sses is not None
            else nn.ModuleList()
        )

    def forward(self, batch: DomainBatch) -> Tensor:
        """Return logits ``domain reader label+topology``, by the lattice and each SSE network."""
        features = self.network.embed(batch)
        readers = [torch.cat([self.network.classifier(features), self.topology(features)], dim=1)]
        sses = self.network.elements
        if sses is not None:
            if batch.sses is None:
                raise ValueError("this network reads secondary structure elements as well")
            seen = sses.embed(batch.sses)
            members = zip(sses.classify(seen), self.element_topologies, seen, strict=True)
            readers += [torch.cat([own, topology(row)], dim=1) for own, topology, row in members]
        return torch.stack(readers, dim=1)

    def loss(self, logits: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
        """Return the loss of architectures and topologies, nats, the mean over the readers.

        Parameters
        ----------
        logits
            ``domain reader label+topology``.
        labels
            ``domain 2``, see `protvox.tasks.cath.data.DomainData.batch`.
        label_smoothing
            Share of the target spread over all architectures.
        """
        return loss_of_readers(logits, labels, len(self.network.config.labels), label_smoothing)


def loss_of_readers(
    logits: Tensor, labels: Tensor, n_labels: int, label_smoothing: float
) -> Tensor:
    """Return the loss of architectures and topologies, nats, the mean over the readers.

    Parameters
    ----------
    logits
        ``domain reader label+topology``.
    labels
        ``domain 2``, see `protvox.tasks.cath.data.DomainData.batch`.
    n_labels
        Number of architectures.
    label_smoothing
        Share of the target spread over all architectures.
    """
    readers = logits.shape[1]
    architecture, topology = labels.repeat_interleave(readers, dim=0).unbind(dim=1)
    logits = logits.flatten(0, 1)
    loss = functional.cross_entropy(
        logits[:, :n_labels], architecture, label_smoothing=label_smoothing
    )
    # In a batch without known topologies the mean would not be a number.
    known = (topology != UNKNOWN).sum().clamp_min(1)
    other = functional.cross_entropy(
        logits[:, n_labels:], topology, ignore_index=UNKNOWN, reduction="sum"
    )
    return loss + TOPOLOGY_WEIGHT * other / known


def settling_batches(
    data: DomainData, loop: LoopConfig, device: torch.device
) -> Iterator[DomainBatch]:
    """Yield training domains for estimating running statistics, see `reestimate_batch_norm`.

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
    network: CathNet,
    data: DomainData,
    rows: NDArray[np.int64],
    device: torch.device,
    *,
    batch_size: int = 16,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Run a network over domains of a data set, in the way it predicts.

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
        Domains per batch.

    Returns
    -------
    logits : ndarray
        ``sample label`` float32, averaged over the poses of each domain.
    labels : ndarray
        ``sample`` int64.
    """
    logits = [
        domain_logits(network, [data.ca(row) for row in chunk.tolist()], device).numpy()
        for chunk in in_chunks(rows, batch_size)
    ]
    return np.concatenate(logits), data.labels[rows]
