"""The layout of irreps along the channel axis of a field."""

from __future__ import annotations

from itertools import pairwise

import torch
from e3nn import o3
from torch import Tensor


def check_irreps(irreps: o3.Irreps | str) -> o3.Irreps:
    """Parse irreps of SO(3), which are written as even irreps.

    Parameters
    ----------
    irreps
        E.g. ``"16x0e+8x1e+4x2e"``.

    Raises
    ------
    ValueError
        If an irrep is odd. The layers are equivariant to SO(3) but not to reflections, so that
        the two mirror images of a chiral molecule are distinguished.

    Examples
    --------
    >>> check_irreps("16x0e+8x1e").dim
    40
    """
    irreps = o3.Irreps(irreps)
    odd = [str(mul_ir) for mul_ir in irreps if mul_ir.ir.p != 1]
    if odd:
        raise ValueError(
            f"irreps {irreps}: {', '.join(odd)} is odd under inversion; SO(3) layers take "
            "even irreps only, write 1e instead of 1o"
        )
    return irreps


def check_exportable(irreps: o3.Irreps) -> None:
    """Check that an exported convolution can have these irreps; its bias is on the first block.

    Parameters
    ----------
    irreps
        Output irreps of a convolution.

    Raises
    ------
    ValueError
        If the scalars are not a single block at the start.
    """
    if any(m.ir.l == 0 for m in irreps[1:]):
        raise ValueError(f"irreps {irreps}: for export, the scalars must be one block, the first")


def check_field(field: Tensor, irreps: o3.Irreps, layer: str) -> None:
    """Check that a field has the number of channels that a layer expects.

    Parameters
    ----------
    field
        ``batch channel ...``.
    irreps
        Irreps that the layer expects.
    layer
        Name of the layer in the message.

    Raises
    ------
    ValueError
        If the channel axis does not have ``irreps.dim`` entries.
    """
    if field.ndim < 2 or field.shape[1] != irreps.dim:
        raise ValueError(
            f"{layer} takes a field of irreps {irreps}, {irreps.dim} channels on axis 1; "
            f"got a tensor of shape {tuple(field.shape)}"
        )


def irreps_slices(irreps: o3.Irreps) -> list[slice]:
    """Return the channel slice of every block of irreps.

    Parameters
    ----------
    irreps
        Irreps of a field.

    Examples
    --------
    >>> irreps_slices(o3.Irreps("2x0e+1x1e"))
    [slice(0, 2, None), slice(2, 5, None)]
    """
    ends = [0]
    for mul_ir in irreps:
        ends.append(ends[-1] + mul_ir.dim)
    return [slice(a, b) for a, b in pairwise(ends)]


def field_dims(irreps: o3.Irreps) -> list[int]:
    """Return the number of components of every single irrep, in channel order.

    Parameters
    ----------
    irreps
        E.g. ``"2x0e+1x1e"``, which gives ``[1, 1, 3]``.
    """
    return [m.ir.dim for m in irreps for _ in range(m.mul)]


def field_of_channel(irreps: o3.Irreps) -> Tensor:
    """Return the index of the single irrep that every channel belongs to.

    Parameters
    ----------
    irreps
        E.g. ``"2x0e+1x1e"``, which gives ``[0, 1, 2, 2, 2]``.

    Returns
    -------
    Tensor
        ``channel`` int64.
    """
    dims = torch.tensor(field_dims(irreps), dtype=torch.long)
    return torch.arange(len(dims)).repeat_interleave(dims)
