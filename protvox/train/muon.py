"""Muon: optimiser steps of equal size in all directions, for the matrices that mix fields."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import torch
from torch import Tensor, nn

from protvox.nn import PathConv3d
from protvox.nn.moments import MomentEmbedding

MOMENTUM: Final = 0.95

_ITERATIONS: Final = 5
_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)
_ADAM_SIZE: Final = 0.2
"""Typical root mean square of a step of Adam, divided by its rate."""


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made nearly orthogonal (Jordan et al. 2024).

    A gradient of a mixing matrix is dominated by few directions; orthogonalised, a step moves
    the rare ones just as far. Steps are scaled to the size of Adam's (Liu et al. 2025), so that the
    two share a schedule.

    Parameters
    ----------
    matrices
        Parameters with two axes.
    lr
        Learning rate.
    weight_decay
        Decoupled weight decay.

    Notes
    -----
    ``torch.optim.Muon`` computes in bfloat16, which most CPUs emulate; this one computes in
    the precision of the weights.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Perform one step; ``closure`` is ignored."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if not state:
                    state["momentum"] = torch.zeros_like(matrix)
                momentum = state["momentum"].mul_(MOMENTUM).add_(matrix.grad)
                step = orthogonalise(matrix.grad.add(momentum, alpha=MOMENTUM))
                size = group["lr"] * _ADAM_SIZE * math.sqrt(max(step.shape))
                matrix.mul_(1 - group["lr"] * group["weight_decay"]).sub_(step, alpha=size)


def orthogonalise(matrix: Tensor) -> Tensor:
    """Return nearly the closest orthogonal matrix: singular values between 0.7 and 1.2.

    Parameters
    ----------
    matrix
        ``row column``.

    Notes
    -----
    Five steps of a quintic Newton-Schulz iteration, with the coefficients of Jordan et al.
    (2024), which trade exactness for speed.
    """
    a, b, c = _COEFFICIENTS
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


def mixing_matrices(network: nn.Module) -> list[nn.Parameter]:
    """Return the weights of a network that mix fields of one degree.

    Parameters
    ----------
    network
        A network with `MomentEmbedding` or `PathConv3d` layers; others have none.
    """
    layers = (m for m in network.modules() if isinstance(m, MomentEmbedding | PathConv3d))
    return [weight for layer in layers for weight in layer.weights]
