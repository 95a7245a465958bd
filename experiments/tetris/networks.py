"""A steerable network, and the conventional one with the same layers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn import functional

from protvox.nn import (
    FieldNorm,
    Gate,
    GlobalAveragePool,
    Invariants,
    SteerableConv3d,
    gaussian_kernel,
)


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of both networks.

    Attributes
    ----------
    multiplicities
        Fields of degree 0, 1, 2, ... after each layer. The conventional network has as many
        channels as these fields have components. The last ones are averaged over space.
    sizes
        Edges of the kernels of the layers, voxels.
    strides
        Subsampling after each of them.
    low_pass
        Standard deviation in voxels of the blur before subsampling; 0 for none.
    classes
        Number of pieces.
    """

    multiplicities: tuple[tuple[int, ...], ...] = ((3, 3, 2), (4, 4, 3), (4, 4, 2), (32,))
    sizes: tuple[int, ...] = (5, 5, 5, 5)
    strides: tuple[int, ...] = (2, 1, 1, 1)
    low_pass: float = 2.0
    classes: int = 8


class SteerableNet(nn.Module):
    """Steerable convolutions, the mean over space, its invariants, and a linear classifier.

    Parameters
    ----------
    config
        Shape of the network.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        source = o3.Irreps("1x0e")
        for target, size, stride in zip(_stages(config), config.sizes, config.strides, strict=True):
            gate = Gate(target, bias=True)
            blur = config.low_pass if stride > 1 and config.low_pass else None
            layers += [
                SteerableConv3d(
                    source, gate.irreps_in, size,
                    stride=stride, padding=_padding(size, blur), low_pass=blur,
                ),
                FieldNorm(gate.irreps_in),
                gate,
            ]  # fmt: skip
            source = target
        lengths = Invariants(source)
        self.features = nn.Sequential(
            *layers, GlobalAveragePool(source), lengths, FieldNorm(lengths.irreps_out)
        )
        self.classifier = nn.Linear(lengths.irreps_out.dim, config.classes)

    def forward(self, density: Tensor) -> Tensor:
        """Classify densities ``batch 1 x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(density))
        return logits


class ConventionalNet(nn.Module):
    """The same layers with free kernels: convolution, subsampling, batch norm, ReLU.

    Parameters
    ----------
    config
        Shape of the network.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        source = 1
        for fields, size, stride in zip(_stages(config), config.sizes, config.strides, strict=True):
            blur = config.low_pass if stride > 1 and config.low_pass else None
            layers += [
                BlurredConv3d(source, fields.dim, size, stride=stride, low_pass=blur),
                nn.BatchNorm3d(fields.dim),
                nn.ReLU(),
            ]
            source = fields.dim
        pool = (nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.BatchNorm1d(source, affine=False))
        self.features = nn.Sequential(*layers, *pool)
        self.classifier = nn.Linear(source, config.classes)

    def forward(self, density: Tensor) -> Tensor:
        """Classify densities ``batch 1 x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(density))
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
    low_pass
        Standard deviation of the blur in voxels; None for none.
    """

    def __init__(
        self, channels_in: int, channels_out: int, size: int, *, stride: int, low_pass: float | None
    ) -> None:
        super().__init__()
        self.inner = nn.Conv3d(channels_in, channels_out, size, bias=False)
        self.stride = stride
        self.padding = _padding(size, low_pass)
        blur = None if low_pass is None else gaussian_kernel(low_pass)
        self.register_buffer("blur", blur, persistent=False)

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field ``batch channels_in x y z``."""
        weight = self.inner.weight
        if self.blur is not None:
            flat = weight.flatten(0, 1)[:, None]
            blurred = functional.conv3d(
                flat, self.blur[None, None], padding=self.blur.shape[-1] - 1
            )
            weight = blurred.view(*weight.shape[:2], *blurred.shape[2:])
        return functional.conv3d(field, weight, stride=self.stride, padding=self.padding)


def build(kind: str, config: NetworkConfig, seed: int) -> nn.Module:
    """Return a network with random weights.

    Parameters
    ----------
    kind
        ``"steerable"`` or ``"conventional"``.
    config
        Shape of the network.
    seed
        Decides the weights.
    """
    torch.manual_seed(seed)
    return {"steerable": SteerableNet, "conventional": ConventionalNet}[kind](config)


def _stages(config: NetworkConfig) -> list[o3.Irreps]:
    return [
        o3.Irreps([(mul, (degree, 1)) for degree, mul in enumerate(fields)])
        for fields in config.multiplicities
    ]


def _padding(size: int, blur: float | None) -> int:
    """Return the padding that keeps the centre: half of the kernel with the blur in it."""
    grown = 0 if blur is None else gaussian_kernel(blur).shape[-1] - 1
    return (size + grown) // 2
