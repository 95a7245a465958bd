"""The residue-environment network: which of the 20 amino acids fits at a residue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from torch import Tensor, nn

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import fail
from protvox.networks.config import ConvConfig
from protvox.networks.layers import Layers, SteerableLayers
from protvox.nn.export.layers import count_channels, parse_irreps
from protvox.voxel.moments.moments import MomentSpec
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES

NORM_MOMENTUM: Final = 0.1
"""Weight of the newest batch in the running statistics of norms."""


@dataclass(frozen=True)
class EnvironmentConfig:
    """Everything that defines an environment network and its input.

    Attributes
    ----------
    size, spacing
        Points along each edge of the grid, and their distance, Å.
    shells, sigma
        Radii and width of the radial shells of the first layer, Å.
    cb_offset
        Grid centre on the bond from CA to the ideal CB, Å from CA.
    embedding
        Irreps after the first layer.
    convolutions
        The layers that follow.
    hidden
        Widths of the read-out.
    dropout
        Probability of dropping a feature in the read-out.
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
        """The moments the network reads."""
        return MomentSpec(
            self.size, self.spacing, tuple(self.shells), self.sigma, 2, N_ENVIRONMENT_TYPES
        )


class EnvironmentNet(nn.Module):
    """Steerable trunk in the residue's frame, read out with position and direction.

    The moments of the atoms are the first steerable convolution; gated steerable
    convolutions follow. The grid is fixed to the residue's own frame (N, CA, C), so the
    answer does not depend on the pose of the file, and the read-out may use where a feature
    is and where a vector points instead of averaging both away.

    Parameters
    ----------
    config
        The architecture.
    layers
        Steerable to train; plain to load folded weights into.

    Raises
    ------
    ModelError
        If the grid is too small for the convolutions.
    """

    FEEDS = (("embedding", "trunk.0"),)
    """Layers that feed one other and nothing else, for `protvox.nn.export_network`."""

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
