"""Whole domains as training batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.errors import InputError
from protvox.train.shards import Shard
from protvox.voxel.moments import domain_moments
from protvox.voxel.pose import bounding_box, principal_axes
from protvox.voxel.rotation import small_rotations
from protvox.zoo.cath import SKIPPED, CathConfig, DomainBatch, domain_channels, grid_shape
from protvox.zoo.poses import HALF_TURNS

JITTER = 0.35
"""Standard deviation of the random turns away from the principal axes, radians."""


class DomainData:
    """The labelled domains of a shard, drawn as moments when they are asked for.

    Parameters
    ----------
    shard
        Domains whose label is a CATH code.
    config
        The network's input and labels; domains of other architectures are left out.

    Attributes
    ----------
    rows
        ``sample`` int64, structures of the shard.
    labels
        ``structure`` int64, index into ``config.labels``, -1 for others.

    Raises
    ------
    InputError
        If no domain has one of the labels.
    """

    def __init__(self, shard: Shard, config: CathConfig) -> None:
        self.config = config
        self._coordinates = shard.positions()
        bounds = shard.residue_start[shard.structure_start]
        parts = [slice(a, b) for a, b in pairwise(bounds.tolist())]
        self._channel = np.concatenate(
            [domain_channels(shard.atom_type[part], self._coordinates[part]) for part in parts]
        )
        self._atom_range = np.stack([bounds[:-1], bounds[1:]], axis=1)
        index = {label: place for place, label in enumerate(config.labels)}
        architectures = [".".join(code.split(".")[:2]) for code in shard.structure_label.tolist()]
        self.labels = np.array([index.get(a, -1) for a in architectures], dtype=np.int64)
        self.names = shard.name
        self.rows = np.flatnonzero(self.labels >= 0)
        if not len(self.rows):
            raise InputError("no domain has one of the labels", code="input.no_labels")
        poses = [principal_axes(self._atoms(row)) for row in range(shard.n_structures)]
        self._axes = np.stack(poses)
        extents = [bounding_box(self._atoms(row), axes)[1] for row, axes in enumerate(self._axes)]
        self._volume = np.prod(np.stack(extents) + 2 * config.spacing, axis=1)

    def _atoms(self, row: int) -> NDArray[np.float32]:
        first, last = self._atom_range[row]
        return self._coordinates[first:last][self._channel[first:last] != SKIPPED]

    def batch(
        self, rows: NDArray[np.int64], rng: np.random.Generator | None = None
    ) -> tuple[DomainBatch, Tensor]:
        """Draw domains on one grid that holds them all.

        Parameters
        ----------
        rows
            ``sample`` int64, structures.
        rng
            Source of random turns and shifts, for training; None for the principal pose.

        Returns
        -------
        batch : DomainBatch
            The moments and the shape of the grid.
        labels : Tensor
            ``sample`` int64.
        """
        axes = self._axes[rows]
        if rng is not None:
            flips = HALF_TURNS[rng.integers(0, len(HALF_TURNS), len(rows))]
            turns = small_rotations(len(rows), JITTER, rng)
            axes = (turns @ (flips[:, :, None] * axes)).astype(np.float32)
        boxes = [bounding_box(self._atoms(row), a) for row, a in zip(rows, axes, strict=True)]
        origin = np.stack([centre for centre, _ in boxes])
        if rng is not None:
            half = self.config.spacing / 2
            origin = origin + rng.uniform(-half, half, origin.shape).astype(np.float32)
        shape = grid_shape(np.max([extent for _, extent in boxes], axis=0), self.config.spacing)
        moments = domain_moments(
            self._coordinates, self._channel, self._atom_range[rows],
            origin.astype(np.float32), axes, self.config.moments(shape),
        )  # fmt: skip
        return DomainBatch(torch.from_numpy(moments), shape), torch.from_numpy(self.labels[rows])

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[DomainBatch, Tensor]]:
        """Yield training batches for ever, the same ones for the same seed.

        Domains of similar size go into one batch, so that little empty space is computed;
        which ones, and the order of the batches, is random.

        Parameters
        ----------
        batch_size
            Domains a batch.
        seed
            Decides order and poses.
        first_step
            Batch to begin with.
        """
        per_epoch = max(len(self.rows) // batch_size, 1)
        step = first_step
        while True:
            epoch = step // per_epoch
            rng = np.random.default_rng([seed, epoch])
            size = np.log(self._volume[self.rows]) + rng.normal(0, 0.25, len(self.rows))
            by_size = self.rows[np.argsort(size)]
            start = rng.integers(0, max(len(self.rows) - per_epoch * batch_size, 0) + 1)
            order = rng.permutation(per_epoch)
            while step // per_epoch == epoch:
                first = start + order[step % per_epoch] * batch_size
                turns = np.random.default_rng([seed, epoch, step])
                yield self.batch(by_size[first : first + batch_size], turns)
                step += 1

    def atoms(self, row: int) -> slice:
        """Return the atoms of a structure, a slice of the shard's.

        Parameters
        ----------
        row
            The structure.
        """
        return slice(*self._atom_range[row].tolist())

    def by_size(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return structures in ascending order of their boxes, for prediction in batches."""
        order: NDArray[np.int64] = rows[np.argsort(self._volume[rows], kind="stable")]
        return order
