"""Steerable layers on the active points of a lattice, with fields ``point channel``.

If all points are active, these layers compute the same as those on a full grid. On the active
points of a protein domain they need a fraction of the work, because most of its box is empty.
"""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn.irreps import check_exportable, check_field, check_irreps
from protvox.nn.kernel import SteerableKernel, block_basis
from protvox.nn.plain_layers import PlainNormGate
from protvox.nn.plain_sparse import SIZE, PlainSparseConv, convolve_sparse, kernel_rows


class SparseConv(nn.Module):
    """Steerable convolution on lattice points with a kernel of 3^3 voxels.

    The kernel is that of Weiler et al. (2018), section 4.2.

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output fields.

    Examples
    --------
    >>> neighbours = torch.full((2, 27), -1)
    >>> neighbours[:, 13] = torch.arange(2)  # two points far apart, each its own neighbour
    >>> SparseConv("4x0e", "2x0e+1x1e")(torch.zeros(2, 4), neighbours).shape
    torch.Size([2, 5])
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
        """Return the equivalent plain convolution.

        Raises
        ------
        ValueError
            If the scalars of the output are not a single block at the start.
        """
        check_exportable(self.irreps_out)
        plain = PlainSparseConv(str(self.irreps_in), str(self.irreps_out))
        given = iter(self.kernel.weights)
        weights, dtype = [], self.kernel.weights[0].dtype
        for out in self.irreps_out:
            # `SteerableKernel` has ``out*in path``, but the plain layer ``in*path out``.
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
            ``point irreps_in.dim``.
        neighbours
            ``point_out 27`` int64, from `protvox.voxel.lattice.neighbours`.

        Returns
        -------
        Tensor
            ``point_out irreps_out.dim``.
        """
        check_field(field, self.irreps_in, "SparseConv")
        return convolve_sparse(field, neighbours, self.weight())

    def __repr__(self) -> str:
        """Return one line: irreps and kernel size."""
        return f"{type(self).__name__}({self.kernel.extra_repr()})"


class NormGate(PlainNormGate):
    """Gate that also returns the norms of its fields as scalars.

    Parameters
    ----------
    irreps
        Irreps to gate; scalars first.
    activation
        ``"relu"`` or ``"silu"``.

    Attributes
    ----------
    irreps_in, irreps_out : o3.Irreps
        The scalars and one more scalar for every field of l > 0, its gate in the input and its
        norm in the output; then the fields.

    Examples
    --------
    >>> NormGate("8x0e+4x1e")
    NormGate(12x0e+4x1e -> 12x0e+4x1e, silu)
    """

    def __init__(self, irreps: str, *, activation: str = "silu") -> None:
        super().__init__(irreps, activation=activation)
        fields = [m for m in check_irreps(irreps) if m.ir.l > 0]
        scalars = self.n_scalars + sum(m.mul for m in fields)
        self.irreps_in = self.irreps_out = o3.Irreps([(scalars, (0, 1)), *fields])

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, {self.activation}"
