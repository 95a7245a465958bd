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
        ``nn.Conv3d``, every `FieldNorm` that follows one inside an ``nn.Sequential`` is part
        of it, and dropout is gone from every ``nn.Sequential``. Outputs agree up to
        rounding with those of ``module.eval()``.

    Notes
    -----
    Only an ``nn.Sequential`` states that one layer feeds the next and nothing else, so only
    there is it safe to merge a normalisation into the convolution before it.
    """
    if isinstance(module, SteerableConv3d):
        return fold_convolution(module)
    # Convolutions are about to be replaced, so the copy may share them with the original.
    shared = {id(part): part for part in module.modules() if isinstance(part, SteerableConv3d)}
    folded = copy.deepcopy(module, memo=dict(shared))
    _fold_children(folded)
    return folded.eval().requires_grad_(False)


def fold_convolution(conv: SteerableConv3d, norm: FieldNorm | None = None) -> nn.Conv3d:
    """Return the plain convolution equal to a steerable one and the norm that follows it.

    Parameters
    ----------
    conv
        Convolution to fold.
    norm
        Normalisation of its output, by its running statistics; None if there is none.

    Raises
    ------
    ValueError
        If the norm was made for other irreps than the convolution produces.
    """
    plain = conv.fold()
    if norm is None:
        return plain
    if norm.irreps_in != conv.irreps_out:
        raise ValueError(
            f"cannot fold a norm of irreps {norm.irreps_in} into a convolution to irreps "
            f"{conv.irreps_out}"
        )
    with torch.no_grad():
        scale, shift = norm.affine_map()
        plain.weight.mul_(scale.to(plain.weight)[:, None, None, None, None])
        plain.bias = nn.Parameter(shift.to(plain.weight), requires_grad=False)
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
    names = [name for name, child in sequence.named_children()]
    for name in names:
        if isinstance(sequence.get_submodule(name), IrrepDropout | nn.Dropout):
            delattr(sequence, name)
    previous = None
    for name, child in list(sequence.named_children()):
        before = sequence.get_submodule(previous) if previous is not None else None
        if isinstance(child, FieldNorm) and isinstance(before, SteerableConv3d):
            setattr(sequence, previous, fold_convolution(before, child))
            delattr(sequence, name)
        else:
            previous = name
