"""Running statistics of norms, estimated over many batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from protvox.nn import FieldNorm


def reestimate_batch_norm(network: nn.Module, inputs: Iterable[Any]) -> None:
    """Set every norm's running statistics to their mean over batches.

    While weights change, a running average lags behind; and where batches differ, as batches of
    domains do, it follows the last few. Estimating it again before the network is used costs a
    few batches and makes its outputs those of the training.

    Parameters
    ----------
    network
        Left in evaluation mode.
    inputs
        Inputs of the network, at least one batch.
    """
    norms = [p for p in network.modules() if isinstance(p, FieldNorm | nn.BatchNorm1d)]
    momenta = [norm.momentum for norm in norms]
    measured = [(buffer, torch.zeros_like(buffer)) for norm in norms for buffer in _running(norm)]
    count = 0
    network.eval()
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.inference_mode():
        for batch in inputs:
            network(batch)
            count += 1
            for buffer, total in measured:
                total += buffer
        for buffer, total in measured:
            buffer.copy_(total / count)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()


def _running(norm: nn.Module) -> list[Tensor]:
    """Return the running statistics of a norm, not its count of batches."""
    return [b for name, b in norm.named_buffers() if name.startswith("running")]
