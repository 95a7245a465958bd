"""Folding for inference: a trained steerable network as a plain convolutional network.

A steerable kernel is fixed once training ends, and a normalisation in evaluation mode is a
scale and a shift of every channel. Both go into the weight and bias of one ``nn.Conv3d``,
so a folded network costs what a conventional network of the same widths costs.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from protvox.nn.conv import SteerableConv3d
from protvox.nn.dropout import IrrepDropout
from protvox.nn.norm import FieldNorm


def fold(module: nn.Module) -> nn.Module:
    """Return an equivalent network of plain convolutions for inference.

    Parameters
    ----------
    module
        Any module; the original is left as it is.

    Returns
    -------
    nn.Module
        A copy in evaluation mode without gradients, in which every `SteerableConv3d` is an
        ``nn.Conv3d``. Inside an ``nn.Sequential``, a `FieldNorm` next to a convolution is
        part of it where that is exact, and dropout is gone. Outputs agree up to rounding
        with those of ``module.eval()``.

    Notes
    -----
    Only an ``nn.Sequential`` states that one layer feeds the next and nothing else, so only
    there is it safe to merge. A norm behind a convolution always merges. A norm in front of
    one merges if the convolution is unpadded: padding adds zeros behind the norm, and the
    merged layer would add them in front of it.
    """
    if isinstance(module, SteerableConv3d):
        return fold_convolution(module)
    # Convolutions are about to be replaced, so the copy may share them with the original.
    shared = {id(part): part for part in module.modules() if isinstance(part, SteerableConv3d)}
    folded = copy.deepcopy(module, memo=dict(shared))
    _fold_children(folded)
    return folded.eval().requires_grad_(False)


def fold_convolution(
    conv: SteerableConv3d, after: FieldNorm | None = None, *, before: FieldNorm | None = None
) -> nn.Conv3d:
    """Return the plain convolution equal to a steerable one and the norms next to it.

    Parameters
    ----------
    conv
        Convolution to fold.
    after
        Normalisation of its output, by its running statistics; None if there is none.
    before
        Normalisation of its input; None if there is none.

    Raises
    ------
    ValueError
        If a norm was made for other irreps than the convolution has on that side, or a norm
        comes before a padded convolution.
    """
    if after is not None and after.irreps_in != conv.irreps_out:
        raise ValueError(
            f"cannot fold a norm of irreps {after.irreps_in} behind a convolution to irreps "
            f"{conv.irreps_out}"
        )
    if before is not None and before.irreps_out != conv.irreps_in:
        raise ValueError(
            f"cannot fold a norm of irreps {before.irreps_out} in front of a convolution of "
            f"irreps {conv.irreps_in}"
        )
    if before is not None and conv.padding:
        raise ValueError(f"a norm before a convolution with padding {conv.padding} cannot fold")
    plain = conv.fold()
    if before is None and after is None:
        return plain
    with torch.no_grad():
        weight = plain.weight
        bias = weight.new_zeros(len(weight))
        if before is not None:
            scale, shift = (part.to(weight) for part in before.affine_map())
            bias += weight.sum((2, 3, 4)) @ shift
            weight.mul_(scale[None, :, None, None, None])
        if after is not None:
            scale, shift = (part.to(weight) for part in after.affine_map())
            bias = bias * scale + shift
            weight.mul_(scale[:, None, None, None, None])
        plain.bias = nn.Parameter(bias, requires_grad=False)
    return plain


def _fold_children(module: nn.Module) -> None:
    if isinstance(module, nn.Sequential):
        _fold_sequence(module)
    for name, child in module.named_children():
        if isinstance(child, SteerableConv3d):
            setattr(module, name, fold_convolution(child))
        else:
            _fold_children(child)


def _fold_sequence(sequence: nn.Sequential) -> None:
    for name, child in list(sequence.named_children()):
        if isinstance(child, IrrepDropout | nn.Dropout):
            delattr(sequence, name)
    layers = list(sequence.named_children())
    merged: set[str] = set()
    for place, (name, conv) in enumerate(layers):
        if not isinstance(conv, SteerableConv3d):
            continue
        before = layers[place - 1] if place > 0 else None
        after = layers[place + 1] if place + 1 < len(layers) else None
        norms: dict[str, FieldNorm] = {}
        free = before is not None and before[0] not in merged and not conv.padding
        if before is not None and free and isinstance(before[1], FieldNorm):
            norms["before"] = before[1]
            merged.add(before[0])
        if after is not None and isinstance(after[1], FieldNorm):
            norms["after"] = after[1]
            merged.add(after[0])
        setattr(sequence, name, fold_convolution(conv, **norms))
    for name in merged:
        delattr(sequence, name)
