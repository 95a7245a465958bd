"""Equivariant layers on voxel fields ``batch channel x y z``.

Every layer shows ``irreps_in`` and ``irreps_out``; the channel axis holds the blocks of the
irreps one after another, multiplicity outside, components inside.
"""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn import functional as F

from protvox.nn.kernel import SteerableKernel, check_irreps, irreps_slices


class SteerableConv3d(nn.Module):
    """Convolution that commutes with rotations (Weiler et al. 2018, section 4).

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output fields.
    size
        Edge length of the kernel in voxels, odd.
    stride
        Keep every ``stride``-th voxel. With ``low_pass`` the field is blurred first.
    padding
        Voxels of zeros around the input; 0 is a "valid" convolution.
    low_pass
        Standard deviation in voxels of the Gaussian blur before subsampling, folded into
        the kernel; None for no blur. Without it a strided layer aliases and loses the
        rotation robustness it was built for.

    Notes
    -----
    The blur is a convolution itself, so kernel and blur are merged into one larger kernel;
    the layer costs one ``conv3d`` either way.
    """

    def __init__(
        self,
        irreps_in: o3.Irreps | str,
        irreps_out: o3.Irreps | str,
        size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        low_pass: float | None = None,
    ) -> None:
        super().__init__()
        self.kernel = SteerableKernel(irreps_in, irreps_out, size)
        self.irreps_in = self.kernel.irreps_in
        self.irreps_out = self.kernel.irreps_out
        self.stride = stride
        self.padding = padding
        self.low_pass = low_pass
        if low_pass is not None:
            self.register_buffer("blur", gaussian_kernel(low_pass), persistent=False)

    def weight(self) -> Tensor:
        """Return the dense kernel with the low-pass filter merged in, ``out in k k k``."""
        kernel: Tensor = self.kernel()
        if self.low_pass is None:
            return kernel
        blur = self.get_buffer("blur")
        flat = kernel.flatten(0, 1)[:, None]
        merged = F.conv3d(flat, blur[None, None], padding=blur.shape[-1] - 1)
        return merged.view(*kernel.shape[:2], *merged.shape[2:])

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field ``batch irreps_in.dim x y z``."""
        return F.conv3d(field, self.weight(), stride=self.stride, padding=self.padding)

    def fold(self) -> nn.Conv3d:
        """Return the plain convolution that computes the same thing."""
        weight = self.weight().detach()
        conv = nn.Conv3d(
            weight.shape[1],
            weight.shape[0],
            weight.shape[-1],
            stride=self.stride,
            padding=self.padding,
            bias=False,
        )
        conv.weight = nn.Parameter(weight.clone(), requires_grad=False)
        return conv

    def extra_repr(self) -> str:
        """Return stride, padding and blur for the one-line repr."""
        return f"stride={self.stride}, padding={self.padding}, low_pass={self.low_pass}"


def gaussian_kernel(sigma: float) -> Tensor:
    """Return a normalised cubic Gaussian, cut at three standard deviations.

    Parameters
    ----------
    sigma
        Standard deviation in voxels.

    Returns
    -------
    Tensor
        ``k k k``, default dtype, sum 1.
    """
    half = max(1, round(3 * sigma))
    axis = torch.arange(-half, half + 1, dtype=torch.float64)
    line = torch.exp(-0.5 * (axis / sigma) ** 2)
    line = line / line.sum()
    cube = torch.einsum("x,y,z->xyz", line, line, line)
    return cube.to(torch.get_default_dtype())


class FieldNorm(nn.Module):
    """Batch normalisation of irreps (Weiler et al. 2018, section 4.5).

    Scalars are centred and scaled to unit variance; a vector or tensor field is divided by
    the root mean square of its length over batch and space, one number for each field, so
    that its direction is untouched.

    Parameters
    ----------
    irreps
        Irreps of the field.
    momentum
        Weight of the newest batch in the running statistics.
    affine
        Learn a scale for each field and a bias for each scalar. The paper has none.
    """

    def __init__(
        self, irreps: o3.Irreps | str, *, momentum: float = 0.1, affine: bool = False
    ) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)
        self.momentum = momentum
        self.eps = 1e-5
        self.affine = affine
        fields = sum(m.mul for m in self.irreps_in)
        scalars = sum(m.mul for m in self.irreps_in if m.ir.l == 0)
        self.register_buffer("running_mean", torch.zeros(scalars))
        self.register_buffer("running_square", torch.ones(fields))
        if affine:
            self.scale = nn.Parameter(torch.ones(fields))
            self.bias = nn.Parameter(torch.zeros(scalars))
        index = [i for i, m in enumerate(_fields(self.irreps_in)) for _ in range(m)]
        self.register_buffer("field_of_channel", torch.tensor(index), persistent=False)
        scalar = [m == 1 for m in _fields(self.irreps_in)]
        self.register_buffer("is_scalar", torch.tensor(scalar), persistent=False)
        self.register_buffer(
            "dims", torch.tensor([float(m) for m in _fields(self.irreps_in)]), persistent=False
        )

    def affine_map(self) -> tuple[Tensor, Tensor]:
        """Return per-channel scale and shift of the evaluation mode, ``channel`` each."""
        return self._channel_map(self.running_mean, self.running_square)

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

    def forward(self, field: Tensor) -> Tensor:
        """Normalise a field ``batch irreps.dim ...``."""
        if self.training:
            mean, square = self._batch_statistics(field)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
                self.running_square.lerp_(square.to(self.running_square), self.momentum)
        else:
            mean, square = self.running_mean, self.running_square
        scale, shift = self._channel_map(mean, square)
        shape = (1, -1) + (1,) * (field.ndim - 2)
        return field * scale.view(shape) + shift.view(shape)

    def _batch_statistics(self, field: Tensor) -> tuple[Tensor, Tensor]:
        axes = [0, *range(2, field.ndim)]
        channel_square = field.square().mean(axes)
        channel_mean = field.mean(axes)
        square = torch.zeros_like(self.running_square, dtype=channel_square.dtype)
        square = square.index_add(0, self.field_of_channel, channel_square) / self.dims
        mean = channel_mean[self.is_scalar[self.field_of_channel]]
        square = square - torch.zeros_like(square).masked_scatter(self.is_scalar, mean.square())
        return mean, square.clamp_min(0)

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in}, affine={self.affine}"


def _fields(irreps: o3.Irreps) -> list[int]:
    return [m.ir.dim for m in irreps for _ in range(m.mul)]


class Gate(nn.Module):
    """Gated non-linearity (Weiler et al. 2018, section 4.4).

    Scalars pass through an activation; every field of degree l > 0 is multiplied by the
    sigmoid of a scalar of its own, which the preceding convolution computes.

    Parameters
    ----------
    irreps_out
        Irreps after the gate; scalars first.
    activation
        ``"relu"`` (paper) or ``"silu"``.

    Attributes
    ----------
    irreps_in
        Irreps the preceding convolution must produce: scalars, then gates, then the rest.
    """

    def __init__(self, irreps_out: o3.Irreps | str, *, activation: str = "relu") -> None:
        super().__init__()
        self.irreps_out = check_irreps(irreps_out)
        degrees = [m.ir.l for m in self.irreps_out]
        if 0 in degrees[1:] or degrees != sorted(degrees):
            raise ValueError(f"irreps {self.irreps_out}: a gate takes one scalar block, first")
        self.n_scalars = self.irreps_out[0].mul if degrees and degrees[0] == 0 else 0
        gated = [m for m in self.irreps_out if m.ir.l > 0]
        self.n_gates = sum(m.mul for m in gated)
        scalars = [(self.n_scalars + self.n_gates, (0, 1))]
        self.irreps_in = o3.Irreps(scalars + [(m.mul, m.ir) for m in gated])
        self.activation = activation
        self.gated = gated
        gate_of_channel = [g for g, dim in enumerate(_fields(o3.Irreps(gated))) for _ in range(dim)]
        self.register_buffer(
            "gate_of_channel", torch.tensor(gate_of_channel, dtype=torch.long), persistent=False
        )

    def forward(self, field: Tensor) -> Tensor:
        """Gate a field ``batch irreps_in.dim ...`` to ``batch irreps_out.dim ...``."""
        scalars = field[:, : self.n_scalars]
        scalars = F.silu(scalars) if self.activation == "silu" else F.relu(scalars)
        if not self.n_gates:
            return scalars
        gates = torch.sigmoid(field[:, self.n_scalars : self.n_scalars + self.n_gates])
        tensors = field[:, self.n_scalars + self.n_gates :]
        return torch.cat([scalars, tensors * gates[:, self.gate_of_channel]], dim=1)

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, {self.activation}"


class NormActivation(nn.Module):
    """Norm non-linearity: each field is scaled by a function of its own length.

    Parameters
    ----------
    irreps
        Irreps of the field, unchanged by the layer.

    Notes
    -----
    Worrall et al. (2017): ``v -> v * relu(|v| + b) / |v|`` with a learned bias b.
    """

    def __init__(self, irreps: o3.Irreps | str) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)
        self.bias = nn.Parameter(torch.zeros(sum(m.mul for m in self.irreps_in)))
        index = [i for i, m in enumerate(_fields(self.irreps_in)) for _ in range(m)]
        self.register_buffer("field_of_channel", torch.tensor(index), persistent=False)

    def forward(self, field: Tensor) -> Tensor:
        """Apply to a field ``batch irreps.dim ...``."""
        lengths = torch.cat(
            [
                field[:, part].unflatten(1, (m.mul, m.ir.dim)).square().sum(2)
                for part, m in zip(irreps_slices(self.irreps_in), self.irreps_in, strict=True)
            ],
            dim=1,
        )
        lengths = (lengths + 1e-12).sqrt()
        bias = self.bias.view(1, -1, *(1,) * (field.ndim - 2))
        factor = F.relu(lengths + bias) / lengths
        return field * factor[:, self.field_of_channel]


class IrrepDropout(nn.Module):
    """Dropout of whole fields: all components of an irrep, everywhere in space, at once.

    Parameters
    ----------
    irreps
        Irreps of the field.
    p
        Probability of a field to be zeroed.
    """

    def __init__(self, irreps: o3.Irreps | str, p: float) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)
        self.p = p
        index = [i for i, m in enumerate(_fields(self.irreps_in)) for _ in range(m)]
        self.register_buffer("field_of_channel", torch.tensor(index), persistent=False)

    def forward(self, field: Tensor) -> Tensor:
        """Apply to a field ``batch irreps.dim ...``."""
        if not self.training or self.p == 0:
            return field
        fields = sum(m.mul for m in self.irreps_in)
        keep = torch.full((field.shape[0], fields), 1 - self.p, device=field.device)
        mask = torch.bernoulli(keep).to(field.dtype) / (1 - self.p)
        return field * mask[:, self.field_of_channel].view(*field.shape[:2], *(1,) * (field.ndim - 2))
