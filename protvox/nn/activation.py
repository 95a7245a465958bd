"""Non-linearities that commute with rotations."""

from __future__ import annotations

import torch
from e3nn import o3
from torch import Tensor, nn
from torch.nn import functional

from protvox.nn.irreps import check_field, check_irreps, field_of_channel
from protvox.nn.layout import mix_channels
from protvox.nn.plain_layers import ACTIVATIONS


class Gate(nn.Module):
    """Gated non-linearity (Weiler et al. 2018, section 4.4).

    Scalars pass through an activation; every field of degree l > 0 is multiplied by the
    sigmoid of its own scalar, which the preceding convolution computes.

    Parameters
    ----------
    irreps_out
        Irreps after the gate; scalars first.
    activation
        ``"relu"`` (paper) or ``"silu"``.
    bias
        Add a learned bias to scalars and gates before the activation.

    Attributes
    ----------
    irreps_in
        Irreps that the preceding convolution must return: scalars, then gates, then the rest.

    Raises
    ------
    ValueError
        If the scalars are not a single block at the start, or the activation is unknown.

    Examples
    --------
    >>> Gate("8x0e+4x1e")
    Gate(12x0e+4x1e -> 8x0e+4x1e, relu)
    """

    def __init__(
        self, irreps_out: o3.Irreps | str, *, activation: str = "relu", bias: bool = False
    ) -> None:
        super().__init__()
        self.irreps_out = check_irreps(irreps_out)
        degrees = [m.ir.l for m in self.irreps_out]
        if 0 in degrees[1:] or degrees != sorted(degrees):
            raise ValueError(
                f"irreps {self.irreps_out}: the scalars of a gate must be one block, the first"
            )
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation {activation!r}: use one of {', '.join(ACTIVATIONS)}")
        self.n_scalars = self.irreps_out[0].mul if degrees and degrees[0] == 0 else 0
        gated = [m for m in self.irreps_out if m.ir.l > 0]
        self.n_gates = sum(m.mul for m in gated)
        scalars = [(self.n_scalars + self.n_gates, (0, 1))]
        self.irreps_in = o3.Irreps(scalars + [(m.mul, m.ir) for m in gated])
        self.activation = activation
        zeros = torch.zeros(self.n_scalars + self.n_gates)
        self.bias = nn.Parameter(zeros) if bias else None
        self.register_buffer("repeat", _repeat(o3.Irreps(gated)), persistent=False)

    def forward(self, field: Tensor) -> Tensor:
        """Gate a field ``batch irreps_in.dim ...`` to ``batch irreps_out.dim ...``."""
        check_field(field, self.irreps_in, "Gate")
        activation = ACTIVATIONS[self.activation]
        shape = (1, -1, *(1,) * (field.ndim - 2))
        if not self.n_gates:
            return activation(field if self.bias is None else field + self.bias.view(shape))
        widths = [self.n_scalars, self.n_gates, field.shape[1] - self.n_scalars - self.n_gates]
        # The derivative of one split is one concatenation; that of a slice is a full grid.
        scalars, gates, tensors = torch.split(field, widths, dim=1)
        if self.bias is not None:
            scalars = scalars + self.bias[: self.n_scalars].view(shape)
            gates = gates + self.bias[self.n_scalars :].view(shape)
        factors = mix_channels(self.get_buffer("repeat"), torch.sigmoid(gates))
        return torch.cat([activation(scalars), tensors * factors], dim=1)

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, {self.activation}"


class NormActivation(nn.Module):
    """Norm non-linearity: each field is scaled by a function of its own length.

    Parameters
    ----------
    irreps
        Irreps of the field, unchanged by the layer.

    Notes
    -----
    Worrall et al. (2017): ``v -> v * relu(|v| + b) / |v|`` with a learned bias b.

    Examples
    --------
    >>> NormActivation("2x1e")
    NormActivation(2x1e)
    """

    def __init__(self, irreps: o3.Irreps | str) -> None:
        super().__init__()
        self.irreps_in = self.irreps_out = check_irreps(irreps)
        self.bias = nn.Parameter(torch.zeros(sum(m.mul for m in self.irreps_in)))
        self.register_buffer("repeat", _repeat(self.irreps_in), persistent=False)

    def forward(self, field: Tensor) -> Tensor:
        """Apply to a field ``batch irreps.dim ...``."""
        check_field(field, self.irreps_in, "NormActivation")
        repeat = self.get_buffer("repeat")
        # The square root has no derivative at 0; the offset is negligible elsewhere.
        lengths = (mix_channels(repeat.T, field.square()) + 1e-12).sqrt()
        bias = self.bias.view(1, -1, *(1,) * (field.ndim - 2))
        return field * mix_channels(repeat, functional.relu(lengths + bias) / lengths)

    def extra_repr(self) -> str:
        """Return the irreps for the one-line repr."""
        return f"{self.irreps_in}"


def _repeat(irreps: o3.Irreps) -> Tensor:
    """Return the ``channel field`` matrix of 0 and 1 that repeats a value per component."""
    fields = field_of_channel(irreps)
    count = sum(m.mul for m in irreps)
    return functional.one_hot(fields, max(count, 1)).to(torch.get_default_dtype())
