"""Layers of the Tetris networks, which map an empty grid to zeros.

An empty voxel stays exactly zero through all layers. A constant background would end at the
faces of the grid and form a cube, which does not rotate with a piece.
"""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn import Gate
from protvox.nn.irreps import field_dims, field_of_channel

EPSILON = 1e-8


class Scale(nn.Module):
    """Divide every field by the root mean square of its components over batch and space.

    Parameters
    ----------
    irreps
        Irreps of the field.
    gains
        Root mean square of scalars, and of all other fields, afterwards. Fields fill a small
        part of the grid, so their peaks are about ten times as high.

    Notes
    -----
    Like `FieldNorm`, without subtracting a mean from scalars. In training mode the statistics are
    those of the batch, and the running ones their mean since `reset`.
    """

    running_square: Tensor
    field_of_channel: Tensor
    dims: Tensor
    gain: Tensor

    def __init__(self, irreps: o3.Irreps | str, gains: tuple[float, float]) -> None:
        super().__init__()
        irreps = o3.Irreps(irreps)
        dims = torch.tensor(field_dims(irreps), dtype=torch.get_default_dtype())
        gain = torch.where(dims == 1, *gains).to(dims)
        self.register_buffer("gain", gain, persistent=False)
        self.register_buffer("dims", dims, persistent=False)
        self.register_buffer("field_of_channel", field_of_channel(irreps), persistent=False)
        self.register_buffer("running_square", torch.ones(len(dims)))
        self.seen = 0

    def reset(self) -> None:
        """Forget the running statistics."""
        self.seen = 0

    def forward(self, field: Tensor) -> Tensor:
        """Scale a field ``batch irreps.dim x y z``."""
        square = self.running_square
        if self.training:
            channels = field.square().mean((0, 2, 3, 4))
            square = torch.zeros_like(square).index_add(0, self.field_of_channel, channels)
            square = square / self.dims
            self.seen += 1
            with torch.no_grad():
                self.running_square.lerp_(square, 1 / self.seen)
        factor = self.gain * (square + EPSILON).rsqrt()
        return field * factor[self.field_of_channel].view(1, -1, 1, 1, 1)


class CommonScale(nn.Module):
    """Centre every feature and divide all of them by one common number.

    Normalising each feature by itself would amplify features that differ between pieces only by
    the errors of the grid.

    Parameters
    ----------
    features
        Number of features.
    gain
        Root mean square afterwards.
    """

    running_mean: Tensor
    running_square: Tensor

    def __init__(self, features: int, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_square", torch.ones(()))
        self.seen = 0

    def reset(self) -> None:
        """Forget the running statistics."""
        self.seen = 0

    def forward(self, features: Tensor) -> Tensor:
        """Scale features ``batch feature``."""
        mean, square = self.running_mean, self.running_square
        if self.training:
            mean = features.mean(0)
            square = (features - mean).square().mean()
            self.seen += 1
            with torch.no_grad():
                self.running_mean.lerp_(mean, 1 / self.seen)
                self.running_square.lerp_(square, 1 / self.seen)
        return self.gain * (features - mean) * (square + EPSILON).rsqrt()


class ProductGate(nn.Module):
    """Gated non-linearity, with products of neighbouring vectors.

    Mirror images differ in pseudo-scalars alone, which take three vectors: a cross product
    and a scalar product. A gate produces them only through derivatives of its factors, a
    thousandth of the features where fields are smooth.

    Parameters
    ----------
    scalars, vectors
        Fields that are gated.

    Attributes
    ----------
    irreps_in
        What the convolution before must produce: scalars, gates, vectors.
    irreps_out
        The gated scalars, the scalar products of every vector with the next one, the gated
        vectors, and their cross products.
    """

    def __init__(self, scalars: int, vectors: int) -> None:
        super().__init__()
        blocks = [(scalars, (0, 1)), (vectors, (1, 1))][: 2 if vectors else 1]
        self.gate = Gate(o3.Irreps(blocks), activation="silu")
        self.scalars, self.vectors = scalars, vectors
        self.irreps_in = self.gate.irreps_in
        pairs = [(scalars + vectors, (0, 1)), (2 * vectors, (1, 1))][: 2 if vectors else 1]
        self.irreps_out = o3.Irreps(pairs)

    def forward(self, field: Tensor) -> Tensor:
        """Gate a field ``batch irreps_in.dim x y z``."""
        gated: Tensor = self.gate(field)
        if not self.vectors:
            return gated
        scalars, flat = gated[:, : self.scalars], gated[:, self.scalars :]
        vectors = flat.unflatten(1, (self.vectors, 3))
        others = vectors.roll(1, dims=1)
        inner = (vectors * others).sum(2)
        outer = torch.linalg.cross(vectors, others, dim=2)
        return torch.cat([scalars, inner, flat, outer.flatten(1, 2)], dim=1)
