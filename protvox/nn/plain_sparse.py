"""Convolution on lattice points for inference, which does not need e3nn.

A released network stores the learned weights and the path functions, a twentieth of the size of
the dense kernel, which is computed on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from protvox.nn.paths import PathWeights, dense_kernel

SIZE: Final = 3
"""Edge of the kernel in voxels."""


class PlainSparseConv(PathWeights):
    """Convolution on lattice points, with a bias on scalars; its weights must be loaded.

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output, scalars first.
    """

    def __init__(self, irreps_in: str, irreps_out: str) -> None:
        super().__init__(irreps_in, irreps_out, SIZE)
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
        """Convolve a field, see `convolve_sparse`."""
        weight, bias = self.dense()
        return convolve_sparse(field, neighbours, weight) + bias

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> PlainSparseConv:
        self._dense = None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, *arguments: Any) -> None:
        self._dense = None
        super()._load_from_state_dict(*arguments)


def kernel_rows(kernel: Tensor) -> Tensor:
    """Return a dense kernel ``out in size size size`` in the layout of `convolve_sparse`."""
    return kernel.permute(2, 3, 4, 1, 0).flatten(0, 3).contiguous()


def convolve_sparse(field: Tensor, neighbours: Tensor, weight: Tensor) -> Tensor:
    """Convolve a field on lattice points with a kernel of 3^3 voxels.

    Parameters
    ----------
    field
        ``point in``.
    neighbours
        ``point_out 27`` int64, rows of the field, or -1 for inactive points, where the field is
        0; from `protvox.voxel.lattice.neighbours`.
    weight
        ``27*in out``.

    Returns
    -------
    Tensor
        ``point_out out``.
    """
    field = torch.cat([field, field.new_zeros(1, field.shape[1])])
    # The last row is zero.
    rows = neighbours.where(neighbours >= 0, len(field) - 1)
    return field.index_select(0, rows.flatten()).view(len(rows), -1) @ weight
