"""The steerable network of four layers, and the conventional one with the same layers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn import FieldNorm, Gate, GlobalAveragePool, LowPassPool, SteerableConv3d


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of both networks.

    Attributes
    ----------
    multiplicities
        Fields of degree 0, 1, 2, ... after each of the first three layers. The conventional
        network has as many channels as these fields have components.
    scalars
        Channels of the last layer, which are averaged over space.
    sizes
        Edges of the kernels of the four layers, voxels.
    strides
        Subsampling after each of them.
    low_pass
        Blur before subsampling.
    classes
        Number of pieces.
    """

    multiplicities: tuple[tuple[int, ...], ...] = ((4, 4, 2), (6, 6, 3), (6, 6, 3))
    scalars: int = 32
    sizes: tuple[int, ...] = (5, 3, 3, 3)
    strides: tuple[int, ...] = (2, 2, 1, 1)
    low_pass: bool = True
    classes: int = 8


class SteerableNet(nn.Module):
    """Four steerable convolutions, the mean over space, its norm, and a linear classifier.

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
            layers += [
                SteerableConv3d(source, gate.irreps_in, size, padding=size // 2),
                *_subsampling(gate.irreps_in, stride, config.low_pass),
                FieldNorm(gate.irreps_in),
                gate,
            ]
            source = target
        self.features = nn.Sequential(*layers, GlobalAveragePool(source), FieldNorm(source))
        self.classifier = nn.Linear(source.dim, config.classes)

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
            layers += [
                nn.Conv3d(source, fields.dim, size, padding=size // 2, bias=False),
                *_subsampling(fields, stride, config.low_pass),
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


class Subsample(nn.Module):
    """Keep every ``stride``-th voxel, without any blur.

    Parameters
    ----------
    stride
        Subsampling factor.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, field: Tensor) -> Tensor:
        """Subsample a field ``batch channel x y z``."""
        step = slice(None, None, self.stride)
        return field[:, :, step, step, step].contiguous()


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
    hidden = [
        o3.Irreps([(mul, (degree, 1)) for degree, mul in enumerate(fields)])
        for fields in config.multiplicities
    ]
    return [*hidden, o3.Irreps([(config.scalars, (0, 1))])]


def _subsampling(irreps: o3.Irreps, stride: int, low_pass: bool) -> list[nn.Module]:
    if stride == 1:
        return []
    return [LowPassPool(irreps, stride) if low_pass else Subsample(stride)]
