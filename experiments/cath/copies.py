"""Augmented copies of training domains as secondary structure elements (SSEs), kept in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protvox.networks.cath import CathConfig
from protvox.networks.sse import SSEBatch
from protvox.structure.geometry.sse import PAIR, SSEs, find_sses
from protvox.tasks.cath.augment import augment_domain, drop_sses
from protvox.tasks.cath.data import DomainData
from protvox.train.shard import read_shards

COPIES: Final = 8
"""Number of copies of every domain."""


def draw_copies(shards: Path, cache: Path, config: CathConfig) -> list[list[SSEs]]:
    """Return augmented copies of the domains of a folder.

    Parameters
    ----------
    shards
        Folder of shards.
    cache
        Folder for the copies, which later calls read.
    config
        Decides which domains are used; the others have no copies.

    Returns
    -------
    list of list of SSEs
        ``structure copy``, see `COPIES`.
    """
    domains = DomainData(read_shards(sorted(shards.glob("*.npz"))), config)
    path = cache / f"{shards.name}-{COPIES}.npz"
    if not path.exists():
        drawn = [
            find_sses(augment_domain(domains.ca(row), np.random.default_rng([row, copy])))
            for row in domains.rows.tolist()
            for copy in range(COPIES)
        ]
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            counts=np.array([len(one) for one in drawn]),
            chain=np.stack([one.chain for one in drawn]),
            each=np.concatenate([one.each for one in drawn]),
            pairs=np.concatenate([one.pairs.reshape(-1, len(PAIR)) for one in drawn]),
        )
    found = _read(path)
    copies: list[list[SSEs]] = [[] for _ in domains.labels]
    for sample, row in enumerate(domains.rows.tolist()):
        copies[row] = found[sample * COPIES : (sample + 1) * COPIES]
    return copies


def _read(path: Path) -> list[SSEs]:
    with np.load(path, allow_pickle=False) as arrays:
        counts, chain, each, pairs = (arrays[n] for n in ("counts", "chain", "each", "pairs"))
    rows = np.split(each, np.cumsum(counts)[:-1])
    squares = np.split(pairs, np.cumsum(counts**2)[:-1])
    return [
        SSEs(one, row, square.reshape(len(row), len(row), len(PAIR)))
        for one, row, square in zip(chain, rows, squares, strict=True)
    ]


def batches(
    domains: DomainData,
    copies: Sequence[Sequence[SSEs]],
    batch_size: int,
    seed: int,
    first_step: int,
) -> Iterator[tuple[SSEBatch, Tensor]]:
    """Yield training batches of copies without end, the same for the same seed.

    Parameters
    ----------
    domains
        Decides how often a domain is drawn.
    copies
        ``structure copy`` of them.
    batch_size
        Domains per batch.
    seed
        Decides the order, the copies and the SSEs dropped from them.
    first_step
        Batch to begin with.

    Yields
    ------
    batch : SSEBatch
        The SSEs.
    labels : Tensor
        ``sample 2`` int64: architecture and topology.
    """
    for rows, rng in domains.draws(batch_size, seed, first_step):
        drawn = [drop_sses(copies[row][rng.integers(COPIES)], rng) for row in rows.tolist()]
        yield SSEBatch.join(drawn), labels_of(domains, rows)


def labels_of(domains: DomainData, rows: NDArray[np.int64]) -> Tensor:
    """Return architecture and topology of structures, ``sample 2`` int64."""
    return torch.from_numpy(np.stack([domains.labels[rows], domains.topologies[rows]], axis=1))
