"""Memory layout of fields: the shape is always ``batch channel x y z``, the strides vary.

On a CPU, convolutions run 1.2 to 1.5 times faster when all channels of a voxel lie side by
side ("channels last"). The layers keep whatever layout they are given; the convolution
decides.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def is_channels_last(field: Tensor) -> bool:
    """Tell whether the channels of a voxel lie side by side in memory.

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


def preferred_layout(weight: Tensor) -> torch.memory_format:
    """Return the layout in which a convolution with this weight runs fastest.

    Parameters
    ----------
    weight
        ``out in k k k``; its device and dtype count.
    """
    vectorised = weight.device.type == "cpu" and weight.dtype != torch.float64
    return torch.channels_last_3d if vectorised else torch.contiguous_format


def mix_channels(matrix: Tensor, field: Tensor) -> Tensor:
    """Multiply the channel axis of a field by a matrix, without changing its layout.

    Parameters
    ----------
    matrix
        ``out channel``.
    field
        ``batch channel ...``; a slice of the channels of a larger field will do.

    Returns
    -------
    Tensor
        ``batch out ...``.
    """
    if field.ndim == 5 and field.stride(1) == 1:
        rows = functional.linear(field.permute(0, 2, 3, 4, 1), matrix)
        return rows.permute(0, 4, 1, 2, 3)
    mixed = torch.matmul(matrix, field.flatten(2) if field.ndim > 2 else field[:, :, None])
    return mixed.view(field.shape[0], matrix.shape[0], *field.shape[2:])
