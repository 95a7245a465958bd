"""The CATH network, which predicts the architecture of a domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from protvox.checkpoint import checkpoint
from protvox.networks.layers import Layers, SteerableLayers
from protvox.networks.sse import SSEBatch, SSEConfig, SSENet
from protvox.structure.geometry.ca_trace import Trace
from protvox.structure.geometry.sse import SSEs
from protvox.voxel.lattice.lattice import SparseGrid, active_points
from protvox.voxel.lattice.neighbours import coarsen, neighbours

NORM_MOMENTUM: Final = 0.05
"""Weight of the latest batch in the running statistics of norms."""

MAX_POINTS: Final = 100_000
"""Largest number of lattice points in the box around a domain: a cube of 280 Å at 6 Å."""


@dataclass(frozen=True)
class CathConfig:
    """Configuration of a CATH network and its input.

    Attributes
    ----------
    labels
        CATH architectures in the order of the output, e.g. ``"3.40"``.
    spacing
        Distance between lattice points, Å.
    max_ca_distance
        Points closer to a CA atom than this are active, Å.
    shells, sigma
        Radii and width of the radial shells for the positions of CA atoms, Å.
    direction_shells, direction_sigma
        Radii and width of the radial shells for the directions of the chain, Å.
    cutoff
        Distance from a point beyond which a CA atom does not contribute, Å.
    min_neighbours
        Least number of active fine points around an active point of the coarse lattice.
    fine, coarse
        Irreps on the fine lattice, and on the coarse lattice of twice the spacing.
    fine_layers, coarse_layers
        Number of residual convolutions on each.
    features
        Scalars of the last layer, which are averaged over the points.
    dropout
        Probability of dropping a pooled feature.
    sse
        Configuration of the networks on secondary structure elements; None for none.
    """

    labels: tuple[str, ...]
    spacing: float = 6.0
    max_ca_distance: float = 4.5
    shells: tuple[float, ...] = (0.0, 1.75, 3.5, 5.25)
    sigma: float = 1.0
    direction_shells: tuple[float, ...] = (0.0, 4.0)
    direction_sigma: float = 2.0
    cutoff: float = 8.5
    min_neighbours: int = 6
    fine: str = "24x0e+12x1e+6x2e"
    coarse: str = "64x0e+20x1e+10x2e"
    fine_layers: int = 1
    coarse_layers: int = 1
    features: int = 160
    dropout: float = 0.3
    sse: SSEConfig | None = None

    @property
    def lattice(self) -> SparseGrid:
        """The lattice and the moments that the network reads."""
        return SparseGrid(
            self.spacing,
            self.max_ca_distance,
            tuple(self.shells),
            self.sigma,
            tuple(self.direction_shells),
            self.direction_sigma,
            self.cutoff,
        )


@dataclass(frozen=True)
class DomainPoints:
    """One domain as the network reads it.

    Attributes
    ----------
    moments
        ``point feature`` float32.
    fine
        ``point 27`` int64, neighbours of every active point.
    down
        ``coarse 27`` int64, fine points around every coarse point.
    coarse
        ``coarse 27`` int64, neighbours of every coarse point.
    """

    moments: NDArray[np.float32]
    fine: NDArray[np.int64]
    down: NDArray[np.int64]
    coarse: NDArray[np.int64]


def featurize_domain(
    trace: Trace,
    offset: NDArray[np.floating],
    config: CathConfig,
    *,
    name: str = "domain",
) -> DomainPoints:
    """Return a domain as the network reads it.

    Parameters
    ----------
    trace
        The chain, in the pose in which it is read.
    offset
        ``3``, position of one lattice point, in units of the spacing.
    config
        Configuration of the network.
    name
        Name of the domain in errors.

    Raises
    ------
    InputError
        If there is no CA atom (``domain.empty``) or the domain is too large for `MAX_POINTS`
        (``domain.too_large``).
    """
    points = active_points(trace, offset, config.lattice, maximum=MAX_POINTS, name=name)
    coarse, down = coarsen(points.index, config.min_neighbours)
    return DomainPoints(points.moments, neighbours(points.index), down, neighbours(coarse))


@dataclass(frozen=True)
class DomainBatch:
    """Several domains, with their points concatenated.

    Attributes
    ----------
    moments
        ``point feature`` float32.
    fine, down, coarse
        Neighbour tables as in `DomainPoints`.
    domain
        ``coarse`` int64, the domain of each coarse point.
    n_domains
        Number of domains.
    sses
        Their secondary structure elements (SSEs), for a network that reads them.
    """

    moments: Tensor
    fine: Tensor
    down: Tensor
    coarse: Tensor
    domain: Tensor
    n_domains: int
    sses: SSEBatch | None = None

    @classmethod
    def join(
        cls, domains: Sequence[DomainPoints], sses: Sequence[SSEs] | None = None
    ) -> DomainBatch:
        """Concatenate domains; they stay independent of each other.

        Parameters
        ----------
        domains
            At least one.
        sses
            The SSEs of each domain.

        Raises
        ------
        ValueError
            If the numbers of domains differ.
        """
        if sses is not None and len(sses) != len(domains):
            raise ValueError(f"{len(sses)} domains have SSEs, but {len(domains)} have points")
        fine = [len(one.moments) for one in domains]
        coarse = [len(one.coarse) for one in domains]
        return cls(
            torch.from_numpy(np.concatenate([one.moments for one in domains])),
            _stack([one.fine for one in domains], fine),
            _stack([one.down for one in domains], fine),
            _stack([one.coarse for one in domains], coarse),
            torch.from_numpy(np.repeat(np.arange(len(domains)), coarse)),
            len(domains),
            None if sses is None else SSEBatch.join(sses),
        )

    def to(self, device: torch.device, *, non_blocking: bool = False) -> DomainBatch:
        """Return the batch on a device."""
        moments, fine, down, coarse, domain = (
            tensor.to(device, non_blocking=non_blocking)
            for tensor in (self.moments, self.fine, self.down, self.coarse, self.domain)
        )
        sses = self.sses and self.sses.to(device, non_blocking=non_blocking)
        return DomainBatch(moments, fine, down, coarse, domain, self.n_domains, sses)


class CathNet(nn.Module):
    """Steerable network on the lattice points of a domain, optionally with networks on its SSEs.

    Parameters
    ----------
    config
        The configuration.
    layers
        Steerable layers for training (default), or plain layers to load inference weights.
    """

    def __init__(self, config: CathConfig, layers: Layers | None = None) -> None:
        super().__init__()
        self.config = config
        layers = layers or SteerableLayers()
        self.embedding, steps = layers.sparse_embedding(
            config.lattice.degrees, config.fine, NORM_MOMENTUM
        )
        self.steps = nn.ModuleList([nn.Sequential(*steps)])
        self.convolutions = nn.ModuleList()
        self._tables = (
            *("fine" for _ in range(config.fine_layers)),
            "down",
            *("coarse" for _ in range(config.coarse_layers)),
            "coarse",
        )
        widths = (
            *(config.fine for _ in range(config.fine_layers + 1)),
            *(config.coarse for _ in range(config.coarse_layers + 1)),
            f"{config.features}x0e",
        )
        self._residual = tuple(
            a == b and table != "down"
            for (a, b), table in zip(pairwise(widths), self._tables, strict=True)
        )
        for before, after in pairwise(widths):
            convolution, steps = layers.sparse_convolution(before, after, NORM_MOMENTUM)
            self.convolutions.append(convolution)
            self.steps.append(nn.Sequential(*steps))
        width = 2 * config.features + 1
        self.classifier = nn.Sequential(*layers.output(width, len(config.labels), config.dropout))
        # Released weights are stored under this name.
        self.elements = None if config.sse is None else SSENet(config.sse, len(config.labels))

    @property
    def FEEDS(self) -> tuple[tuple[str, str], ...]:  # noqa: N802
        """Pairs of layers of which the first feeds only the second, for `export_network`."""
        pairs = ((f"convolutions.{i}", f"steps.{i + 1}.0") for i in range(len(self.convolutions)))
        return (("embedding", "steps.0.0"), *pairs)

    def embed(self, batch: DomainBatch) -> Tensor:
        """Return the rotation-invariant features of domains.

        Parameters
        ----------
        batch
            The domains.

        Returns
        -------
        Tensor
            ``domain 2*features+1``: mean and maximum over the coarse points, and the logarithm
            of their number.
        """
        moments = self.embedding(batch.moments.T[None], (len(batch.moments), 1, 1))
        field = self.steps[0](moments.flatten(2)[0].T)
        stages = zip(self.convolutions, self.steps[1:], self._tables, self._residual, strict=True)
        for convolution, step, table, residual in stages:
            checkpoint()
            new = step(convolution(field, getattr(batch, table)))
            field = field + new if residual else new
        shape = (batch.n_domains, field.shape[1])
        count = torch.bincount(batch.domain, minlength=batch.n_domains).to(field)[:, None]
        mean = field.new_zeros(shape).index_add(0, batch.domain, field) / count
        rows = batch.domain[:, None].expand_as(field)
        highest = field.new_full(shape, -torch.inf).scatter_reduce(0, rows, field, "amax")
        return torch.cat([mean, highest, count.log() / 3], dim=1)

    def combine(self, logits: Tensor, sses: SSEBatch | None) -> Tensor:
        """Combine the logits of the lattice points with those of the SSEs.

        Parameters
        ----------
        logits
            ``domain label``, from the lattice points.
        sses
            The SSEs of the same domains; None if the network does not read them.

        Returns
        -------
        Tensor
            Logits ``domain label``: the mean of both log probabilities, weighted by
            `protvox.networks.sse.SSEConfig.share`.

        Raises
        ------
        ValueError
            If the network reads SSEs and they are missing, or their number of domains differs.
        """
        if self.elements is None:
            return logits
        if sses is None:
            raise ValueError("this network also reads SSEs: give them to DomainBatch.join")
        if len(sses.chain) != len(logits):
            raise ValueError(f"{len(logits)} domains, but SSEs of {len(sses.chain)}")
        share = self.elements.config.share
        second: Tensor = self.elements(sses)
        return (1 - share) * logits.log_softmax(dim=1) + share * second

    def forward(self, batch: DomainBatch) -> Tensor:
        """Return logits ``domain label``."""
        return self.combine(self.classifier(self.embed(batch)), batch.sses)


def _stack(tables: Sequence[NDArray[np.int64]], counts: Sequence[int]) -> Tensor:
    """Concatenate neighbour tables, with the rows of each counted from its start."""
    starts = np.cumsum([0, *counts[:-1]])
    shifted = [np.where(t >= 0, t + start, -1) for t, start in zip(tables, starts, strict=True)]
    return torch.from_numpy(np.concatenate(shifted))
