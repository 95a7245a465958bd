"""Batch normalisation of fields of irreps."""

from __future__ import annotations

from typing import Any

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from protvox.nn.irreps import check_field, check_irreps, field_dims, field_of_channel


class FieldNorm(nn.Module):
    """Batch normalisation of irreps (Weiler et al. 2018, section 4.5).

    Scalars are centred and scaled to unit variance. A vector or tensor field is divided by the
    root mean square of its components over batch and space, one number per field, so that its
    direction does not change.

    Parameters
    ----------
    irreps
        Irreps of the field.
    momentum
        Weight of the latest batch in the running statistics.
    affine
        Learn a scale for each field and a bias for each scalar, unlike the paper.

    Examples
    --------
    >>> FieldNorm("4x0e+2x1e")(torch.randn(2, 10, 5, 5, 5)).shape
    torch.Size([2, 10, 5, 5, 5])
    """

    running_mean: Tensor
    running_square: Tensor
    field_of_channel: Tensor
    is_scalar: Tensor
    dims: Tensor

    def __init__(
        self, irreps: o3.Irreps | str, *, momentum: float = 0.1, affine: bool = False
    ) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)
        self.momentum = momentum
        self.eps = 1e-5
        self.affine = affine
        dims = torch.tensor(field_dims(self.irreps_in))
        scalars = int((dims == 1).sum())
        self.register_buffer("running_mean", torch.zeros(scalars))
        self.register_buffer("running_square", torch.ones(len(dims)))
        if affine:
            self.scale = nn.Parameter(torch.ones(len(dims)))
            self.bias = nn.Parameter(torch.zeros(scalars))
        index = field_of_channel(self.irreps_in)
        self.register_buffer("field_of_channel", index, persistent=False)
        self.register_buffer("is_scalar", dims == 1, persistent=False)
        self.register_buffer("dims", dims.to(torch.get_default_dtype()), persistent=False)

    def affine_map(self) -> tuple[Tensor, Tensor]:
        """Return the scale and shift of every channel in evaluation mode, ``channel`` each."""
        return self._channel_map(self.running_mean, self.running_square)

    def forward(self, field: Tensor) -> Tensor:
        """Normalise a field ``batch irreps.dim ...``."""
        check_field(field, self.irreps_in, "FieldNorm")
        if self.training:
            mean, square = self._batch_statistics(field)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                self.running_square.lerp_(square.to(self.running_square), self.momentum)
        else:
            mean, square = self.running_mean, self.running_square
        scale, shift = self._channel_map(mean, square)
        # Batch norm with mean 0 and variance 1 applies scale and shift in a single pass.
        zero, one = torch.zeros_like(scale), torch.ones_like(scale)
        return functional.batch_norm(field, zero, one, scale, shift, training=False, eps=0.0)

    def _channel_map(self, mean: Tensor, square: Tensor) -> tuple[Tensor, Tensor]:
        scale = (square + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.scale
        shift = torch.zeros_like(scale)
        scalar_shift = -mean * scale[self.is_scalar]
        if self.affine:
            scalar_shift = scalar_shift + self.bias
        shift = shift.masked_scatter(self.is_scalar, scalar_shift)
        return scale[self.field_of_channel], shift[self.field_of_channel]

    def _batch_statistics(self, field: Tensor) -> tuple[Tensor, Tensor]:
        mean, variance = _ChannelMoments.apply(field)  # type: ignore[no-untyped-call]
        of_scalar = self.is_scalar[self.field_of_channel]
        # The variance for scalars, and the mean square for components of other irreps.
        square = torch.where(of_scalar, variance, variance + mean.square())
        fields = torch.zeros_like(self.running_square, dtype=square.dtype)
        fields = fields.index_add(0, self.field_of_channel, square) / self.dims.to(square)
        return mean[of_scalar], fields

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in}, affine={self.affine}"


class _ChannelMoments(Function):
    """Mean and variance of every channel over batch and space.

    Written by hand, because autograd would store and read several copies of the field; this
    backward pass reads it once.
    """

    @staticmethod
    def forward(ctx: Any, field: Tensor) -> tuple[Tensor, Tensor]:
        if field.device.type == "cpu":
            mean, variance = torch.batch_norm_update_stats(field, None, None, 0.0)
        else:
            axes = [0, *range(2, field.ndim)]
            variance, mean = torch.var_mean(field, axes, correction=0)
        ctx.save_for_backward(field, mean)
        return mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_mean: Tensor, grad_variance: Tensor) -> Tensor:
        field, mean = ctx.saved_tensors
        count = field.numel() // field.shape[1]
        slope = 2 * grad_variance / count
        offset = grad_mean / count - slope * mean
        shape = (1, -1) + (1,) * (field.ndim - 2)
        slope, offset = slope.to(field.dtype), offset.to(field.dtype)
        return torch.addcmul(offset.view(shape), field, slope.view(shape))
