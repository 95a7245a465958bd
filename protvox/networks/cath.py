"""The domain network: which CATH architecture a domain has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from protvox.networks.layers import Layers, SteerableLayers
from protvox.networks.sse import SSEBatch, SSEConfig, SSENet
from protvox.structure.geometry.ca_trace import Trace
from protvox.structure.geometry.sse import SSEs
from protvox.voxel.lattice.lattice import SparseGrid, active_points
from protvox.voxel.lattice.neighbours import coarsen, neighbours

NORM_MOMENTUM: Final = 0.05
"""Weight of the newest batch in the running statistics of norms."""

MAX_POINTS: Final = 100_000
"""Most lattice points in the box around one domain: a cube of 280 Å at 6 Å."""


@dataclass(frozen=True)
class CathConfig:
    """Everything that defines a domain network and its input.

    Attributes
    ----------
    labels
        CATH architectures in the order of the output, e.g. ``"3.40"``.
    spacing
        Edge of the lattice, Å.
    max_ca_distance
        Points closer to a CA atom than this are sites, Å.
    shells, sigma
        Radii and width of the radial shells for the positions of CA atoms, Å.
    direction_shells, direction_sigma
        The same for the directions of the chain, Å.
    cutoff
        Distance beyond which a CA atom is not seen from a site, Å.
    min_neighbours
        Least number of sites around a site of the coarse lattice.
    fine, coarse
        Irreps on the sites, and on those of the lattice of twice the edge.
    fine_layers, coarse_layers
        Residual convolutions on each.
    features
        Scalars of the last layer, which are averaged over the sites.
    dropout
        Probability of dropping a pooled feature.
    sse
        The networks on secondary structure elements that answer beside it; None for none.
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
    def sites(self) -> SparseGrid:
        """The lattice and the moments the network reads."""
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
        ``site feature`` float32.
    fine
        ``site 27`` int64, neighbours of every site.
    down
        ``coarse 27`` int64, sites around every coarse one.
    coarse
        ``coarse 27`` int64, neighbours of every coarse site.
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
    """Draw one domain.

    Parameters
    ----------
    trace
        Its CA atoms, turned as wanted.
    offset
        ``3``, a point of the lattice in units of its edge.
    config
        What the network reads.
    name
        What to call the domain in an error.

    Raises
    ------
    InputError
        If there is no CA atom (``domain.empty``) or the domain is too wide for `MAX_POINTS`
        (``domain.too_large``).
    """
    sites = active_points(trace, offset, config.sites, maximum=MAX_POINTS, name=name)
    coarse, down = coarsen(sites.index, config.min_neighbours)
    return DomainPoints(sites.moments, neighbours(sites.index), down, neighbours(coarse))


@dataclass(frozen=True)
class DomainBatch:
    """Several domains, the sites of all in one row.

    Attributes
    ----------
    moments
        ``site feature`` float32.
    fine, down, coarse
        Tables of neighbours as in `DomainPoints`.
    domain
        ``coarse`` int64, the domain each coarse site belongs to.
    n_domains
        Number of domains.
    sses
        Their secondary structure elements, for a network that reads them.
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
        """Put domains side by side; none sees another.

        Parameters
        ----------
        domains
            At least one.
        sses
            The secondary structure elements of each.

        Raises
        ------
        ValueError
            If there are more or fewer of them than domains.
        """
        if sses is not None and len(sses) != len(domains):
            raise ValueError(f"{len(sses)} domains have SSEs, {len(domains)} have sites")
        sites = [len(one.moments) for one in domains]
        coarse = [len(one.coarse) for one in domains]
        return cls(
            torch.from_numpy(np.concatenate([one.moments for one in domains])),
            _stack([one.fine for one in domains], sites),
            _stack([one.down for one in domains], sites),
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
    """Steerable network on the sites of a domain, averaged over them, and one on its elements.

    Parameters
    ----------
    config
        The architecture.
    layers
        Steerable to train; plain to load folded weights into.
    """

    def __init__(self, config: CathConfig, layers: Layers | None = None) -> None:
        super().__init__()
        self.config = config
        layers = layers or SteerableLayers()
        self.embedding, steps = layers.site_embedding(
            config.sites.degrees, config.fine, NORM_MOMENTUM
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
            convolution, steps = layers.site_convolution(before, after, NORM_MOMENTUM)
            self.convolutions.append(convolution)
            self.steps.append(nn.Sequential(*steps))
        width = 2 * config.features + 1
        self.classifier = nn.Sequential(*layers.output(width, len(config.labels), config.dropout))
        shape = config.sse
        # The name under which the released weights are stored.
        self.elements = None if shape is None else SSENet(shape, len(config.labels))

    @property
    def FEEDS(self) -> tuple[tuple[str, str], ...]:  # noqa: N802
        """Layers that feed one other and nothing else, for `protvox.nn.export_network`."""
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
            ``domain 2*features+1``: mean and maximum over the coarse sites, and the logarithm
            of their number.
        """
        moments = self.embedding(batch.moments.T[None], (len(batch.moments), 1, 1))
        field = self.steps[0](moments.flatten(2)[0].T)
        stages = zip(self.convolutions, self.steps[1:], self._tables, self._residual, strict=True)
        for convolution, step, table, residual in stages:
            new = step(convolution(field, getattr(batch, table)))
            field = field + new if residual else new
        shape = (batch.n_domains, field.shape[1])
        count = torch.bincount(batch.domain, minlength=batch.n_domains).to(field)[:, None]
        mean = field.new_zeros(shape).index_add(0, batch.domain, field) / count
        rows = batch.domain[:, None].expand_as(field)
        highest = field.new_full(shape, -torch.inf).scatter_reduce(0, rows, field, "amax")
        return torch.cat([mean, highest, count.log() / 3], dim=1)

    def answer(self, logits: Tensor, sses: SSEBatch | None) -> Tensor:
        """Return what the network says after a look at the elements.

        Parameters
        ----------
        logits
            ``domain label``, of the sites.
        sses
            The SSEs of the same domains; None where the network reads none.

        Returns
        -------
        Tensor
            Logits ``domain label``: the mean of both logarithms of probabilities, by
            `protvox.networks.sse.SSEConfig.share`.

        Raises
        ------
        ValueError
            If the network reads elements and there are none, or those of another number of domains.
        """
        if self.elements is None:
            return logits
        if sses is None:
            raise ValueError("this network reads elements as well: give them to DomainBatch.join")
        if len(sses.chain) != len(logits):
            raise ValueError(f"{len(logits)} domains, elements of {len(sses.chain)}")
        share = self.elements.config.share
        second: Tensor = self.elements(sses)
        return (1 - share) * logits.log_softmax(dim=1) + share * second

    def forward(self, batch: DomainBatch) -> Tensor:
        """Return logits ``domain label``."""
        return self.answer(self.classifier(self.embed(batch)), batch.sses)


def _stack(tables: Sequence[NDArray[np.int64]], counts: Sequence[int]) -> Tensor:
    """Put tables of neighbours under each other, counting the rows of each from its start."""
    starts = np.cumsum([0, *counts[:-1]])
    moved = [np.where(t >= 0, t + start, -1) for t, start in zip(tables, starts, strict=True)]
    return torch.from_numpy(np.concatenate(moved))
