"""Environments drawn as voxels, in the frame of the residue or along rotated axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.train.shard import UNLABELLED, Shard
from protvox.voxel.grids.density import SKIP, voxelize
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES, residue_frames
from protvox.voxel.rotation import random_rotations

_LAST_BACKBONE = ATOM_TYPE_INDEX["backbone_O"]


@dataclass(frozen=True)
class GridConfig:
    """The grid of an environment.

    Attributes
    ----------
    size
        Voxels along an edge.
    spacing
        Edge of a voxel, Å.
    sigma
        Standard deviation of an atom's Gaussian, Å.
    beyond
        Distance of the centre from CA along the bond to the ideal CB, Å.
    """

    size: int
    spacing: float
    sigma: float
    cb_offset: float

    def spec(self) -> GridSpec:
        """Return the grid."""
        return GridSpec(self.size, self.spacing, self.sigma)


class EnvironmentGrids:
    """The labelled residues of a shard, drawn as densities on demand.

    Parameters
    ----------
    shard
        Structures with residue labels.
    grid
        The grid.
    in_frame
        Align the grid with the axes of the residue; otherwise with those of the file.
    rotation
        Rotation of the whole shard before drawing; None for none.

    Attributes
    ----------
    rows
        ``sample`` int64, the labelled residues with a frame.
    labels
        ``residue`` uint8.
    structure
        ``residue`` int64, the structure each residue belongs to.
    """

    def __init__(
        self,
        shard: Shard,
        grid: GridConfig,
        *,
        in_frame: bool,
        rotation: NDArray[np.float32] | None = None,
    ) -> None:
        self.in_frame = in_frame
        self.labels = shard.residue_label
        self.structure = np.repeat(np.arange(shard.n_structures), np.diff(shard.structure_start))
        self._spec = grid.spec()
        self._positions = shard.positions()
        backbone = shard.backbone()
        if rotation is not None:
            self._positions = self._positions @ rotation.T
            backbone = backbone @ rotation.T
        self._type = shard.atom_type
        self._residue_start = shard.residue_start
        self._bounds = shard.residue_start[shard.structure_start]
        self._frames = residue_frames(backbone, grid.cb_offset)
        self.rows = np.flatnonzero((self.labels != UNLABELLED) & self._frames.valid)

    def draw(self, rows: NDArray[np.int64], rng: np.random.Generator | None = None) -> Tensor:
        """Draw environments.

        Parameters
        ----------
        rows
            ``sample`` int64, residues.
        rng
            Rotates every grid at random; None for no rotation.

        Returns
        -------
        Tensor
            ``sample channel x y z`` float32.
        """
        axes = self._frames.axes[rows] if self.in_frame else np.tile(np.eye(3), (len(rows), 1, 1))
        if rng is not None:
            axes = random_rotations(len(rows), rng) @ axes
        parts, channels, ends = [], [], [0]
        for row, matrix in zip(rows.tolist(), axes.astype(np.float32), strict=True):
            near, channel = self._around(row)
            parts.append(near @ matrix.T)
            channels.append(channel)
            ends.append(ends[-1] + len(channel))
        return torch.from_numpy(
            voxelize(
                np.concatenate(parts),
                np.concatenate(channels),
                np.array(ends, dtype=np.int64),
                self._spec,
                N_ENVIRONMENT_TYPES,
            )
        )

    def targets(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the amino acids of residues, ``sample`` int64."""
        return torch.from_numpy(self.labels[rows].astype(np.int64))

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield training batches forever, the same residues in the same order for one seed.

        Grids along the axes of the file are rotated at random at every access.
        """
        per_epoch = max(len(self.rows) // batch_size, 1)
        step = first_step
        while True:
            epoch = step // per_epoch
            order = np.random.default_rng([seed, 0, epoch]).permutation(self.rows)
            while step // per_epoch == epoch:
                start = (step % per_epoch) * batch_size
                rows = np.sort(order[start : start + batch_size])
                rng = None if self.in_frame else np.random.default_rng([seed, 1, step])
                yield self.draw(rows, rng), self.targets(rows)
                step += 1

    def sample(self, count: int, seed: int) -> NDArray[np.int64]:
        """Return a fixed random choice of at most ``count`` labelled residues, sorted."""
        count = min(count, len(self.rows))
        return np.sort(np.random.default_rng(seed).choice(self.rows, count, replace=False))

    def _around(self, row: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return the atoms around a residue, relative to the grid's centre, and their channels."""
        structure = self.structure[row]
        whole = slice(self._bounds[structure], self._bounds[structure + 1])
        offset = self._positions[whole] - self._frames.origin[row]
        channel = self._type[whole].copy()
        own = slice(*(self._residue_start[row : row + 2] - whole.start))
        # The side chain is to be predicted; the backbone has a channel of its own.
        backbone = channel[own] <= _LAST_BACKBONE
        channel[own] = np.where(backbone, N_ENVIRONMENT_TYPES - 1, SKIP)
        max_ca_distance = float(np.linalg.norm(self._spec.extent)) / 2 + 4 * self._spec.sigma
        near = np.einsum("ij,ij->i", offset, offset) < max_ca_distance**2
        return offset[near], channel[near]
