"""Export of a trained steerable network as a plain convolutional network.

A steerable kernel is fixed after training, and a norm in evaluation mode is a scale and a shift of
every channel. Both are merged into the weight and bias of one ``nn.Conv3d``, so an exported network
costs as much as a conventional network of the same widths, and does not need e3nn.
"""

from __future__ import annotations

import copy

import torch
from e3nn import o3
from torch import nn
from torch.nn.utils.fusion import fuse_linear_bn_eval

from protvox.nn.activation import Gate
from protvox.nn.conv import SteerableConv3d
from protvox.nn.dropout import IrrepDropout
from protvox.nn.irreps import check_exportable
from protvox.nn.moments import MomentEmbedding
from protvox.nn.norm import FieldNorm
from protvox.nn.path_conv import PathConv3d
from protvox.nn.paths import PlainPathConv
from protvox.nn.plain_layers import PlainEmbedding, PlainGate, PlainNormGate
from protvox.nn.plain_sparse import PlainSparseConv
from protvox.nn.sparse import NormGate, SparseConv


def export_network(module: nn.Module) -> nn.Module:
    """Return an equivalent network of plain layers for inference.

    Parameters
    ----------
    module
        Any module; it is not changed.

    Returns
    -------
    nn.Module
        A copy in evaluation mode without gradients, in which every `SteerableConv3d` is an
        ``nn.Conv3d``, and a `Gate` without bias, a `NormGate`, a `SparseConv` and a
        `MomentEmbedding` are layers of `protvox.nn.plain_layers`. In an ``nn.Sequential``, a
        `FieldNorm` next to a convolution, and a batch norm after an ``nn.Linear``, are merged
        into it where that is exact, dropout is removed, and the remaining layers are renumbered.
        Outputs agree with those of ``module.eval()`` up to rounding.

    Notes
    -----
    Layers are merged only if one feeds the next and nothing else, which is known inside an
    ``nn.Sequential``, and for the pairs of names in the attribute ``FEEDS`` of a network (an
    embedding or a convolution on lattice points, and the norm after it). A norm after a
    convolution is always merged. A norm before a convolution is merged only without padding:
    padding adds zeros after the norm, but the merged layer would add them before it.

    Examples
    --------
    >>> network = nn.Sequential(SteerableConv3d("1x0e", "4x0e", size=3), FieldNorm("4x0e"))
    >>> export_network(network)
    Sequential(
      (0): Conv3d(1, 4, kernel_size=(3, 3, 3), stride=(1, 1, 1))
    )
    """
    if isinstance(module, SteerableConv3d):
        return export_convolution(module)
    # Convolutions are replaced below, so the copy may share them with the original.
    shared = {id(part): part for part in module.modules() if isinstance(part, SteerableConv3d)}
    exported = copy.deepcopy(module, memo=dict(shared)).eval()
    for source, target in getattr(exported, "FEEDS", ()):
        _export_feeding(exported, source, target)
    _export_children(exported)
    return exported.requires_grad_(False)


def export_convolution(
    conv: SteerableConv3d, after: FieldNorm | None = None, *, before: FieldNorm | None = None
) -> nn.Conv3d:
    """Return the plain convolution equal to a steerable one and the norms next to it.

    Parameters
    ----------
    conv
        Convolution to export.
    after
        Norm of its output, in evaluation mode; None if there is none.
    before
        Norm of its input; None if there is none.

    Raises
    ------
    ValueError
        If a norm has other irreps than that side of the convolution, or a norm is before a
        padded convolution.
    """
    if after is not None and after.irreps_in != conv.irreps_out:
        raise ValueError(
            f"cannot merge a norm of irreps {after.irreps_in} after a convolution to irreps "
            f"{conv.irreps_out}"
        )
    if before is not None and before.irreps_out != conv.irreps_in:
        raise ValueError(
            f"cannot merge a norm of irreps {before.irreps_out} before a convolution of "
            f"irreps {conv.irreps_in}"
        )
    if before is not None and conv.padding:
        raise ValueError(f"cannot merge a norm before a convolution with padding {conv.padding}")
    plain = conv.export()
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


def export_gate(gate: Gate) -> PlainGate:
    """Return the gate on channels equal to a gate of irreps.

    Parameters
    ----------
    gate
        Gate without bias.

    Raises
    ------
    ValueError
        If it has a bias.
    """
    if gate.bias is not None:
        raise ValueError("a gate with a bias has no plain counterpart")
    tensors = tuple((m.mul, m.ir.dim) for m in gate.irreps_out if m.ir.l > 0)
    return PlainGate(gate.n_scalars, tensors, activation=gate.activation)


