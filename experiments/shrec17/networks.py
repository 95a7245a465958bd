"""A steerable network for shapes, and the conventional one with the same layers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn import (
    FieldNorm,
    Gate,
    GlobalAveragePool,
    Invariants,
    LowPassPool,
    SteerableConv3d,
)
from protvox.nn.kernel import PAPER_FILTERS, Filters


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of both networks.

    Attributes
    ----------
    classes
        Number of classes.
    multiplicities
        Fields of degree 0, 1, 2, ... after each layer. The conventional network has as many
        channels as these fields have components. The last ones are averaged over space.
    sizes
        Edges of the kernels of the layers, voxels.
    strides
        Subsampling after each of them, 1 or 2; a field is blurred before it is subsampled.
    widths
        Standard deviations of the radial shells of the steerable kernels, voxels. If they are
        given, filters have degrees 0 and 1 and no shell that the faces of their cube would cut;
        otherwise they are those of Weiler et al. (2018).
    """

    classes: int
    multiplicities: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    widths: tuple[float, ...] = ()

    def filters(self, layer: int) -> Filters:
        """Return the filters of the steerable kernels of a layer."""
        if not self.widths:
            return PAPER_FILTERS
        return Filters(max(2, self.sizes[layer] // 2), degree=1, width=self.widths[layer])

    def stages(self) -> list[o3.Irreps]:
        """Return the irreps after each layer."""
        return [
            o3.Irreps([(mul, (degree, 1)) for degree, mul in enumerate(fields)])
            for fields in self.multiplicities
        ]


class BallWindow(nn.Module):
    """Sets a field to zero outside the ball that fills its grid.

    Layers carry features outwards, and a cubic grid cuts them off nearer at its faces than at
    its corners. Cut off on a sphere, they still rotate with the model.
    """

    def forward(self, field: Tensor) -> Tensor:
        """Apply the window, which falls from 1 to 0 over a voxel, to ``batch channel n n n``."""
        size = field.shape[-1]
        axis = torch.arange(size, dtype=field.dtype, device=field.device) - (size - 1) / 2
        radius = (axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2).sqrt()
        return field * (size / 2 - radius + 0.5).clamp(0, 1)


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
        for layer, target in enumerate(config.stages()):
            gate, size, stride = Gate(target, bias=True), config.sizes[layer], config.strides[layer]
            filters = config.filters(layer)
            layers += [
                SteerableConv3d(source, gate.irreps_in, size, padding=size // 2, filters=filters),
                FieldNorm(gate.irreps_in),
                gate,
                BallWindow(),
                *([LowPassPool(target)] if stride > 1 else []),
            ]
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
    """The same layers with free kernels: convolution, batch norm, ReLU, window and blur.

    Parameters
    ----------
    config
        Shape of the network.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        source = 1
        for fields, size, stride in zip(config.stages(), config.sizes, config.strides, strict=True):
            layers += [
                nn.Conv3d(source, fields.dim, size, padding=size // 2, bias=False),
                nn.BatchNorm3d(fields.dim),
                nn.ReLU(),
                BallWindow(),
                *([LowPassPool(f"{fields.dim}x0e")] if stride > 1 else []),
            ]
            source = fields.dim
        pool = (nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.BatchNorm1d(source, affine=False))
        self.features = nn.Sequential(*layers, *pool)
        self.classifier = nn.Linear(source, config.classes)

    def forward(self, density: Tensor) -> Tensor:
        """Classify densities ``batch 1 x y z``; returns logits ``batch classes``."""
        logits: Tensor = self.classifier(self.features(density))
        return logits


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
