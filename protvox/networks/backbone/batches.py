"""Run a backbone network over centres, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.networks.backbone.features import Batch, describe
from protvox.networks.backbone.residues import Residues, torsions

BATCH_SIZE: Final = 256
"""Centres computed together, in about 100 MB."""


def run_batches(
    read_out: Callable[..., Tensor],
    residues: Residues,
    chosen: NDArray[np.int64] | None = None,
    *,
    kinds: NDArray[np.uint8] | None = None,
    precision: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Yield what a network returns for some centres, batch by batch.

    Parameters
    ----------
    read_out
        The network, or another of its methods that takes a batch.
    residues
        Where the centres are; what they share is computed once.
    chosen
        ``centre``, which of the centres; all by default.
    kinds
        ``centre 32``, types of the neighbours of those chosen, in place of the residues' own.
    precision
        Type to compute in.
    device
        Where the network is; the CPU by default.

    Yields
    ------
    ndarray
        ``centre feature``, float32 as the weights, of up to `BATCH_SIZE` centres.
    """
    chosen = np.arange(len(residues.centre)) if chosen is None else chosen
    angles = torsions(residues.atoms, residues.bonded)
    for start in range(0, len(chosen), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        batch = describe(residues, chosen[part], angles=angles)
        if kinds is not None:
            batch.kinds[:, 1:] = kinds[part, 1:]
        # Not around the yield: the caller would compute without gradients too.
        with torch.inference_mode():
            found = read_out(*batch_tensors(batch, precision, device)).cpu().numpy()
        yield found


def batch_tensors(
    batch: Batch, precision: torch.dtype = torch.float32, device: torch.device | None = None
) -> tuple[Tensor, ...]:
    """Return a batch as the arguments of `BackboneNet.forward`.

    Parameters
    ----------
    batch
        Centres and their neighbours.
    precision
        Type of tokens and pairs, in which the network computes.
    device
        Where to compute; the CPU by default.
    """
    return (
        torch.from_numpy(batch.tokens).to(device, precision),
        torch.from_numpy(batch.pairs).to(device, precision),
        torch.from_numpy(batch.kinds).to(device),
        torch.from_numpy(batch.offsets).to(device),
        torch.from_numpy(batch.present).to(device),
    )
