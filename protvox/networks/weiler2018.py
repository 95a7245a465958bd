"""The two networks of the CATH experiment of Weiler et al. (2018).

Both classify a domain by its CA atoms on a 50^3 grid of 2 Å. They are the reference for protvox's
own networks. Their numbers of parameters, 143,560 and 15,878,764, are those of the original code.
"""

from __future__ import annotations

from dataclasses import dataclass

from e3nn import o3
from torch import Tensor, nn

from protvox.nn import (
    FieldNorm,
    Gate,
    GlobalAveragePool,
    IrrepDropout,
    ResidualBlock,
    SteerableConv3d,
)


@dataclass(frozen=True)
class SteerableResNetConfig:
    """Configuration of the steerable residual network.

    Attributes
    ----------
    channels
        Input channels, all scalars: one for CA atoms.
    classes
        Number of classes: the ten architectures of the experiment.
    multiplicities
        Fields of each degree in the four stages.
    max_degree
        Highest degree l in the hidden layers.
    blocks
        Residual blocks in the four stages; every stage but the first starts by halving the
        grid.
    scalars
        Scalars after the last block, which are averaged over the grid and classified.
    stem_size, size
        Edge of the kernels of the first and all later convolutions, in voxels.
    dropout
        Probability of dropping a whole irrep after a convolution.
    momentum
        Weight of the latest batch in the running statistics of norms.
    """

    channels: int = 1
    classes: int = 10
    multiplicities: tuple[int, ...] = (2, 4, 8, 16)
    max_degree: int = 3
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    scalars: int = 256
    stem_size: int = 7
    size: int = 3
    dropout: float = 0.1
    momentum: float = 0.01


class SteerableResNet(nn.Module):
    """Steerable ResNet-34 of Weiler et al. (2018), with 143,560 parameters by default.

    Parameters
    ----------
    config
        The configuration.
    """

    def __init__(self, config: SteerableResNetConfig) -> None:
        super().__init__()
        self.config = config
        degrees = range(config.max_degree + 1)
        stages = [
            o3.Irreps([(fields, (degree, 1)) for degree in degrees])
            for fields in config.multiplicities
        ]
        self.irreps_in = o3.Irreps([(config.channels, (0, 1))])
        gate = Gate(stages[0], bias=True)
        layers: list[nn.Module] = [
            FieldNorm(self.irreps_in, momentum=config.momentum),
            SteerableConv3d(
                self.irreps_in, gate.irreps_in, config.stem_size, padding=config.stem_size // 2
            ),
            gate,
            IrrepDropout(stages[0], config.dropout),
        ]
        scalars = o3.Irreps([(config.scalars, (0, 1))])
        source = stages[0]
        for stage, (hidden, count) in enumerate(zip(stages, config.blocks, strict=True)):
            for block in range(count):
                last = stage == len(stages) - 1 and block == count - 1
                target = scalars if last else hidden
                layers.append(
                    ResidualBlock(
                        source,
                        target,
                        irreps_hidden=hidden,
                        size=config.size,
                        stride=2 if stage > 0 and block == 0 else 1,
                        norm="before",
                        gate_bias=True,
                        dropout=config.dropout,
                        momentum=config.momentum,
                    )
                )
                source = target
        self.features = nn.Sequential(*layers, GlobalAveragePool(scalars))
        self.classifier = nn.Linear(config.scalars, config.classes)

    def forward(self, field: Tensor) -> Tensor:
        """Classify densities ``batch channels x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(field))
        return logits


@dataclass(frozen=True)
class ResNetConfig:
    """Configuration of the conventional residual network.

    Attributes
    ----------
    channels, classes
        Input channels and number of classes.
    widths
        Channels in the four stages.
    blocks
        Residual blocks in the four stages; every stage but the first starts by halving the
        grid.
    stem_size, size
        Edge of the kernels of the first and all later convolutions, in voxels.
    dropout
        Probability of dropping a whole channel after a convolution.
    """

    channels: int = 1
    classes: int = 10
    widths: tuple[int, ...] = (32, 64, 128, 256)
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    stem_size: int = 7
    size: int = 3
    dropout: float = 0.01


class ResNet(nn.Module):
    """Conventional 3D ResNet-34 of Weiler et al. (2018), with 15,878,764 parameters by default.

    Parameters
    ----------
    config
        The configuration.
    """

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = [
            nn.BatchNorm3d(config.channels),
            _plain_convolution(config.channels, config.widths[0], config.stem_size),
            nn.Dropout3d(config.dropout),
            nn.ReLU(),
        ]
        source = config.widths[0]
        for stage, (target, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for block in range(count):
                halve = stage > 0 and block == 0
                layers.append(_PlainBlock(source, target, config, halve=halve))
                source = target
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten())
        self.classifier = nn.Linear(source, config.classes)

    def forward(self, field: Tensor) -> Tensor:
        """Classify densities ``batch channels x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(field))
        return logits


class _PlainBlock(nn.Module):
    """Two convolutions and a shortcut, then a ReLU; each convolution normalises its input."""

    def __init__(self, source: int, target: int, config: ResNetConfig, *, halve: bool) -> None:
        super().__init__()
        pool = [nn.AvgPool3d(3, stride=2, padding=1)] if halve else []
        self.body = nn.Sequential(
            nn.BatchNorm3d(source),
            _plain_convolution(source, target, config.size),
            nn.Dropout3d(config.dropout),
            *pool,
            nn.ReLU(),
            nn.BatchNorm3d(target),
            _plain_convolution(target, target, config.size),
            nn.Dropout3d(config.dropout),
        )
        self.shortcut = nn.Sequential()
        if source != target or halve:
            self.shortcut = nn.Sequential(
                nn.BatchNorm3d(source),
                _plain_convolution(source, target, 1),
                nn.Dropout3d(config.dropout),
                *pool,
            )
        self.activation = nn.ReLU()

    def forward(self, field: Tensor) -> Tensor:
        total: Tensor = self.activation(self.body(field) + self.shortcut(field))
        return total


def _plain_convolution(source: int, target: int, size: int) -> nn.Conv3d:
    convolution = nn.Conv3d(source, target, size, padding=size // 2, bias=False)
    nn.init.xavier_normal_(convolution.weight)
    return convolution
