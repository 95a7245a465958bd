"""The first layer of a network: from steerable moments of atoms to a steerable field."""

from __future__ import annotations

import math

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn.irreps import check_irreps
from protvox.nn.plain_layers import mix_moments


class MomentEmbedding(nn.Module):
    """Learned weights of the first steerable convolution, applied to precomputed moments.

    For every degree l it mixes atom types and radial shells into fields of that degree.
    Together with the fixed moments, this is the steerable convolution of scalar densities.

    Parameters
    ----------
    degrees
        Number of (type, shell) pairs for each degree l = 0, 1, ...
    irreps_out
        Irreps of the output field; at most one block per degree.

    Raises
    ------
    ValueError
        If there are no moments of the degree of a block.

    Examples
    --------
    >>> embedding = MomentEmbedding((6, 4), "3x0e+2x1e")
    >>> embedding(torch.zeros(1, 6 + 3 * 4, 27), (3, 3, 3)).shape
    torch.Size([1, 9, 3, 3, 3])
    """

    def __init__(self, degrees: tuple[int, ...], irreps_out: o3.Irreps | str) -> None:
        super().__init__()
        self.degrees = degrees
        self.irreps_out = check_irreps(irreps_out)
        missing = [str(m) for m in self.irreps_out if m.ir.l >= len(degrees)]
        if missing:
            raise ValueError(
                f"irreps_out {self.irreps_out}: no moments of the degree of {missing}; "
                f"moments go up to l={len(degrees) - 1}"
            )
        self.irreps_in = o3.Irreps([(n, (degree, 1)) for degree, n in enumerate(degrees)])
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(degrees[m.ir.l], m.mul) / math.sqrt(degrees[m.ir.l]))
            for m in self.irreps_out
        )

    def forward(self, moments: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """Mix moments into a field.

        Parameters
        ----------
        moments
            ``batch feature point``, features laid out ``degree (component pair)``.
        shape
            Grid points along x, y and z.

        Returns
        -------
        Tensor
            ``batch irreps_out.dim x y z``.

        Raises
        ------
        ValueError
            If the moments do not have the degrees of the layer or the points of the grid.
        """
        if moments.shape[1:] != (self.irreps_in.dim, math.prod(shape)):
            raise ValueError(
                f"moments of shape {tuple(moments.shape)}: expected batch x "
                f"{self.irreps_in.dim} features x {math.prod(shape)} points"
            )
        blocks = [
            mix_moments(weight.T, moments[:, span], m.ir.dim)
            for m, weight, span in zip(self.irreps_out, self.weights, self._spans(), strict=True)
        ]
        field: Tensor = torch.cat(blocks, dim=1).unflatten(2, shape)
        return field

    def _spans(self) -> list[slice]:
        ends = [0]
        for degree, pairs in enumerate(self.degrees):
            ends.append(ends[-1] + (2 * degree + 1) * pairs)
        return [slice(ends[m.ir.l], ends[m.ir.l + 1]) for m in self.irreps_out]

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}"