def export_embedding(embedding: MomentEmbedding, after: FieldNorm | None = None) -> PlainEmbedding:
    """Return the plain embedding equal to a steerable one and the norm after it.

    Parameters
    ----------
    embedding
        Embedding to export.
    after
        Norm of its output, in evaluation mode; None if there is none.

    Raises
    ------
    ValueError
        If the norm has other irreps, or the scalars are not a single block at the start.
    """
    irreps = embedding.irreps_out
    _check_norm(after, irreps)
    check_exportable(irreps)
    plain = PlainEmbedding(embedding.degrees, tuple((m.mul, m.ir.l) for m in irreps))
    with torch.no_grad():
        weights = [weight.T.clone() for weight in embedding.weights]
        bias = weights[0].new_zeros(len(plain.bias))
        if after is not None:
            scale, shift = (part.to(bias) for part in after.affine_map())
            bias = shift[: len(bias)].clone()
            for m, span, weight in zip(irreps, irreps.slices(), weights, strict=True):
                # The components of a field share its scale.
                weight.mul_(scale[span][:: m.ir.dim, None])
        plain.weights = nn.ParameterList(nn.Parameter(w.contiguous()) for w in weights)
        plain.bias = nn.Parameter(bias)
    return plain.eval().requires_grad_(False)


def export_sparse_convolution(conv: SparseConv, after: FieldNorm | None = None) -> PlainSparseConv:
    """Return the plain convolution on lattice points equal to a steerable one and its norm.

    Parameters
    ----------
    conv
        Convolution to export.
    after
        Norm of its output, in evaluation mode; None if there is none.

    Raises
    ------
    ValueError
        If the norm has other irreps, or the scalars are not a single block at the start.
    """
    _check_norm(after, conv.irreps_out)
    plain = conv.export()
    _take_norm(plain, conv.irreps_out, after)
    return plain


def export_path_convolution(conv: PathConv3d, after: FieldNorm | None = None) -> PlainPathConv:
    """Return the plain convolution equal to a path-by-path convolution and its norm.

    Parameters
    ----------
    conv
        Convolution to export.
    after
        Norm of its output, in evaluation mode; None if there is none.

    Raises
    ------
    ValueError
        If the norm has other irreps, or the scalars are not a single block at the start.
    """
    _check_norm(after, conv.irreps_out)
    plain = conv.export()
    _take_norm(plain, conv.irreps_out, after)
    return plain


def _take_norm(
    plain: PlainPathConv | PlainSparseConv, irreps: o3.Irreps, after: FieldNorm | None
) -> None:
    if after is None:
        return
    with torch.no_grad():
        scale, shift = (part.to(plain.bias) for part in after.affine_map())
        spans = zip(plain.weights, irreps, irreps.slices(), strict=True)
        for weight, m, span in spans:
            # The components of a field share its scale.
            weight.mul_(scale[span][:: m.ir.dim])
        plain.bias.copy_(shift[: len(plain.bias)])


def _check_norm(after: FieldNorm | None, irreps: o3.Irreps) -> None:
    if after is not None and after.irreps_in != irreps:
        raise ValueError(f"cannot merge a norm of irreps {after.irreps_in} after fields {irreps}")


def _export_feeding(network: nn.Module, source: str, target: str) -> None:
    layer, norm = network.get_submodule(source), network.get_submodule(target)
    if not isinstance(norm, FieldNorm):
        return
    if isinstance(layer, MomentEmbedding):
        network.set_submodule(source, export_embedding(layer, norm))
    elif isinstance(layer, SparseConv):
        network.set_submodule(source, export_sparse_convolution(layer, norm))
    else:
        return
    network.set_submodule(target, nn.Identity())


def _export_children(module: nn.Module) -> None:
    if isinstance(module, nn.Sequential):
        _export_sequence(module)
    for name, child in module.named_children():
        if isinstance(child, SteerableConv3d):
            setattr(module, name, export_convolution(child))
        elif isinstance(child, MomentEmbedding):
            setattr(module, name, export_embedding(child))
        elif isinstance(child, Gate) and child.bias is None:
            setattr(module, name, export_gate(child))
        elif isinstance(child, NormGate):
            setattr(module, name, PlainNormGate(child.irreps, activation=child.activation))
        elif isinstance(child, SparseConv):
            setattr(module, name, export_sparse_convolution(child))
        elif isinstance(child, PathConv3d):
            setattr(module, name, export_path_convolution(child))
        else:
            _export_children(child)


def _export_sequence(sequence: nn.Sequential) -> None:
    layers = [
        layer
        for layer in sequence
        if not isinstance(layer, IrrepDropout | nn.Dropout | nn.Identity)
    ]
    merged: set[int] = set()
    for index, layer in enumerate(layers):
        after = layers[index + 1] if index + 1 < len(layers) else None
        if isinstance(layer, nn.Linear) and isinstance(after, nn.BatchNorm1d):
            layers[index] = fuse_linear_bn_eval(layer, after)
            merged.add(index + 1)
        if isinstance(layer, PathConv3d) and isinstance(after, FieldNorm):
            layers[index] = export_path_convolution(layer, after)
            merged.add(index + 1)
        if not isinstance(layer, SteerableConv3d):
            continue
        before = layers[index - 1] if index > 0 and index - 1 not in merged else None
        norms: dict[str, FieldNorm] = {}
        if isinstance(before, FieldNorm) and not layer.padding:
            norms["before"] = before
            merged.add(index - 1)
        if isinstance(after, FieldNorm):
            norms["after"] = after
            merged.add(index + 1)
        layers[index] = export_convolution(layer, **norms)
    for name in list(dict(sequence.named_children())):
        delattr(sequence, name)
    for layer in (layer for index, layer in enumerate(layers) if index not in merged):
        sequence.append(layer)
