"""The second reader of a domain: a network on its secondary structure elements.

A network on sites sees every residue where it lies, and learns superfamilies by what is their
own. One that sees helices and strands as wholes, and of each pair how they lie to each other, has
less to learn by heart. The two err apart, so their mean answers.
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
"""Centres of the Gaussians that distances are read by, Å."""

_PAIR_FEATURES: Final = len(_MIDDLES) + len(_CLOSEST) + 20
_NEIGHBOURS: Final = 8.0
"""About how many elements a domain has besides each; messages are added up, and divided by it."""


@dataclass(frozen=True)
class SSEConfig:
    """Shape of the networks on secondary structure elements.

    Attributes
    ----------
    members
        Networks of this shape, trained side by side from different weights; their mean answers.
    width
        Numbers an element carries through the layers.
    layers
        Rounds of messages between all elements of a domain.
    features
        Numbers an element gives to the pooling over the domain.
    dropout
        Probability of dropping a pooled feature.
    message_dropout
        Probability of dropping a number that a layer adds to an element.
    share
        Weight of this answer beside that of the network on sites, 0 to 1.

    Raises
    ------
    ModelError
        If a value cannot be meant.
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
    """The elements of several domains in one row.

    Attributes
    ----------
    chain
        ``domain 5`` float32.
    each
        ``element 8`` float32.
    pairs
        ``pair 18`` float32, of all elements of one domain with each other and themselves.
    first, second
        ``pair`` int64, the elements of a pair.
    domain
        ``element`` int64, the domain each belongs to.
    """

    chain: Tensor
    each: Tensor
    pairs: Tensor
    first: Tensor
    second: Tensor
    domain: Tensor

    @classmethod
    def join(cls, domains: Sequence[SSEs]) -> SSEBatch:
        """Put domains side by side; none sees another.

        Parameters
        ----------
        domains
            At least one.
        """
        counts = np.array([len(one) for one in domains])
        starts = np.cumsum([0, *counts[:-1]])
        places = [np.arange(n) + start for n, start in zip(counts, starts, strict=True)]
        first = [np.repeat(place, len(place)) for place in places]
        second = [np.tile(place, len(place)) for place in places]
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
    """Several networks of messages between the elements of a domain.

    Parameters
    ----------
    config
        Their shape.
    n_labels
        Labels to tell apart.
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
        """Number of features that one member gives."""
        return 3 * self.config.features + len(CHAIN)

    def embed(self, batch: SSEBatch) -> Tensor:
        """Return the features of domains, which do not change when a domain is turned or moved.

        Parameters
        ----------
        batch
            The domains.

        Returns
        -------
        Tensor
            ``member domain 3*features+5``: mean, sum and maximum over the elements, and `CHAIN`.
        """
        pairs = _read_pairs(batch.pairs)
        features = torch.stack([member(batch, pairs) for member in self.members])
        return functional.dropout(features, self.config.dropout, self.training)

    def classify(self, features: Tensor) -> Tensor:
        """Return logits ``member domain label`` of the features of `embed`."""
        return torch.stack(
            [read(row) for read, row in zip(self.classifiers, features, strict=True)]
        )

    def forward(self, batch: SSEBatch) -> Tensor:
        """Return log probabilities ``domain label`` up to a constant, the mean of the members'."""
        return self.classify(self.embed(batch)).log_softmax(dim=-1).mean(dim=0)


class _Member(nn.Module):
    """One network of messages."""

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
        """Return features ``domain 3*features+5`` of domains and their read pairs."""
        state = self.element(torch.cat([batch.each, batch.chain[batch.domain]], dim=1))
        for layer in range(self.config.layers):
            seen = self.norms[2 * layer](state)
            offset, factor = self.pair[layer](pairs).chunk(2, dim=1)
            both = self.here[layer](seen)[batch.first] + self.there[layer](seen)[batch.second]
            messages = functional.silu(offset + both) * factor
            heard = torch.zeros_like(state).index_add(0, batch.first, messages) / _NEIGHBOURS
            state = state + self._drop(self.message[layer](heard))
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
    # A domain without any element has the lowest value of the activation or less.
    highest = features.new_full(shape, -1.0).scatter_reduce(0, rows, features, "amax")
    return torch.cat([total / count.clamp_min(1), total / 10, highest, batch.chain], dim=1)


def _read_pairs(pairs: Tensor) -> Tensor:
    """Return the features ``pair 46`` of numbers ``pair 18``, see `PAIR`."""
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
            torch.exp(-(((column["distance"][:, None] - _MIDDLES.to(pairs)) / 2.0) ** 2) / 2),
            torch.exp(-(((column["closest"][:, None] - _CLOSEST.to(pairs)) / 1.2) ** 2) / 2),
            torch.stack([number.to(pairs) for number in numbers], dim=1),
        ],
        dim=1,
    )
