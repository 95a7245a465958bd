"""Steerable layers on the sites of a lattice: fields are ``site channel``.

The layers of a box of voxels and these compute the same where all points are sites; on the
sites of a protein domain these do a fraction of the work, since most of its box is empty.
"""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn.export.layers import PlainNormGate
from protvox.nn.export.sparse import SIZE, PlainSparseConv, convolve_sparse, kernel_rows
from protvox.nn.irreps import check_exportable, check_field, check_irreps
from protvox.nn.kernel import SteerableKernel, block_basis


class SparseConv(nn.Module):
    """Steerable convolution on sites (Weiler et al. 2018, section 4.2), 3^3 voxels.

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output fields.
    """

    def __init__(self, irreps_in: o3.Irreps | str, irreps_out: o3.Irreps | str) -> None:
        super().__init__()
        self.kernel = SteerableKernel(irreps_in, irreps_out, SIZE)
        self.irreps_in = self.kernel.irreps_in
        self.irreps_out = self.kernel.irreps_out

    def weight(self) -> Tensor:
        """Return the dense kernel, ``27*in out``."""
        return kernel_rows(self.kernel())

    def export(self) -> PlainSparseConv:
        """Return the plain convolution that computes the same thing.

        Raises
        ------
        ValueError
            If the scalars of the output are not one block at the start.
        """
        check_exportable(self.irreps_out)
        plain = PlainSparseConv(str(self.irreps_in), str(self.irreps_out))
        given = iter(self.kernel.weights)
        weights, dtype = [], self.kernel.weights[0].dtype
        for out in self.irreps_out:
            # `SteerableKernel` has ``out*in path``, a convolution path by path ``in*path out``.
            blocks = [
                next(given).detach().view(out.mul, i.mul, -1).permute(1, 2, 0).reshape(-1, out.mul)
                for i in self.irreps_in
            ]
            weights.append(nn.Parameter(torch.cat(blocks)))
        bases = [block_basis(i.ir.l, self.irreps_out, SIZE) for i in self.irreps_in]
        plain.weights = nn.ParameterList(weights)
        plain.bases = nn.ParameterList(nn.Parameter(basis.to(dtype)) for basis in bases)
        plain.bias = nn.Parameter(plain.bias.to(dtype))
        return plain.eval().requires_grad_(False)

    def forward(self, field: Tensor, neighbours: Tensor) -> Tensor:
        """Convolve a field.

        Parameters
        ----------
        field
            ``site irreps_in.dim``.
        neighbours
            ``site_out 27`` int64, from `protvox.voxel.lattice.neighbours`.

        Returns
        -------
        Tensor
            ``site_out irreps_out.dim``.
        """
        check_field(field, self.irreps_in, "SparseConv")
        return convolve_sparse(field, neighbours, self.weight())

    def __repr__(self) -> str:
        """Return one line: irreps and kernel size."""
        return f"{type(self).__name__}({self.kernel.extra_repr()})"


class NormGate(PlainNormGate):
    """Gate that also hands on how long its fields are, with irreps on both sides.

    Parameters
    ----------
    irreps
        Irreps to gate; scalars first.
    activation
        ``"relu"`` or ``"silu"``.

    Attributes
    ----------
    irreps_in, irreps_out : o3.Irreps
        Scalars with one more for every field of l > 0, a gate before and a length after; then
        the fields.
    """

    def __init__(self, irreps: str, *, activation: str = "silu") -> None:
        super().__init__(irreps, activation=activation)
        fields = [m for m in check_irreps(irreps) if m.ir.l > 0]
        scalars = self.n_scalars + sum(m.mul for m in fields)
        self.irreps_in = self.irreps_out = o3.Irreps([(scalars, (0, 1)), *fields])

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, {self.activation}"
