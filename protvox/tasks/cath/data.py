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

from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.errors import fail
from protvox.networks.cath import CathConfig, DomainBatch, featurize_domain
from protvox.structure.geometry.sse import find_sses
from protvox.tasks.cath.augment import augment_domain, drop_sses
from protvox.train.loop import LoopConfig
from protvox.train.shard import Shard

UNKNOWN: Final = -100
"""Label of a topology with a single domain, which is ignored."""


class DomainData:
    """The labelled domains of a shard, augmented when they are drawn.

    Parameters
    ----------
    shard
        Domains whose label is a CATH code.
    config
        The network's input and labels; domains of other architectures and those
        without a CA atom are skipped.
    balance
        See `protvox.train.loop.LoopConfig.balance`.

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
        Number of those topologies.
    names, codes
        ``structure``, names of the domains and their CATH codes.

    Raises
    ------
    InputError
        If no domain has one of the labels.
    """

    def __init__(
        self, shard: Shard, config: CathConfig, *, balance: float = LoopConfig.balance
    ) -> None:
        self.config = config
        coordinates = shard.positions()
        bounds = shard.residue_start[shard.structure_start]
        is_ca = shard.atom_type == ATOM_TYPE_INDEX["backbone_CA"]
        self._ca = [coordinates[a:b][is_ca[a:b]] for a, b in pairwise(bounds.tolist())]
        index = {label: row for row, label in enumerate(config.labels)}
        codes = [code.split(".") for code in shard.structure_label.tolist()]
        self.labels = np.array([index.get(".".join(c[:2]), -1) for c in codes], dtype=np.int64)
        self.names = shard.name
        self.codes = shard.structure_label
        whole = np.array([len(ca) > 0 for ca in self._ca])
        self.rows = np.flatnonzero((self.labels >= 0) & whole)
        if not len(self.rows):
            raise fail("input.no_labels")
        topologies = [".".join(code[:3]) for code in codes]
        counts = Counter(topologies[row] for row in self.rows.tolist())
        numbers = {name: n for n, name in enumerate(sorted(k for k, c in counts.items() if c > 1))}
        families = Counter(".".join(codes[row]) for row in self.rows.tolist())
        sizes = np.array([float(families[".".join(codes[row])]) for row in self.rows.tolist()])
        self._chance = sizes**-balance / (sizes**-balance).sum()
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
        """Return augmented domains as a training batch.

        Parameters
        ----------
        rows
            ``sample`` int64, structures.
        rng
            Source of randomness.

        Returns
        -------
        batch : DomainBatch
            The domains after `protvox.tasks.cath.augment.augment_domain`, at random positions on
            the lattice.
        labels : Tensor
            ``sample 2`` int64: architecture and topology.
        """
        traces, drawn = [], []
        for row in rows.tolist():
            traces.append(augment_domain(self._ca[row], rng))
            drawn.append(featurize_domain(traces[-1], rng.uniform(-0.5, 0.5, 3), self.config))
        sses = [drop_sses(find_sses(trace), rng) for trace in traces] if self.config.sse else None
        labels = np.stack([self.labels[rows], self.topologies[rows]], axis=1)
        return DomainBatch.join(drawn, sses), torch.from_numpy(labels)

    def batches(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[DomainBatch, Tensor]]:
        """Yield training batches without end, the same for the same seed.

        Parameters
        ----------
        batch_size
            Domains per batch.
        seed
            Determines order, poses and noise.
        first_step
            Batch to begin with.
        """
        for rows, rng in self.draws(batch_size, seed, first_step):
            yield self.batch(rows, rng)

    def draws(
        self, batch_size: int, seed: int, first_step: int = 0
    ) -> Iterator[tuple[NDArray[np.int64], np.random.Generator]]:
        """Yield the structures of each batch, ``sample`` int64, and its source of randomness.

        Domains are drawn with replacement, those of large superfamilies less often.

        Parameters
        ----------
        batch_size
            Domains per batch.
        seed
            Determines order, poses and noise.
        first_step
            Batch to begin with.
        """
        per_epoch = max(len(self.rows) // batch_size, 1)
        step = first_step
        while True:
            epoch = step // per_epoch
            order = np.random.default_rng([seed, epoch]).choice(
                self.rows, len(self.rows), p=self._chance
            )
            while step // per_epoch == epoch:
                first = step % per_epoch * batch_size
                yield order[first : first + batch_size], np.random.default_rng([seed, epoch, step])
                step += 1
