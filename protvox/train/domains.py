"""Whole domains as training batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.errors import InputError
from protvox.train.shards import Shard
from protvox.vocabulary import ATOM_TYPE_INDEX
from protvox.voxel.rotation import random_rotations
from protvox.zoo.cath import CathConfig, DomainBatch, draw_domain

NOISE: Final = 0.2
"""Largest standard deviation of the noise on the coordinates of a training domain, Å."""

TRIMMED: Final = 1 / 8
"""Largest share of the residues cut off the ends of a training domain, half of the time."""

LEAST_TRIMMED: Final = 60
"""Residues; shorter domains are not cut."""

UNKNOWN: Final = -100
"""Label of a topology with a single domain, which teaches nothing."""


class DomainData:
    """The labelled domains of a shard, drawn when they are asked for.

    Parameters
    ----------
    shard
        Domains whose label is a CATH code.
    config
        The network's input and labels; domains of other architectures are left out, and those
        without a CA atom.

    Attributes
    ----------
    rows
        ``sample`` int64, structures of the shard.
    labels
        ``structure`` int64, index into ``config.labels``, -1 for others.
    topologies
        ``structure`` int64, number of the CATH topology among those with two or more of the
        samples; `UNKNOWN` for others.
    n_topologies
        How many those are.
    names
        ``structure``, names of the domains.

    Raises
    ------
    InputError
        If no domain has one of the labels.
    """

    def __init__(self, shard: Shard, config: CathConfig) -> None:
        self.config = config
        coordinates = shard.positions()
        bounds = shard.residue_start[shard.structure_start]
        is_ca = shard.atom_type == ATOM_TYPE_INDEX["backbone_CA"]
        self._ca = [coordinates[a:b][is_ca[a:b]] for a, b in pairwise(bounds.tolist())]
        index = {label: place for place, label in enumerate(config.labels)}
        codes = [code.split(".") for code in shard.structure_label.tolist()]
        self.labels = np.array([index.get(".".join(c[:2]), -1) for c in codes], dtype=np.int64)
        self.names = shard.name
        whole = np.array([len(ca) > 0 for ca in self._ca])
        self.rows = np.flatnonzero((self.labels >= 0) & whole)
        if not len(self.rows):
            raise InputError("no domain has one of the labels", code="input.no_labels")
        topologies = [".".join(code[:3]) for code in codes]
        counts = Counter(topologies[row] for row in self.rows.tolist())
        numbers = {name: n for n, name in enumerate(sorted(k for k, c in counts.items() if c > 1))}
        self.n_topologies = len(numbers)
        self.topologies = np.array([numbers.get(t, UNKNOWN) for t in topologies], dtype=np.int64)

    def ca(self, row: int) -> NDArray[np.float32]:
        """Return the CA atoms of a structure in chain order, ``residue 3`` float32, Å.

        Parameters
        ----------
        row
            The structure.
        """
        return self._ca[row]

    def batch(
        self, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[DomainBatch, Tensor]:
        """Draw domains as a training sees them.

        Parameters
        ----------
        rows
            ``sample`` int64, structures.
        rng
            Source of poses, noise and cuts.

        Returns
        -------
        batch : DomainBatch
            The domains, turned and moved at random, with a little noise on the coordinates,
            and half of the time with ragged ends: users' domains have both.
        labels : Tensor
            ``sample 2`` int64: architecture and topology.
        """
        drawn = [
            draw_domain(self._vary(self._ca[row], rng), rng.uniform(-0.5, 0.5, 3), self.config)
            for row in rows.tolist()
        ]
        labels = np.stack([self.labels[rows], self.topologies[rows]], axis=1)
        return DomainBatch.join(drawn), torch.from_numpy(labels)

    def _vary(self, ca: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        rotation = random_rotations(1, rng)[0]
        n = len(ca)
        if rng.random() < 0.5 and n > LEAST_TRIMMED:
            cut = int(rng.integers(0, int(n * TRIMMED)))
            start = int(cut * rng.random())
            ca = ca[start : n - (cut - start)]
        noise = rng.normal(0, NOISE * rng.random(), ca.shape)
        varied: NDArray[np.float32] = (ca - ca.mean(axis=0)) @ rotation.T + noise
        return varied.astype(np.float32)

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[DomainBatch, Tensor]]:
        """Yield training batches for ever, the same ones for the same seed.

        Parameters
        ----------
        batch_size
            Domains a batch.
        seed
            Decides order, poses and noise.
        first_step
            Batch to begin with.
        """
        per_epoch = max(len(self.rows) // batch_size, 1)
        step = first_step
        while True:
            epoch = step // per_epoch
            order = np.random.default_rng([seed, epoch]).permutation(self.rows)
            while step // per_epoch == epoch:
                first = step % per_epoch * batch_size
                rng = np.random.default_rng([seed, epoch, step])
                yield self.batch(order[first : first + batch_size], rng)
                step += 1
