"""A separable Gaussian low-pass filter of fields."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from protvox.nn.layout import is_channels_last
from protvox.nn.plain_layers import blur_width


def blur_field(field: Tensor, sigma: float, *, padding: int = 0) -> Tensor:
    """Blur a field with a Gaussian, cut off at three standard deviations.

    Parameters
    ----------
    field
        ``batch channel x y z``.
    sigma
        Standard deviation in voxels.
    padding
        Voxels of zeros around the input; 0 is a "valid" convolution.

    Returns
    -------
    Tensor
        ``batch channel x y z`` in the memory layout of the field; an axis of n voxels becomes
        ``n + 2 * padding - blur_width(sigma) + 1``.

    Examples
    --------
    >>> blur_field(torch.ones(1, 1, 9, 9, 9), sigma=1.0).shape
    torch.Size([1, 1, 3, 3, 3])
    """
    last = is_channels_last(field)
    first = 1 if last else 2
    if last:
        field = field.permute(0, 2, 3, 4, 1)
    for axis in range(first, first + 3):
        shape = field.shape
        matrix = _blur_matrix(shape[axis], sigma, padding).to(field)
        slabs = field.reshape(shape[:axis].numel(), shape[axis], shape[axis + 1 :].numel())
        field = torch.matmul(matrix, slabs).view(*shape[:axis], len(matrix), *shape[axis + 1 :])
    return field.permute(0, 4, 1, 2, 3) if last else field


@lru_cache(maxsize=64)
def _blur_matrix(size: int, sigma: float, padding: int) -> Tensor:
    """Return the matrix that blurs one axis, ``result size`` float64."""
    half = blur_width(sigma) // 2
    steps = torch.arange(-half, half + 1, dtype=torch.float64)
    line = torch.exp(-0.5 * (steps / sigma) ** 2)
    line = line / line.sum()
    centres = torch.arange(half - padding, size + padding - half)
    offset = torch.arange(size)[None] - centres[:, None]
    weights = line[offset.clamp(-half, half) + half]
    return torch.where(offset.abs() <= half, weights, torch.zeros_like(weights))
