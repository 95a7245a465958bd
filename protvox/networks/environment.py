"""The environment network, which predicts the amino acid at a residue from its surroundings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from torch import Tensor, nn

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import fail
from protvox.networks.config import ConvConfig
from protvox.networks.layers import Layers, SteerableLayers
from protvox.nn.plain_layers import count_channels, parse_irreps
from protvox.voxel.moments.moments import MomentSpec
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES

NORM_MOMENTUM: Final = 0.1
"""Weight of the latest batch in the running statistics of norms."""


@dataclass(frozen=True)
class EnvironmentConfig:
    """Configuration of an environment network and its input.

    Attributes
    ----------
    size, spacing
        Points along each edge of the grid, and their distance, Å.
    shells, sigma
        Radii and width of the radial shells of the first layer, Å.
    cb_offset
        Distance of the grid centre from CA, along the bond to the ideal CB, Å.
    embedding
        Irreps after the first layer.
    convolutions
        The layers that follow.
    hidden
        Widths of the hidden layers of the head.
    dropout
        Probability of dropping a feature in the head.
    """

    size: int = 7
    spacing: float = 2.0
    shells: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0)
    sigma: float = 0.55
    cb_offset: float = 2.3
    embedding: str = "32x0e+8x1e+8x2e"
    convolutions: tuple[ConvConfig, ...] = field(
        default=(
            ConvConfig("256x0e+64x1e+32x2e", stride=2),
            ConvConfig("96x0e+16x1e+8x2e", size=1),
        )
    )
    hidden: tuple[int, ...] = (384, 256)
    dropout: float = 0.1

    @property
    def moments(self) -> MomentSpec:
        """The moments that the network reads."""
        return MomentSpec(
            self.size, self.spacing, tuple(self.shells), self.sigma, 2, N_ENVIRONMENT_TYPES
        )


class EnvironmentNet(nn.Module):
    """Steerable convolutions in the local frame of a residue, and a fully connected head.

    The moments of the atoms are the first steerable convolution; gated steerable convolutions
    follow. The grid is fixed to the local frame of the residue (N, CA, C), so the prediction
    does not depend on the pose of the structure, and the head can use the positions of features
    and the directions of vectors instead of averaging over them.

    Parameters
    ----------
    config
        The configuration.
    layers
        Steerable layers for training (default), or plain layers to load inference weights.

    Raises
    ------
    ModelError
        If the grid is too small for the convolutions (``config.value``).
    """

    FEEDS = (("embedding", "trunk.0"),)
    """Pairs of layers of which the first feeds only the second, for
    `protvox.nn.export_network`."""

    def __init__(self, config: EnvironmentConfig, layers: Layers | None = None) -> None:
        super().__init__()
        self.config = config
        layers = layers or SteerableLayers()
        spec = config.moments
        pairs = tuple(spec.n_types * len(spec.shells_of(degree)) for degree in spec.degrees)
        self.embedding, steps = layers.embedding(pairs, config.embedding, NORM_MOMENTUM)
        irreps, size = config.embedding, config.size
        for conv in config.convolutions:
            steps += layers.convolution(irreps, conv, NORM_MOMENTUM)
            irreps = conv.irreps
            size = (size + 2 * conv.padding - conv.size) // conv.stride + 1
            if size < 1:
                raise fail("config.value.grid", where="environment network")
        self.trunk = nn.Sequential(*steps)
        width = count_channels(parse_irreps(irreps)) * size**3
        head: list[nn.Module] = []
        for hidden in config.hidden:
            head += layers.hidden(width, hidden, config.dropout)
            width = hidden
        self.features = nn.Sequential(*head)
        self.classifier = nn.Sequential(*layers.output(width, len(AMINO_ACIDS), config.dropout))

    def embed(self, moments: Tensor) -> Tensor:
        """Return the features before the last layer.

        Parameters
        ----------
        moments
            ``residue feature point``, from `protvox.voxel.moments.moments.environment_moments`.

        Returns
        -------
        Tensor
            ``residue hidden``.
        """
        field = self.embedding(moments, self.config.moments.shape)
        features: Tensor = self.features(self.trunk(field).flatten(1))
        return features

    def forward(self, moments: Tensor) -> Tensor:
        """Return logits ``residue 20`` in the order of `protvox.chemistry.AMINO_ACIDS`."""
        logits: Tensor = self.classifier(self.embed(moments))
        return logits
