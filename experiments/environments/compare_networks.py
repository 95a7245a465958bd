"""A steerable and a conventional network of the same layer widths, and two ways to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from e3nn import o3
from torch import Tensor, nn

from protvox.chemistry import AMINO_ACIDS
from protvox.nn import FieldNorm, Gate, GlobalAveragePool, SteerableConv3d, check_irreps

KINDS: Final = ("steerable", "conventional")
"""The compared networks."""

SETTINGS: Final = ("rotated", "frame")
"""Grids and read-out: grids along the axes of the file, rotated at random in training, and an
average of scalars over space, as in the paper; or grids in the frame of the residue, and every
number at every position."""


@dataclass(frozen=True)
class ComparedConfig:
    """Shape of both networks.

    Attributes
    ----------
    layers
        Irreps after every convolution; the conventional network has as many channels as
        these have components. With an average over space the last one is all scalars.
    sizes, strides
        Edges of the kernels in voxels, and their strides. Convolutions are valid: none reads
        beyond the grid.
    hidden
        Units in the hidden layer of the read-out.
    dropout
        Dropout probability of the input of the read-out.
    """

    layers: tuple[str, ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    hidden: int
    dropout: float

    def irreps(self, setting: str) -> list[o3.Irreps]:
        """Return the irreps after every convolution."""
        found = [check_irreps(layer) for layer in self.layers]
        if setting == "rotated":
            found[-1] = o3.Irreps([(found[-1].dim, (0, 1))])
        return found

    def edge(self, size: int) -> int:
        """Return the voxels along an axis after all convolutions."""
        for kernel, stride in zip(self.sizes, self.strides, strict=True):
            size = (size - kernel) // stride + 1
        return size


class Compared(nn.Module):
    """One of the two networks; maps densities ``batch channel x y z`` to 20 logits.

    Parameters
    ----------
    kind
        One of `KINDS`.
    setting
        One of `SETTINGS`.
    config
        Shape.
    channels
        Input channels.
    size
        Voxels along an edge of the input.
    """

    def __init__(
        self, kind: str, setting: str, config: ComparedConfig, channels: int, size: int
    ) -> None:
        super().__init__()
        block = _steerable_block if kind == "steerable" else _conventional_block
        source = o3.Irreps([(channels, (0, 1))])
        layers: list[nn.Module] = []
        shapes = zip(config.irreps(setting), config.sizes, config.strides, strict=True)
        for target, kernel, stride in shapes:
            layers += block(source, target, kernel, stride)
            source = target
        self.trunk = nn.Sequential(*layers)
        pool = GlobalAveragePool(source) if setting == "rotated" else nn.Flatten()
        width = source.dim * (1 if setting == "rotated" else config.edge(size) ** 3)
        self.readout = nn.Sequential(
            pool,
            nn.Dropout(config.dropout),
            nn.Linear(width, config.hidden, bias=False),
            nn.BatchNorm1d(config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, len(AMINO_ACIDS)),
        )

    def forward(self, field: Tensor) -> Tensor:
        """Return logits ``batch 20`` of densities ``batch channel x y z``."""
        logits: Tensor = self.readout(self.trunk(field))
        return logits


def _steerable_block(
    source: o3.Irreps, target: o3.Irreps, size: int, stride: int
) -> list[nn.Module]:
    gate = Gate(target, activation="silu")
    convolution = SteerableConv3d(source, gate.irreps_in, size, stride=stride)
    return [convolution, FieldNorm(gate.irreps_in, affine=True), gate]


def _conventional_block(
    source: o3.Irreps, target: o3.Irreps, size: int, stride: int
) -> list[nn.Module]:
    convolution = nn.Conv3d(source.dim, target.dim, size, stride=stride, bias=False)
    return [convolution, nn.BatchNorm3d(target.dim), nn.SiLU()]
