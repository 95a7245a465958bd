"""Running statistics of the norms, measured over many batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from protvox.nn import FieldNorm


def settle_norms(network: nn.Module, inputs: Iterable[Any]) -> None:
    """Set every norm's running statistics to their mean over batches.

    While weights move, a running average lags behind them; and where the batches differ in
    kind, as domains of one size do, it follows the last few. Measuring anew before the
    network is used costs a few batches and makes its answers those of the training.

    Parameters
    ----------
    network
        Left in evaluation mode.
    inputs
        What the network is called with, at least one.
    """
    norms = [part for part in network.modules() if isinstance(part, FieldNorm)]
    momenta = [norm.momentum for norm in norms]
    sums = [(torch.zeros_like(n.running_mean), torch.zeros_like(n.running_square)) for n in norms]
    count = 0
    network.eval()
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.inference_mode():
        for batch in inputs:
            network(batch)
            count += 1
            for norm, (mean, square) in zip(norms, sums, strict=True):
                mean += norm.running_mean
                square += norm.running_square
        for norm, momentum, (mean, square) in zip(norms, momenta, sums, strict=True):
            norm.running_mean.copy_(mean / count)
            norm.running_square.copy_(square / count)
            norm.momentum = momentum
    network.eval()
