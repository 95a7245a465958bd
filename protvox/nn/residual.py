"""Residual blocks of steerable convolutions (Weiler et al. 2018, section 5 and its code)."""

from __future__ import annotations

from e3nn import o3
from torch import Tensor, nn

from protvox.nn.activation import Gate
from protvox.nn.conv import SteerableConv3d
from protvox.nn.dropout import IrrepDropout
from protvox.nn.irreps import check_irreps
from protvox.nn.norm import FieldNorm
from protvox.nn.pool import LowPassPool


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut, with no non-linearity after their sum.

    Parameters
    ----------
    irreps_in, irreps_out
        Irreps of the input and output fields. The shortcut is a convolution if they differ or
        the block is strided, and the identity otherwise.
    irreps_hidden
        Irreps between the two convolutions; None for ``irreps_out``.
    size
        Edge of the kernels in voxels, odd.
    stride
        1, or 2 to halve the grid with `LowPassPool`.
    pool
        Position of the pooling in a strided block: ``"inside"``, after the first convolution, as
        in the paper, or ``"before"``, on the input, so that every convolution runs on the halved
        grid at an eighth of the cost.
    norm
        ``"after"`` every convolution, where it is merged for inference, or ``"before"``, as in
        the code of the paper.
    activation
        Activation of the scalars inside the block, ``"relu"`` or ``"silu"``.
    gate_bias
        Learn a bias of the scalars and gates before the activation.
    affine
        Learn scales and biases in the norms.
    dropout
        Probability of dropping a whole irrep after each convolution.
    momentum
        Weight of the latest batch in the running statistics of the norms.

    Raises
    ------
    ValueError
        If ``stride``, ``pool`` or ``norm`` is not one of the values above.

    Examples
    --------
    >>> import torch
    >>> block = ResidualBlock("4x0e+2x1e", "8x0e+4x1e", stride=2)
    >>> block(torch.zeros(1, 10, 8, 8, 8)).shape
    torch.Size([1, 20, 4, 4, 4])
    """

    def __init__(
        self,
        irreps_in: o3.Irreps | str,
        irreps_out: o3.Irreps | str,
        *,
        irreps_hidden: o3.Irreps | str | None = None,
        size: int = 3,
        stride: int = 1,
        pool: str = "inside",
        norm: str = "after",
        activation: str = "relu",
        gate_bias: bool = False,
        affine: bool = False,
        dropout: float = 0.0,
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        if pool not in ("inside", "before"):
            raise ValueError(f"pool {pool!r}: a residual block pools 'inside' or 'before'")
        if norm not in ("after", "before"):
            raise ValueError(f"norm {norm!r}: a residual block normalises 'after' or 'before'")
        self.irreps_in = check_irreps(irreps_in)
        self.irreps_out = check_irreps(irreps_out)
        hidden = self.irreps_out if irreps_hidden is None else check_irreps(irreps_hidden)
        self.stride = stride
        self.pool = pool
        gate = Gate(hidden, activation=activation, bias=gate_bias)

        def convolution(source: o3.Irreps, target: o3.Irreps) -> list[nn.Module]:
            layer = SteerableConv3d(source, target, size, padding=size // 2)
            normed = source if norm == "before" else target
            scaling = FieldNorm(normed, momentum=momentum, affine=affine)
            return [scaling, layer] if norm == "before" else [layer, scaling]

        def pooling(irreps: o3.Irreps, here: bool) -> list[nn.Module]:
            return [LowPassPool(irreps, stride)] if here and stride != 1 else []

        inside = pool == "inside"
        self.entry = nn.Sequential(*pooling(self.irreps_in, not inside))
        self.body = nn.Sequential(
            *convolution(self.irreps_in, gate.irreps_in),
            gate,
            IrrepDropout(hidden, dropout),
            *pooling(hidden, inside),
            *convolution(hidden, self.irreps_out),
            IrrepDropout(self.irreps_out, dropout),
        )
        self.shortcut = nn.Sequential()
        if self.irreps_in != self.irreps_out or (stride != 1 and inside):
            self.shortcut = nn.Sequential(
                *convolution(self.irreps_in, self.irreps_out),
                IrrepDropout(self.irreps_out, dropout),
                *pooling(self.irreps_out, inside),
            )

    def forward(self, field: Tensor) -> Tensor:
        """Transform a field ``batch irreps_in.dim x y z``."""
        field = self.entry(field)
        total: Tensor = self.body(field) + self.shortcut(field)
        return total

    def extra_repr(self) -> str:
        """Return irreps and stride for the one-line repr."""
        return f"{self.irreps_in} -> {self.irreps_out}, stride={self.stride}, pool={self.pool}"
