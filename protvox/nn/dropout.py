"""Dropout of whole fields."""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn

from protvox.nn.irreps import check_field, check_irreps, field_of_channel


class IrrepDropout(nn.Module):
    """Dropout of whole fields: all components of an irrep, at all voxels.

    Parameters
    ----------
    irreps
        Irreps of the field.
    p
        Probability of setting a field to zero, in ``[0, 1)``; the other fields are divided by
        ``1 - p``.

    Raises
    ------
    ValueError
        If p is not a probability below 1.

    Examples
    --------
    >>> IrrepDropout("8x0e+4x1e", 0.5)
    IrrepDropout(8x0e+4x1e, p=0.5)
    """

    field_of_channel: Tensor

    def __init__(self, irreps: o3.Irreps | str, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout p={p}: must be at least 0 and below 1")
        self.irreps_in = self.irreps_out = check_irreps(irreps)
        self.p = p
        index = field_of_channel(self.irreps_in)
        self.register_buffer("field_of_channel", index, persistent=False)

    def forward(self, field: Tensor) -> Tensor:
        """Apply to a field ``batch irreps.dim ...``."""
        check_field(field, self.irreps_in, "IrrepDropout")
        if not self.training or self.p == 0:
            return field
        fields = sum(m.mul for m in self.irreps_in)
        keep = torch.full((field.shape[0], fields), 1 - self.p, device=field.device)
        mask = torch.bernoulli(keep).to(field.dtype) / (1 - self.p)
        mask = mask[:, self.field_of_channel]
        return field * mask.view(*field.shape[:2], *(1,) * (field.ndim - 2))

    def extra_repr(self) -> str:
        """Return irreps and probability for the one-line repr."""
        return f"{self.irreps_in}, p={self.p}"
