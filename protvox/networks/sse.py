"""A second network for domains, on their secondary structure elements (SSEs).

A network on lattice points sees every residue and can memorise features of superfamilies. A
network that sees only whole helices and strands, and the relative position of each pair, has less
to memorise. The errors of the two are different, so their mean is more accurate than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from protvox.errors import fail
from protvox.structure.geometry.sse import CHAIN, EACH, PAIR, SSEs

_MIDDLES: Final = torch.linspace(4.0, 36.0, 17)
_CLOSEST: Final = torch.linspace(3.0, 15.0, 9)
"""Centres of the Gaussians that encode distances, Å."""

_FAR: Final = 40.0
"""Exponents beyond which a Gaussian is set to 0: it is below 1e-17 there, and further out a
subnormal number, which makes matrix products twice as slow."""

_PAIR_FEATURES: Final = len(_MIDDLES) + len(_CLOSEST) + 20
_NEIGHBOURS: Final = 8.0
"""Typical number of other SSEs in a domain, by which the sum of messages is divided."""


@dataclass(frozen=True)
class SSEConfig:
    """Configuration of the networks on SSEs.

    Attributes
    ----------
    members
        Number of networks in the ensemble, trained together from different initial weights;
        their mean is the prediction.
    width
        Number of hidden features of an SSE.
    layers
        Rounds of messages between all SSEs of a domain.
    features
        Number of features of an SSE that are pooled over the domain.
    dropout
        Probability of dropping a pooled feature.
    message_dropout
        Probability of dropping a feature that a layer adds to an SSE.
    share
        Weight of this prediction against that of the network on lattice points, 0 to 1.

    Raises
    ------
    ModelError
        If a value is invalid (``config.value``).
    """

    members: int = 4
    width: int = 64
    layers: int = 4
    features: int = 128
    dropout: float = 0.3
    message_dropout: float = 0.1
    share: float = 0.5

    def __post_init__(self) -> None:
        """Check the values."""
        if min(self.members, self.width, self.layers, self.features) < 1:
            raise fail("config.value.sse_size", where="sse")
        if not all(0 <= part <= 1 for part in (self.dropout, self.message_dropout, self.share)):
            raise fail("config.value.sse_share", where="sse")


@dataclass(frozen=True)
class SSEBatch:
    """The SSEs of several domains, concatenated.

    Attributes
    ----------
    chain
        ``domain 5`` float32.
    each
        ``sse 8`` float32.
    pairs
        ``pair 18`` float32, all pairs of SSEs of the same domain, including each with itself.
    first, second
        ``pair`` int64, the SSEs of a pair.
    domain
        ``sse`` int64, the domain of each SSE.
    """

    chain: Tensor
    each: Tensor
    pairs: Tensor
    first: Tensor
    second: Tensor
    domain: Tensor

    @classmethod
    def join(cls, domains: Sequence[SSEs]) -> SSEBatch:
        """Concatenate domains; they stay independent of each other.

        Parameters
        ----------
        domains
            At least one.
        """
        counts = np.array([len(one) for one in domains])
        starts = np.cumsum([0, *counts[:-1]])
        rows = [np.arange(n) + start for n, start in zip(counts, starts, strict=True)]
        first = [np.repeat(own, len(own)) for own in rows]
        second = [np.tile(own, len(own)) for own in rows]
        return cls(
            torch.from_numpy(np.stack([one.chain for one in domains])),
            torch.from_numpy(np.concatenate([one.each for one in domains])),
            torch.from_numpy(np.concatenate([one.pairs.reshape(-1, len(PAIR)) for one in domains])),
            torch.from_numpy(np.concatenate(first)),
            torch.from_numpy(np.concatenate(second)),
            torch.from_numpy(np.repeat(np.arange(len(domains)), counts)),
        )

    def to(self, device: torch.device, *, non_blocking: bool = False) -> SSEBatch:
        """Return the batch on a device."""
        chain, each, pairs, first, second, domain = (
            tensor.to(device, non_blocking=non_blocking)
            for tensor in (
                self.chain,
                self.each,
                self.pairs,
                self.first,
                self.second,
                self.domain,
            )
        )
        return SSEBatch(chain, each, pairs, first, second, domain)


class SSENet(nn.Module):
    """An ensemble of message-passing networks on the SSEs of a domain.

    Parameters
    ----------
    config
        The configuration.
    n_labels
        Number of labels.
    """

    def __init__(self, config: SSEConfig, n_labels: int) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(_Member(config) for _ in range(config.members))
        self.classifiers = nn.ModuleList(
            nn.Linear(self.width, n_labels) for _ in range(config.members)
        )

    @property
    def width(self) -> int:
        """Number of features of one member."""
        return 3 * self.config.features + len(CHAIN)

    def embed(self, batch: SSEBatch) -> Tensor:
        """Return the features of domains, which are invariant to rotation and translation.

        Parameters
        ----------
        batch
            The domains.

        Returns
        -------
        Tensor
            ``member domain 3*features+5``: mean, sum and maximum over the SSEs, and the
            features of the chain.
        """
        pairs = _encode_pairs(batch.pairs)
        features = torch.stack([member(batch, pairs) for member in self.members])
        return functional.dropout(features, self.config.dropout, self.training)

    def classify(self, features: Tensor) -> Tensor:
        """Return the logits ``member domain label`` of the features from `embed`."""
        return torch.stack(
            [read(row) for read, row in zip(self.classifiers, features, strict=True)]
        )

    def forward(self, batch: SSEBatch) -> Tensor:
        """Return the mean log probabilities of the members, ``domain label``."""
        return self.classify(self.embed(batch)).log_softmax(dim=-1).mean(dim=0)


class _Member(nn.Module):
    """One message-passing network."""

    def __init__(self, config: SSEConfig) -> None:
        super().__init__()
        self.config = config
        width, layers = config.width, range(config.layers)
        self.element = nn.Linear(len(EACH) + len(CHAIN), width)
        self.pair = nn.ModuleList(nn.Linear(_PAIR_FEATURES, 2 * width) for _ in layers)
        self.here = nn.ModuleList(nn.Linear(width, width) for _ in layers)
        self.there = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in layers)
        self.message = nn.ModuleList(nn.Linear(width, width) for _ in layers)
        self.widen = nn.ModuleList(nn.Linear(width, 2 * width) for _ in layers)
        self.narrow = nn.ModuleList(nn.Linear(2 * width, width) for _ in layers)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * config.layers + 1))
        self.feature = nn.Linear(width, config.features)

    def forward(self, batch: SSEBatch, pairs: Tensor) -> Tensor:
        """Return the features ``domain 3*features+5``, given the encoded pairs ``pair 46``."""
        state = self.element(torch.cat([batch.each, batch.chain[batch.domain]], dim=1))
        for layer in range(self.config.layers):
            normed = self.norms[2 * layer](state)
            offset, factor = self.pair[layer](pairs).chunk(2, dim=1)
            both = self.here[layer](normed)[batch.first] + self.there[layer](normed)[batch.second]
            messages = functional.silu(offset + both) * factor
            received = torch.zeros_like(state).index_add(0, batch.first, messages) / _NEIGHBOURS
            state = state + self._drop(self.message[layer](received))
            inner = functional.silu(self.widen[layer](self.norms[2 * layer + 1](state)))
            state = state + self._drop(self.narrow[layer](inner))
        features = functional.silu(self.feature(self.norms[-1](state)))
        return _pool(features, batch)

    def _drop(self, numbers: Tensor) -> Tensor:
        return functional.dropout(numbers, self.config.message_dropout, self.training)


def _pool(features: Tensor, batch: SSEBatch) -> Tensor:
    shape = (len(batch.chain), features.shape[1])
    count = torch.bincount(batch.domain, minlength=shape[0]).to(features)[:, None]
    total = features.new_zeros(shape).index_add(0, batch.domain, features)
    rows = batch.domain[:, None].expand_as(features)
    # A domain without SSEs has -1, which is below the minimum of the activation.
    highest = features.new_full(shape, -1.0).scatter_reduce(0, rows, features, "amax")
    return torch.cat([total / count.clamp_min(1), total / 10, highest, batch.chain], dim=1)


def _encode_pairs(pairs: Tensor) -> Tensor:
    """Return the encoding ``pair 46`` of the features ``pair 18``."""
    column = dict(zip(PAIR, pairs.unbind(dim=1), strict=True))
    near = column["near"].log1p()
    order, gap = column["order"], column["gap"]
    neighbour = order.abs() == 1
    ends = torch.stack([column[f"{a}_{b}"] for a in ("start", "end") for b in ("start", "end")])
    numbers = [
        near,
        column["far"].log1p(),
        column["angle"],
        column["angle"] ** 2,
        column["lean"],
        column["other_lean"],
        column["cosine"],
        column["sine"],
        column["faces"],
        column["face"],
        column["other_face"],
        near * column["angle"],
        *(10 / (ends + 5)),
        order == 0,
        order == 1,
        order == -1,
        torch.exp(-gap / 10) * neighbour,
    ]
    return torch.cat(
        [
            _gaussians(column["distance"], _MIDDLES, 2.0),
            _gaussians(column["closest"], _CLOSEST, 1.2),
            torch.stack([number.to(pairs) for number in numbers], dim=1),
        ],
        dim=1,
    )


def _gaussians(distances: Tensor, centres: Tensor, sigma: float) -> Tensor:
    """Return Gaussians ``pair centre`` of distances ``pair``, Å."""
    exponents = ((distances[:, None] - centres.to(distances)) / sigma) ** 2 / 2
    return torch.where(exponents < _FAR, torch.exp(-exponents), 0.0)
