"""Chains that are domains, and chains that are not, to test the flags on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from experiments.segmentation.dataset import read_chains
from protvox.structure.geometry.compactness import LEAST_MEASURED
from protvox.structure.io.read import read_structure
from protvox.structure.structure import ResidueKind, Structure
from protvox.train.shard import Shard

WINDOW: Final = 40
"""Residues of the shortest fragment, and one more than those of the longest peptide."""

NOISE: Final = (0.5, 1.0, 2.0)
"""Standard deviations along each axis, Å."""

BOUND: Final = 4.0
"""Å between atoms of a peptide and of nucleic acid."""

Trace = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """One chain to judge.

    Attributes
    ----------
    kind
        Name of the kind of chain.
    group
        Superfamily or file; cases of one group are not independent.
    ca
        ``residue 3``, Å.
    n_residues
        Residues, including those without CA.
    """

    kind: str
    group: str
    ca: Trace
    n_residues: int


def domain_cases(shard: Shard, seed: int) -> Iterator[Case]:
    """Yield every domain of a shard as it is, in parts and damaged.

    Parameters
    ----------
    shard
        Domains, labelled by superfamily.
    seed
        Seed of windows, orders and noise.
    """
    rng = np.random.default_rng(seed)
    trace = shard.backbone()[:, 1]
    labels = shard.structure_label.tolist()
    bounds = zip(labels, shard.structure_start[:-1], shard.structure_start[1:], strict=True)
    for family, first, last in bounds:
        ca = trace[first:last]
        ca = ca[np.isfinite(ca).all(axis=1)]
        yield Case("domain", family, ca, int(last - first))
        half = len(ca) // 2
        parts = {"first half": ca[:half], "last half": ca[half:]}
        if len(ca) >= 2 * WINDOW:
            start = int(rng.integers(len(ca) - WINDOW + 1))
            parts["window of 40 residues"] = ca[start : start + WINDOW]
        parts["order permuted"] = rng.permutation(ca)
        for deviation in NOISE:
            noise = rng.normal(0, deviation, ca.shape)
            parts[f"noise of {deviation:g} Å"] = (ca + noise).astype(np.float32)
        parts["mirrored"] = ca * np.array([-1, 1, 1], dtype=np.float32)
        for kind, part in parts.items():
            yield Case(kind, family, part, len(part))


def chain_cases(data: Path, split: str) -> Iterator[Case]:
    """Yield the whole chains of a split that have several CATH domains."""
    chains, _ = read_chains(data, data, (split,))
    for chain in chains:
        if chain.n_domains > 1:
            count = "2" if chain.n_domains == 2 else "3 or more"
            yield Case(f"chain of {count} domains", chain.file, chain.ca, len(chain.ca))


def peptide_cases(data: Path, split: str) -> Iterator[Case]:
    """Yield the peptides in the files of a split, each sequence once.

    A peptide is a protein chain of fewer than `WINDOW` residues. One with an atom within
    `BOUND` of a nucleic acid is bound to it.
    """
    seen: set[tuple[str, ...]] = set()
    for file in files_of(data, split):
        structure = read_structure(data / file)
        ca = structure.backbone()[:, 1]
        traced = structure.is_protein & np.isfinite(ca).all(axis=1)
        for chain in structure.protein_chains:
            residues = structure.is_protein & (structure.chain == chain)
            rows = traced & residues
            sequence = tuple(structure.parent[residues].tolist())
            if not LEAST_MEASURED <= rows.sum() <= residues.sum() < WINDOW or sequence in seen:
                continue
            seen.add(sequence)
            bound = _touches_nucleic(structure, residues)
            kind = "peptide bound to nucleic acid" if bound else "other peptide"
            yield Case(kind, file, ca[rows], int(residues.sum()))


def files_of(data: Path, split: str) -> list[str]:
    """Return the entries of a split; a file belongs to the most held-out split of its chains."""
    tables = [
        pd.read_csv(data / name, usecols=["file", "split"])
        for name in ("chains.csv", "domains.csv")
    ]
    rows = pd.concat(tables)
    rows = rows[rows["file"].str.startswith("entries/")]
    order = {"test": 0, "val": 1, "train": 2}
    first = rows["split"].map(order).groupby(rows["file"]).min()
    return sorted(first.index[first == order[split]])


def _touches_nucleic(structure: Structure, residues: NDArray[np.bool_]) -> bool:
    nucleic = structure.kind == ResidueKind.NUCLEIC
    if not nucleic.any():
        return False
    tree = cKDTree(structure.coordinates[nucleic[structure.residue_index]])
    own = structure.coordinates[residues[structure.residue_index]]
    near, _ = tree.query(own, distance_upper_bound=BOUND)
    return bool(np.isfinite(near).any())
