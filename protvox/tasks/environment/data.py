"""Residue environments as training batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from protvox.errors import fail
from protvox.train.run import choose_rows, in_chunks
from protvox.train.shard import UNLABELLED, Shard
from protvox.voxel.moments.moments import MomentSpec, environment_moments
from protvox.voxel.moments.residue_frames import residue_frames


class EnvironmentData:
    """The labelled residues of a shard, as moments computed when they are drawn.

    Parameters
    ----------
    shard
        Structures with residue labels.
    spec
        Moments of the network.
    cb_offset
        Distance of the grid centre from CA towards the ideal CB, Å.

    Attributes
    ----------
    rows
        ``sample`` int64, the labelled residues with a frame.
    labels
        ``residue`` uint8.
    structure
        ``residue`` int64, index of the structure each residue belongs to.

    Raises
    ------
    InputError
        If no residue is labelled.
    """

    def __init__(self, shard: Shard, spec: MomentSpec, cb_offset: float) -> None:
        self.spec = spec
        self._coordinates = shard.positions()
        self._atom_type = shard.atom_type
        self._atom_residue = shard.atom_residue()
        self._atom_range = shard.atom_range()
        frames = residue_frames(shard.backbone(), cb_offset)
        self._origin, self._axes = frames.origin, frames.axes
        self.labels = shard.residue_label
        self.structure = np.repeat(np.arange(shard.n_structures), np.diff(shard.structure_start))
        self.rows = np.flatnonzero((self.labels != UNLABELLED) & frames.valid)
        if not len(self.rows):
            raise fail("input.no_labels.residue")

    def moments(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the environments of residues.

        Parameters
        ----------
        rows
            ``sample`` int64, residues.

        Returns
        -------
        ndarray
            ``sample feature point`` float32.
        """
        return environment_moments(
            self._coordinates,
            self._atom_type,
            self._atom_residue,
            self._atom_range[rows],
            rows.astype(np.int32),
            self._origin[rows],
            self._axes[rows],
            self.spec,
        )

    def batch(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return moments ``sample feature point`` and labels ``sample`` as tensors."""
        labels = torch.from_numpy(self.labels[rows].astype(np.int64))
        return torch.from_numpy(self.moments(rows)), labels

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield training batches without end, the same for the same seed.

        Parameters
        ----------
        batch_size
            Residues per batch.
        seed
            Determines the order, which differs between epochs.
        first_step
            Batch to begin with, so that a resumed training continues where it stopped.
        """
        per_epoch = max(len(self.rows) // batch_size, 1)
        step = first_step
        while True:
            epoch = step // per_epoch
            order = np.random.default_rng([seed, epoch]).permutation(self.rows)
            while step // per_epoch == epoch:
                start = (step % per_epoch) * batch_size
                # Sorted, neighbours in the file share cache lines.
                yield self.batch(np.sort(order[start : start + batch_size]))
                step += 1

    def sample(self, count: int, seed: int) -> NDArray[np.int64]:
        """Return labelled residues chosen at random, sorted.

        Parameters
        ----------
        count
            Number of residues; all if there are fewer.
        seed
            Determines the choice.
        """
        return choose_rows(self.rows, count, seed)


def predict_rows(
    network: nn.Module,
    data: EnvironmentData,
    rows: NDArray[np.int64],
    device: torch.device,
    *,
    batch_size: int = 256,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Run a network over residues of a data set.

    Parameters
    ----------
    network
        In evaluation mode.
    data
        The data set.
    rows
        ``sample`` int64, residues.
    device
        Where the network is.
    batch_size
        Residues per batch.

    Returns
    -------
    logits : ndarray
        ``sample 20`` float32.
    labels : ndarray
        ``sample`` int64.
    """
    logits = []
    with torch.inference_mode():
        for chunk in in_chunks(rows, batch_size):
            inputs, _ = data.batch(chunk)
            logits.append(network(inputs.to(device)).float().cpu().numpy())
    return np.concatenate(logits), data.labels[rows].astype(np.int64)
