"""Convolution on the sites of a lattice, without anything steerable.

A released network keeps its learned weights and the path functions they mix, a twentieth of
the dense kernel; that is put together when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

from protvox.nn.paths import PathLayout, dense_kernel
from protvox.nn.plain import parse_irreps

SIZE: Final = 3
"""Edge of the kernel in voxels."""


class PlainSiteConv(nn.Module):
    """Convolution on sites, 3^3 voxels, with a bias on scalars; no weights before loading.

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps before and after, scalars first.
    """

    def __init__(self, irreps_in: str, irreps_out: str) -> None:
        super().__init__()
        self.layout = layout = PathLayout(
            parse_irreps(irreps_in), parse_irreps(irreps_out), SIZE, 1
        )
        widths = [(2 * degree + 1) * SIZE**3 for _, degree in layout.fields_in]
        self.bases = nn.ParameterList(
            nn.Parameter(torch.zeros(layout.rows(block), width))
            for block, width in enumerate(widths)
        )
        self.weights = nn.ParameterList(
            nn.Parameter(torch.zeros(k, mul))
            for k, (mul, _) in zip(layout.mixed, layout.fields_out, strict=True)
        )
        scalars = sum(mul for mul, degree in layout.fields_out if degree == 0)
        self.bias = nn.Parameter(torch.zeros(scalars))
        self._dense: tuple[Tensor, Tensor] | None = None

    def dense(self) -> tuple[Tensor, Tensor]:
        """Return the dense kernel, ``27*in out``, and the bias of all channels, ``out``."""
        if self._dense is None or torch.is_grad_enabled():
            kernel = dense_kernel(self.layout, list(self.bases), list(self.weights))
            bias = self.bias.new_zeros(len(kernel))
            bias[: len(self.bias)] = self.bias
            self._dense = kernel_rows(kernel), bias
        return self._dense

    def forward(self, field: Tensor, neighbours: Tensor) -> Tensor:
        """Convolve a field, see `convolve_sites`."""
        weight, bias = self.dense()
        return convolve_sites(field, neighbours, weight) + bias

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> PlainSiteConv:
        self._dense = None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def extra_repr(self) -> str:
        """Return blocks (multiplicity, degree) for the one-line repr."""
        return f"{self.layout.fields_in} -> {self.layout.fields_out}"


def kernel_rows(kernel: Tensor) -> Tensor:
    """Return a dense kernel ``out in size size size`` as `convolve_sites` takes it."""
    return kernel.permute(2, 3, 4, 1, 0).flatten(0, 3).contiguous()


def convolve_sites(field: Tensor, neighbours: Tensor, weight: Tensor) -> Tensor:
    """Convolve a field on the sites of a lattice with a kernel of 3^3 voxels.

    Parameters
    ----------
    field
        ``site in``.
    neighbours
        ``site_out 27`` int64, rows of the field, -1 where there is no site and the field is 0;
        from `protvox.voxel.neighbours`.
    weight
        ``27*in out``.

    Returns
    -------
    Tensor
        ``site_out out``.
    """
    field = torch.cat([field, field.new_zeros(1, field.shape[1])])
    # The last row is the one of zeros.
    rows = neighbours.where(neighbours >= 0, len(field) - 1)
    return field.index_select(0, rows.flatten()).view(len(rows), -1) @ weight
