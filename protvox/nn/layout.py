"""Memory layout of fields: the shape is always ``batch channel x y z``, but the strides vary.

On a CPU, convolutions are up to 1.5 times faster if the channels of a voxel are contiguous in
memory ("channels last"), but converting a wide field costs more than that. So all layers keep the
layout of their input, and a convolution with few input channels, usually the first of a network,
returns channels last.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

FEW_CHANNELS = 16
"""A convolution with at most this many input channels returns channels last."""


def is_channels_last(field: Tensor) -> bool:
    """Return whether the channels of a voxel are contiguous in memory.

    Parameters
    ----------
    field
        ``batch channel x y z``, or any other shape (then False).
    """
    return (
        field.ndim == 5
        and field.is_contiguous(memory_format=torch.channels_last_3d)
        and not field.is_contiguous()
    )


def arrange_weight(weight: Tensor) -> Tensor:
    """Return the weight of a convolution in its best memory layout.

    With a weight that is channels last, the convolution returns channels last; otherwise it keeps
    the layout of the field.

    Parameters
    ----------
    weight
        ``out in k k k``; the layout depends on its device, dtype and input channels.
    """
    # For float64, torch uses another routine, which needs contiguous memory.
    vectorised = weight.device.type == "cpu" and weight.dtype != torch.float64
    if not vectorised or weight.shape[1] > FEW_CHANNELS:
        return weight.contiguous()
    weight = weight.contiguous(memory_format=torch.channels_last_3d)
    _, channels, x, y, z = weight.shape
    # With one channel the two layouts are the same in memory and differ only in the strides.
    strides = (channels * x * y * z, 1, channels * y * z, channels * z, channels)
    return weight.as_strided(weight.shape, strides)


def mix_channels(matrix: Tensor, field: Tensor) -> Tensor:
    """Multiply the channel axis of a field by a matrix, without changing its layout.

    Parameters
    ----------
    matrix
        ``out channel``.
    field
        ``batch channel ...``; may be a slice of the channels of a larger field.

    Returns
    -------
    Tensor
        ``batch out ...``.
    """
    if field.ndim == 5 and field.stride(1) == 1:
        rows = functional.linear(field.permute(0, 2, 3, 4, 1), matrix)
        return rows.permute(0, 4, 1, 2, 3)
    flat = field.flatten(2) if field.ndim > 2 else field[:, :, None]
    # A product with a single matrix would copy the field to merge its batch axis.
    mixed = torch.bmm(matrix.expand(len(field), -1, -1), flat)
    return mixed.view(field.shape[0], matrix.shape[0], *field.shape[2:])
