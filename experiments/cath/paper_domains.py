"""Domains of the paper's ten architectures as CA traces, and nested subsets of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.errors import InputError
from protvox.train.shard import Shard, read_shards


@dataclass(frozen=True)
class Traces:
    """Domains reduced to their CA atoms.

    Attributes
    ----------
    names
        ``domain``, CATH domain names.
    codes
        ``domain``, CATH superfamilies, e.g. ``"3.40.50.300"``.
    labels
        ``domain`` int64, index into `protvox.cath_names.PAPER_ARCHITECTURES`.
    coordinates
        One array ``residue 3`` float32 per domain, Å.
    rows
        ``domain`` int64, row of each domain in its shard.
    """

    names: tuple[str, ...]
    codes: tuple[str, ...]
    labels: NDArray[np.int64]
    coordinates: tuple[NDArray[np.float32], ...]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of domains."""
        return len(self.names)

    def take(self, rows: NDArray[np.int64]) -> Traces:
        """Return some of the domains, in the order of ``rows``."""
        chosen = rows.tolist()
        return Traces(
            tuple(self.names[row] for row in chosen),
            tuple(self.codes[row] for row in chosen),
            self.labels[rows],
            tuple(self.coordinates[row] for row in chosen),
            self.rows[rows],
        )

    def families(self) -> NDArray[np.int64]:
        """Return the number of each domain's superfamily, ``domain`` int64."""
        return np.unique(np.array(self.codes), return_inverse=True)[1].astype(np.int64)


def architecture_of(code: str) -> str:
    """Return the architecture of a CATH code, ``"3.40"`` of ``"3.40.50.300"``."""
    return ".".join(code.split(".")[:2])


def read_traces(*folders: Path) -> Traces:
    """Read the domains of the ten architectures from folders of shards.

    Raises
    ------
    InputError
        If a shard cannot be used, or no domain has one of the ten architectures.
    """
    return traces_of(read_shards([path for f in folders for path in sorted(f.glob("*.npz"))]))


def traces_of(shard: Shard) -> Traces:
    """Return the domains of the ten architectures that a shard holds."""
    known = {name: index for index, name in enumerate(PAPER_ARCHITECTURES)}
    labels = [known.get(architecture_of(code), -1) for code in shard.structure_label.tolist()]
    ca = shard.atom_type == ATOM_TYPE_INDEX["backbone_CA"]
    bounds = shard.residue_start[shard.structure_start]
    rows = [
        row
        for row, label in enumerate(labels)
        if label >= 0 and ca[bounds[row] : bounds[row + 1]].any()
    ]
    if not rows:
        raise InputError("no domain has one of the ten architectures", code="input.no_labels")
    positions = shard.positions()
    spans = [slice(bounds[row], bounds[row + 1]) for row in rows]
    return Traces(
        tuple(shard.name[rows].tolist()),
        tuple(shard.structure_label[rows].tolist()),
        np.array(labels, dtype=np.int64)[rows],
        tuple(positions[span][ca[span]] for span in spans),
        np.array(rows, dtype=np.int64),
    )


def read_clusters(*tables: Path) -> dict[str, str]:
    """Return the cluster of 35 % identity of every domain in tables like ``domains.csv``."""
    clusters: dict[str, str] = {}
    for table in tables:
        found = pd.read_csv(table, usecols=["domain", "s35"], dtype=str, keep_default_na=False)
        clusters |= dict(zip(found["domain"], found["s35"], strict=True))
    return clusters


def nested_part(
    traces: Traces, clusters: Mapping[str, str], fraction: int, seed: int
) -> NDArray[np.int64]:
    """Return the domains of one ``fraction``-th of the clusters of every architecture.

    Relatives are near copies. Removing whole clusters of 35 % identity makes a set of half the
    size half as informative, as it is where every cluster has one member. Each subset
    contains all smaller ones of the same seed.

    Parameters
    ----------
    traces
        The whole training set.
    clusters
        Cluster of every domain by name, see `read_clusters`.
    fraction
        1 keeps everything.
    seed
        Seed of the order of the clusters.

    Returns
    -------
    ndarray
        ``domain`` int64, ascending.

    Raises
    ------
    InputError
        If the table lacks a domain (``input.clusters``).
    """
    lost = [name for name in traces.names if name not in clusters]
    if lost:
        raise InputError(
            f"the table has no cluster for {len(lost)} domains, e.g. {lost[0]}",
            remedy="Give the table that the shards were made from",
            code="input.clusters",
        )
    of_domain = np.array([clusters[name] for name in traces.names])
    kept: list[NDArray[np.int64]] = []
    for label in np.unique(traces.labels):
        members = np.flatnonzero(traces.labels == label)
        order = np.random.default_rng([seed, label]).permutation(np.unique(of_domain[members]))
        chosen = order[: math.ceil(len(order) / fraction)]
        kept.append(members[np.isin(of_domain[members], chosen)])
    return np.sort(np.concatenate(kept))


def one_per_family(traces: Traces, seed: int) -> NDArray[np.int64]:
    """Return one random domain of every superfamily, ``domain`` int64, ascending."""
    order = np.random.default_rng(seed).permutation(len(traces))
    _, first = np.unique(np.array(traces.codes)[order], return_index=True)
    return np.sort(order[first])


def extract(shard: Shard, rows: Sequence[int]) -> list[Shard]:
    """Return structures of a shard, each as a shard of its own."""
    parts = []
    for row in rows:
        first, last = shard.structure_start[row : row + 2].tolist()
        start, end = int(shard.residue_start[first]), int(shard.residue_start[last])
        parts.append(
            Shard(
                coordinates=shard.coordinates[start:end],
                atom_type=shard.atom_type[start:end],
                residue_start=shard.residue_start[first : last + 1] - start,
                structure_start=np.array([0, last - first], dtype=np.int64),
                residue_label=shard.residue_label[first:last],
                structure_label=shard.structure_label[row : row + 1],
                name=shard.name[row : row + 1],
            )
        )
    return parts
