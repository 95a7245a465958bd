"""Steerable layers on the sites of a lattice: fields are ``site channel``.

The layers of a box of voxels and these compute the same where all points are sites; on the
sites of a protein domain these do a fraction of the work, since most of its box is empty.
"""

from __future__ import annotations

from e3nn import o3
from torch import Tensor, nn

from protvox.nn.irreps import check_field, check_irreps
from protvox.nn.kernel import SteerableKernel
from protvox.nn.plain import PlainNormGate, convolve_sites

_SIZE = 3


class SiteConv(nn.Module):
    """Steerable convolution on sites (Weiler et al. 2018, section 4.2), 3^3 voxels.

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output fields.
    """

    def __init__(self, irreps_in: o3.Irreps | str, irreps_out: o3.Irreps | str) -> None:
        super().__init__()
        self.kernel = SteerableKernel(irreps_in, irreps_out, _SIZE)
        self.irreps_in = self.kernel.irreps_in
        self.irreps_out = self.kernel.irreps_out

    def weight(self) -> Tensor:
        """Return the dense kernel, ``27*in out``."""
        kernel: Tensor = self.kernel()
        return kernel.permute(2, 3, 4, 1, 0).flatten(0, 3)

    def forward(self, field: Tensor, neighbours: Tensor) -> Tensor:
        """Convolve a field.

        Parameters
        ----------
        field
            ``site irreps_in.dim``.
        neighbours
            ``site_out 27`` int64, from `protvox.voxel.neighbours`.

        Returns
        -------
        Tensor
            ``site_out irreps_out.dim``.
        """
        check_field(field, self.irreps_in, "SiteConv")
        return convolve_sites(field, neighbours, self.weight())

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
