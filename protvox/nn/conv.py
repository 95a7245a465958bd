"""Steerable convolution: a learned steerable kernel and one ``conv3d``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn import functional

from protvox.nn.blur import blur_field
from protvox.nn.irreps import check_field
from protvox.nn.kernel import PAPER_FILTERS, Filters, SteerableKernel
from protvox.nn.layout import arrange_weight
from protvox.nn.plain_layers import blur_width


class SteerableConv3d(nn.Module):
    """Convolution that commutes with rotations (Weiler et al. 2018, section 4).

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output fields.
    size
        Edge of the kernel in voxels, odd.
    stride
        Keep every ``stride``-th voxel. With ``low_pass`` the field is blurred first.
    padding
        Voxels of zeros around the input; 0 is a "valid" convolution.
    low_pass
        Standard deviation in voxels of the Gaussian blur before subsampling; None for no
        blur. Without a blur, aliasing makes a strided layer less robust to rotations.
    filters
        Shells and degrees of the kernel.

    Notes
    -----
    The blur is itself a convolution and commutes with the other: the layer blurs its input along
    each axis, and convolves the result with a stride. `weight` and `export` merge both into one
    larger kernel that gives the same result.

    A strided layer commutes with the rotations of the cube only if the voxels it keeps are
    symmetric in the grid: ``n + 2 * padding - k`` must be a multiple of the stride for an axis
    of n voxels and a (merged) kernel of k.

    Examples
    --------
    >>> layer = SteerableConv3d("1x0e", "4x0e+2x1e", size=5, padding=2)
    >>> layer(torch.zeros(1, 1, 8, 8, 8)).shape
    torch.Size([1, 10, 8, 8, 8])
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
        filters: Filters = PAPER_FILTERS,
    ) -> None:
        super().__init__()
        self.kernel = SteerableKernel(irreps_in, irreps_out, size, filters=filters)
        self.irreps_in = self.kernel.irreps_in
        self.irreps_out = self.kernel.irreps_out
        self.stride = stride
        self.padding = padding
        self.low_pass = low_pass
        if low_pass is not None:
            self.register_buffer("blur", gaussian_kernel(low_pass), persistent=False)

    def weight(self) -> Tensor:
        """Return the dense kernel, merged with the low-pass filter, ``out in k k k``."""
        kernel: Tensor = self.kernel()
        if self.low_pass is None:
            return kernel
        blur = self.get_buffer("blur")
        flat = kernel.flatten(0, 1)[:, None]
        with torch.autocast(kernel.device.type, enabled=False):
            merged = functional.conv3d(flat, blur[None, None], padding=blur.shape[-1] - 1)
        return merged.view(*kernel.shape[:2], *merged.shape[2:])

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field ``batch irreps_in.dim x y z``."""
        check_field(field, self.irreps_in, "SteerableConv3d")
        weight = arrange_weight(self.kernel())
        if self.low_pass is None:
            return functional.conv3d(field, weight, stride=self.stride, padding=self.padding)
        blurred = blur_field(field, self.low_pass, padding=self.padding)
        return functional.conv3d(blurred, weight, stride=self.stride)

    def export(self) -> nn.Conv3d:
        """Return the equivalent plain convolution."""
        weight = self.weight().detach()
        conv = nn.Conv3d(
            weight.shape[1],
            weight.shape[0],
            weight.shape[-1],
            stride=self.stride,
            padding=self.padding,
            bias=False,
            device="meta",
        )
        conv.weight = nn.Parameter(arrange_weight(weight.clone()), requires_grad=False)
        return conv

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> SteerableConv3d:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self.low_pass is not None:
            # Sampled again, because casting float32 to float64 would keep the rounding.
            blur = self.get_buffer("blur")
            self.blur = gaussian_kernel(self.low_pass, dtype=blur.dtype).to(blur.device)
        return self

    def __repr__(self) -> str:
        """Return one line: irreps, kernel size, stride, padding and blur."""
        blur = "" if self.low_pass is None else f", low_pass={self.low_pass}"
        return (
            f"{type(self).__name__}({self.kernel.extra_repr()}, stride={self.stride}, "
            f"padding={self.padding}{blur})"
        )


def gaussian_kernel(sigma: float, dtype: torch.dtype | None = None) -> Tensor:
    """Return a normalised Gaussian on a cube, cut off at three standard deviations.

    Parameters
    ----------
    sigma
        Standard deviation in voxels.
    dtype
        Type of the result; None for torch's default.

    Returns
    -------
    Tensor
        ``k k k``, sum 1.
    """
    half = blur_width(sigma) // 2
    axis = torch.arange(-half, half + 1, dtype=torch.float64)
    line = torch.exp(-0.5 * (axis / sigma) ** 2)
    line = line / line.sum()
    cube = torch.einsum("x,y,z->xyz", line, line, line)
    return cube.to(dtype or torch.get_default_dtype())
