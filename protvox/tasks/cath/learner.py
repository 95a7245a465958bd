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
"""Batches that the norms are settled on."""

TOPOLOGY_WEIGHT: Final = 0.15
"""Weight of the topology loss beside that of the architecture."""


class CathLearner(nn.Module):
    """A domain network with read-outs of the topology, which training alone uses.

    Domains of another superfamily often share the topology of one that was learned; features
    that know topologies serve both the architecture and the search for neighbours. The network on
    sites and each of those on elements learn side by side, none from another.

    Parameters
    ----------
    network
        The network to train.
    n_topologies
        Topologies to tell apart.
    """

    def __init__(self, network: CathNet, n_topologies: int) -> None:
        super().__init__()
        self.network = network
        width = 2 * network.config.features + 1
        outputs = max(n_topologies, 1)
        self.topology = nn.Sequential(nn.Dropout(network.config.dropout), nn.Linear(width, outputs))
        elements = network.elements
        self.element_topologies = (
            nn.ModuleList(nn.Linear(elements.width, outputs) for _ in elements.members)
            if elements is not None
            else nn.ModuleList()
        )

    def forward(self, batch: DomainBatch) -> Tensor:
        """Return logits ``domain reader label+topology``, of the sites and each on elements."""
        features = self.network.embed(batch)
        readers = [torch.cat([self.network.classifier(features), self.topology(features)], dim=1)]
        elements = self.network.elements
        if elements is not None:
            if batch.sses is None:
                raise ValueError("this network learns from elements as well")
            seen = elements.embed(batch.sses)
            members = zip(elements.classify(seen), self.element_topologies, seen, strict=True)
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
        n = len(self.network.config.labels)
        readers = logits.shape[1]
        architecture, topology = labels.repeat_interleave(readers, dim=0).unbind(dim=1)
        logits = logits.flatten(0, 1)
        loss = functional.cross_entropy(
            logits[:, :n], architecture, label_smoothing=label_smoothing
        )
        # The sum, and not the mean, of a batch without any known topology is a number.
        known = (topology != UNKNOWN).sum().clamp_min(1)
        other = functional.cross_entropy(
            logits[:, n:], topology, ignore_index=UNKNOWN, reduction="sum"
        )
        return loss + TOPOLOGY_WEIGHT * other / known


def settling_batches(
    data: DomainData, loop: LoopConfig, device: torch.device
) -> Iterator[DomainBatch]:
    """Yield the training domains that the norms are settled on, see `reestimate_batch_norm`.

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
    """Run a network over domains of a data set, as a user's domains are run.

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
        ``sample label`` float32, averaged over the poses of every domain.
    labels : ndarray
        ``sample`` int64.
    """
    logits = [
        domain_logits(network, [data.ca(row) for row in chunk.tolist()], device).numpy()
        for chunk in in_chunks(rows, batch_size)
    ]
    return np.concatenate(logits), data.labels[rows]
