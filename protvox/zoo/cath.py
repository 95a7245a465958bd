"""The domain network: which CATH architecture a domain has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from protvox.nn.plain import count_channels, parse_irreps
from protvox.structure.secondary import secondary_structure
from protvox.vocabulary import ATOM_TYPE_INDEX, ATOM_TYPES
from protvox.voxel.moments import MomentSpec
from protvox.zoo.config import ConvConfig
from protvox.zoo.layers import Layers, SteerableLayers

DOMAIN_CHANNELS: Final = (
    "coil CA", "helix CA", "strand CA", "N", "O", "apolar side chain", "polar side chain",
)  # fmt: skip
"""Channels of a domain. The first three are in the order of `SecondaryStructure`."""

_CA_CHANNELS: Final = 3

SKIPPED: Final = 255
"""Channel of the atoms that are not drawn: ligands, nucleic acids and metals."""

NORM_MOMENTUM: Final = 0.01
"""A batch holds domains of one size, so its statistics are those of that size; the running
ones must average over many batches (0.1 cost 19 points of validation accuracy)."""

_CHANNEL_OF_TYPE: Final = {
    "backbone_N": 3, "backbone_O": 4,
    "aliphatic_C": 5, "aromatic_C": 5, "sulfur": 5,
    "polar_C": 6, "charged_N": 6, "neutral_N": 6, "charged_O": 6, "neutral_O": 6,
}  # fmt: skip


def domain_channels(
    atom_type: NDArray[np.uint8], coordinates: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return the channel of every atom of one domain.

    Parameters
    ----------
    atom_type
        ``atom`` uint8, index into `protvox.vocabulary.ATOM_TYPES`.
    coordinates
        ``atom 3`` float32, Å; the trace of the CA atoms decides their secondary structure.

    Returns
    -------
    ndarray
        ``atom`` uint8, index into `DOMAIN_CHANNELS`, or `SKIPPED`.
    """
    table = [_CHANNEL_OF_TYPE.get(kind, SKIPPED) for kind in ATOM_TYPES]
    channel = np.array(table, dtype=np.uint8)[atom_type]
    trace = atom_type == ATOM_TYPE_INDEX["backbone_CA"]
    channel[trace] = secondary_structure(coordinates[trace])
    return channel


def grid_shape(extent: NDArray[np.float32], spacing: float) -> tuple[int, int, int]:
    """Return the grid that holds a box, with a margin of at least half a spacing.

    Parameters
    ----------
    extent
        ``3`` float32, edge lengths of the box, Å.
    spacing
        Distance of the grid points, Å.
    """
    x, y, z = (int(n) for n in np.ceil(extent / spacing) + 1)
    return x, y, z


@dataclass(frozen=True)
class CathConfig:
    """Everything that defines a domain network and its input.

    Attributes
    ----------
    labels
        CATH architectures in the order of the output, e.g. ``"3.40"``.
    spacing
        Distance of the grid points, Å.
    shells, sigma
        Radii and width of the radial shells of the first layer, Å.
    embedding
        Irreps after the first layer.
    convolutions
        The layers that follow; the last one gives scalars, which are averaged over space.
    low_pass
        Blur before striding, in voxels.
    dropout
        Probability of dropping a pooled feature.
    """

    labels: tuple[str, ...]
    spacing: float = 6.0
    shells: tuple[float, ...] = (0.0, 1.75, 3.5, 5.25)
    sigma: float = 1.0
    embedding: str = "24x0e+12x1e+6x2e"
    convolutions: tuple[ConvConfig, ...] = field(
        default=(
            ConvConfig("32x0e+12x1e+6x2e", stride=2, padding=1),
            ConvConfig("32x0e+12x1e+6x2e", padding=1),
            ConvConfig("96x0e", padding=1),
        )
    )
    low_pass: float | None = None
    dropout: float = 0.3

    def moments(self, shape: tuple[int, int, int]) -> MomentSpec:
        """Return the moments the network reads on a grid of some shape.

        Parameters
        ----------
        shape
            Grid points along x, y and z.
        """
        return MomentSpec(
            shape, self.spacing, tuple(self.shells), self.sigma, 2, len(DOMAIN_CHANNELS)
        )


@dataclass(frozen=True)
class DomainBatch:
    """Moments of several domains on grids of one shape.

    Attributes
    ----------
    moments
        ``domain feature point`` float32, from `protvox.voxel.moments.domain_moments`.
    shape
        Grid points along x, y and z.
    """

    moments: Tensor
    shape: tuple[int, int, int]

    def to(self, device: torch.device, *, non_blocking: bool = False) -> DomainBatch:
        """Return the batch on a device."""
        return DomainBatch(self.moments.to(device, non_blocking=non_blocking), self.shape)


class CathNet(nn.Module):
    """Steerable network over a whole domain, averaged over space.

    Parameters
    ----------
    config
        The architecture.
    layers
        Steerable to train; plain to load folded weights into.
    """

    FEEDS = (("embedding", "stages.0.0"),)
    """Layers that feed one other and nothing else, for `protvox.nn.folding.fold`."""

    def __init__(self, config: CathConfig, layers: Layers | None = None) -> None:
        super().__init__()
        self.config = config
        layers = layers or SteerableLayers()
        spec = config.moments((1, 1, 1))
        pairs = tuple(spec.n_types * len(spec.shells_of(degree)) for degree in spec.degrees)
        self.embedding, steps = layers.embedding(pairs, config.embedding, NORM_MOMENTUM)
        stages = [nn.Sequential(*steps)]
        irreps = config.embedding
        for conv in config.convolutions:
            blur = config.low_pass if conv.stride > 1 else None
            stages.append(nn.Sequential(*layers.convolution(irreps, conv, NORM_MOMENTUM, blur)))
            irreps = conv.irreps
        self.stages = nn.ModuleList(stages)
        self._strides = (1, *(conv.stride for conv in config.convolutions))
        self._occupancy = slice(0, _CA_CHANNELS * len(config.shells))
        width = 2 * count_channels(parse_irreps(irreps)) + 1
        self.classifier = nn.Sequential(*layers.output(width, len(config.labels), config.dropout))

    def embed(self, batch: DomainBatch) -> Tensor:
        """Return the rotation-invariant features of domains.

        Parameters
        ----------
        batch
            The domains.

        Returns
        -------
        Tensor
            ``domain 2*width+1``: mean and maximum over the occupied space, and the logarithm
            of its volume.
        """
        # Where there is no CA nearby the field is held at 0, as it is beyond the grid: how
        # much empty space a grid leaves around a domain then makes no difference.
        moments, shape = batch.moments, batch.shape
        occupied = moments[:, self._occupancy].sum(dim=1).clamp(max=1).unflatten(1, shape)[:, None]
        field = self.embedding(moments, shape)
        for stage, stride in zip(self.stages, self._strides, strict=True):
            if stride > 1:
                occupied = functional.max_pool3d(occupied, 3, stride, padding=1)
            field = stage(field) * occupied
        volume = occupied.sum(dim=(2, 3, 4)) + 1e-3
        return torch.cat(
            [field.sum(dim=(2, 3, 4)) / volume, field.amax(dim=(2, 3, 4)), volume.log()], dim=1
        )

    def forward(self, batch: DomainBatch) -> Tensor:
        """Return logits ``domain label``."""
        logits: Tensor = self.classifier(self.embed(batch))
        return logits
