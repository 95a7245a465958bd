"""A steerable network, and the conventional one with the same layers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn import functional

from experiments.tetris.layers import CommonScale, ProductGate, Scale
from protvox.nn import Filters, SteerableConv3d, blur_field
from protvox.nn.plain_layers import blur_width


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of both networks.

    Attributes
    ----------
    fields
        Scalars and vectors that are gated after each layer; products double them. The
        conventional network has as many channels as the steerable one after each layer. The
        last ones are summed over space.
    sizes
        Edges of the kernels of the layers, voxels.
    widths
        Standard deviations of the radial shells of the steerable kernels, voxels.
    strides
        Subsampling after each of them.
    paddings
        Voxels of zeros around the input of each layer, without those for the blur.
    low_pass
        Standard deviation in voxels of the blur before subsampling; 0 for none.
    gains
        Root mean square over the grid of scalars and vectors before each non-linearity. Small
        ones keep the non-linearities smooth, so that the grid can resolve their output.
    read_out
        Root mean square of the input of the classifier.
    classes
        Number of pieces.
    """

    fields: tuple[tuple[int, int], ...] = ((2, 3), (2, 3), (2, 3), (16, 0))
    sizes: tuple[int, ...] = (7, 3, 3, 3)
    widths: tuple[float, ...] = (0.6, 0.38, 0.38, 0.38)
    strides: tuple[int, ...] = (2, 1, 1, 1)
    paddings: tuple[int, ...] = (7, 2, 2, 1)
    low_pass: float = 1.8
    gains: tuple[float, float] = (0.12, 0.2)
    read_out: float = 4.0
    classes: int = 8


class SteerableNet(nn.Module):
    """Steerable convolutions, the sum over space, and a linear classifier.

    Parameters
    ----------
    config
        Shape of the network.

    Notes
    -----
    Kernels have filters of degree 0 and 1, without the shell that the faces of their cube would
    cut. Vectors are enough: products of three of them distinguish mirror images.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        source = o3.Irreps("1x0e")
        for layer, (scalars, vectors) in enumerate(config.fields):
            gate = ProductGate(scalars, vectors)
            size, blur = config.sizes[layer], _blur(config, layer)
            # A kernel of 3 voxels has only one shell, which is narrow instead.
            filters = Filters(max(2, size // 2), degree=1, width=config.widths[layer])
            layers += [
                SteerableConv3d(
                    source,
                    gate.irreps_in,
                    size,
                    stride=config.strides[layer],
                    padding=_padding(config, layer),
                    low_pass=blur,
                    filters=filters,
                ),
                Scale(gate.irreps_in, config.gains),
                gate,
            ]
            source = gate.irreps_out
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            CommonScale(source.dim, config.read_out), nn.Linear(source.dim, config.classes)
        )

    def forward(self, density: Tensor) -> Tensor:
        """Classify densities ``batch 1 x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(density).sum((2, 3, 4)))
        return logits


class ConventionalNet(nn.Module):
    """The same layers with free kernels: convolution, subsampling, scale, SiLU.

    Parameters
    ----------
    config
        Shape of the network.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        source = 1
        for layer, (scalars, vectors) in enumerate(config.fields):
            target = ProductGate(scalars, vectors).irreps_out.dim
            layers += [
                BlurredConv3d(
                    source,
                    target,
                    config.sizes[layer],
                    stride=config.strides[layer],
                    padding=_padding(config, layer),
                    low_pass=_blur(config, layer),
                ),
                Scale(f"{target}x0e", config.gains),
                nn.SiLU(),
            ]
            source = target
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            CommonScale(source, config.read_out), nn.Linear(source, config.classes)
        )

    def forward(self, density: Tensor) -> Tensor:
        """Classify densities ``batch 1 x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(density).sum((2, 3, 4)))
        return logits


class BlurredConv3d(nn.Module):
    """A conventional convolution that blurs before it strides, as the steerable one does.

    Parameters
    ----------
    channels_in, channels_out
        Channels.
    size
        Edge of the kernel, voxels, odd.
    stride
        Subsampling factor.
    padding
        Voxels of zeros around the input.
    low_pass
        Standard deviation of the blur in voxels; None for none.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        size: int,
        *,
        stride: int,
        padding: int,
        low_pass: float | None,
    ) -> None:
        super().__init__()
        self.inner = nn.Conv3d(channels_in, channels_out, size, bias=False)
        self.stride, self.padding, self.low_pass = stride, padding, low_pass

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field ``batch channels_in x y z``."""
        weight = self.inner.weight
        if self.low_pass is None:
            return functional.conv3d(field, weight, stride=self.stride, padding=self.padding)
        blurred = blur_field(field, self.low_pass, padding=self.padding)
        return functional.conv3d(blurred, weight, stride=self.stride)


def build(kind: str, config: NetworkConfig, seed: int) -> nn.Module:
    """Return a network with random weights.

    Parameters
    ----------
    kind
        ``"steerable"`` or ``"conventional"``.
    config
        Shape of the network.
    seed
        Seed of the weights.
    """
    torch.manual_seed(seed)
    return {"steerable": SteerableNet, "conventional": ConventionalNet}[kind](config)


def _blur(config: NetworkConfig, layer: int) -> float | None:
    return config.low_pass if config.low_pass and config.strides[layer] > 1 else None


def _padding(config: NetworkConfig, layer: int) -> int:
    blur = _blur(config, layer)
    return config.paddings[layer] + (0 if blur is None else blur_width(blur) // 2)
