"""Pooling of a field to one feature vector, and invariants of features."""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn.irreps import check_field, check_irreps, irreps_slices


class GlobalAveragePool(nn.Module):
    """Mean of a field over space; invariant to shifts, away from the edges of the grid.

    Parameters
    ----------
    irreps
        Irreps of the field, unchanged by the layer.

    Examples
    --------
    >>> GlobalAveragePool("4x0e+2x1e")(torch.zeros(1, 10, 5, 5, 5)).shape
    torch.Size([1, 10])
    """

    def __init__(self, irreps: o3.Irreps | str) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)

    def forward(self, field: Tensor, mask: Tensor | None = None) -> Tensor:
        """Average a field.

        Parameters
        ----------
        field
            ``batch irreps.dim x y z``.
        mask
            ``batch x y z`` weights, 0 for voxels that are not part of the sample (padding in a
            batch of different sizes); None to average over every voxel. A sample whose weights
            are all 0 gives zeros.

        Returns
        -------
        Tensor
            ``batch irreps.dim``.
        """
        check_field(field, self.irreps_in, "GlobalAveragePool")
        if mask is None:
            return field.flatten(2).mean(2)
        weights = mask.to(field.dtype).flatten(1)
        total = weights.sum(1, keepdim=True)
        # One matrix product reads the field once and does not write a masked copy.
        pooled = torch.bmm(field.flatten(2), weights[:, :, None])[:, :, 0]
        return pooled / torch.where(total > 0, total, torch.ones_like(total))

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in}"


class CentrePool(nn.Module):
    """Value of a field at the centre of the grid.

    Along an axis with an even number of voxels the centre lies between two voxels, and their
    mean is used; otherwise one direction would be special.

    Parameters
    ----------
    irreps
        Irreps of the field, unchanged by the layer.

    Examples
    --------
    >>> CentrePool("1x0e")(torch.arange(27.0).view(1, 1, 3, 3, 3))
    tensor([[13.]])
    """

    def __init__(self, irreps: o3.Irreps | str) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)

    def forward(self, field: Tensor) -> Tensor:
        """Return the centre ``batch irreps.dim`` of a field ``batch irreps.dim x y z``."""
        check_field(field, self.irreps_in, "CentrePool")
        for axis in (2, 3, 4):
            size = field.shape[axis]
            field = field.narrow(axis, (size - 1) // 2, 2 - size % 2)
        return field.flatten(2).mean(2)

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in}"


class Invariants(nn.Module):
    """Rotation invariants of features: the scalars, and the norm of every other irrep.

    Parameters
    ----------
    irreps
        Irreps of the features.

    Attributes
    ----------
    irreps_out
        One scalar for each irrep, in the order of the input.

    Examples
    --------
    >>> Invariants("1x0e+1x1e")(torch.tensor([[2.0, 0.0, 3.0, 4.0]]))
    tensor([[2., 5.]])
    """

    def __init__(self, irreps: o3.Irreps | str) -> None:
        super().__init__()
        self.irreps_in = check_irreps(irreps)
        self.irreps_out = o3.Irreps([(m.mul, (0, 1)) for m in self.irreps_in])
        self.slices = irreps_slices(self.irreps_in)

    def forward(self, features: Tensor) -> Tensor:
        """Map features ``batch irreps_in.dim ...`` to ``batch irreps_out.dim ...``."""
        check_field(features, self.irreps_in, "Invariants")
        parts: list[Tensor] = []
        for part, block in zip(self.slices, self.irreps_in, strict=True):
            values = features[:, part]
            if block.ir.l > 0:
                shape = (len(values), block.mul, block.ir.dim, *values.shape[2:])
                squares = values.reshape(shape).square().sum(2)
                # The square root has no derivative at 0; the offset is negligible elsewhere.
                values = (squares + 1e-12).sqrt()
            parts.append(values)
        return torch.cat(parts, dim=1)

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}"
