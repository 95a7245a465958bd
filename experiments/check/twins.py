"""Where the residues of a segment are in another structure of the same or a related protein."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from protvox.predict.check.sequence import align, amino_acid_types
from protvox.structure.structure import Structure

ROUNDS = 10
LEAST_DISTANCE = 2.0
"""Å; superposed residues that are closer always count for the next superposition."""

LEAST_SHARED = 30
"""Fewest identical residues of two chains that are superposed."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A segment beside the same residues of another chain.

    Attributes
    ----------
    n
        Number of residues that have the same type in both.
    distance
        Median distance between the same residues after superposition of the chains, Å.
    offset
        Median position of the other chain's nearest residue, relative to the same residue. If it is
        not 0, one of the two chains has another register there.
    """

    n: int
    distance: float
    offset: float


def twin_chains(table: Path, entry: str, chain: str) -> list[tuple[str, str]]:
    """Return other chains of the same cluster at 40 % identity, the most useful first.

    Parameters
    ----------
    table
        Table of chains.
    entry, chain
        The chain.
    """
    chains = pd.read_csv(table, dtype=str, keep_default_na=False)
    own = chains[(chains.pdb == entry) & (chains.chain == chain)]
    if not len(own):
        return []
    others = chains[(chains.c40 == own.c40.iloc[0]) & (chains.index != own.index[0])]
    # Other entries before copies, and the same protein before related ones.
    keys = zip(others.pdb == entry, others.c95 != own.c95.iloc[0], strict=True)
    names = zip(others.pdb.tolist(), others.chain.tolist(), strict=True)
    ranked = sorted(zip(keys, names, strict=True), key=lambda pair: pair[0])
    return [name for _, name in ranked]


def compare_segment(
    structure: Structure, chain: str, first: int, last: int, other: Structure, other_chain: str
) -> Twin | None:
    """Return where the residues of a segment are in another chain; None if they are not there.

    Parameters
    ----------
    structure, chain
        The chain with the segment.
    first, last
        Residues of the chain, both included.
    other, other_chain
        The other chain.
    """
    types, xyz = _trace(structure, chain)
    known, place = _trace(other, other_chain)
    position = align(types, known)
    inside = (position >= 0) & (position < len(known))
    position = np.where(inside, position, 0)
    same = inside & (known[position] == types)
    same &= np.isfinite(xyz).all(axis=1) & np.isfinite(place[position]).all(axis=1)
    rows = np.flatnonzero(same)
    segment = rows[(rows >= first) & (rows <= last)]
    if len(rows) < LEAST_SHARED or not len(segment):
        return None
    moved = superpose(xyz, rows, place[position[rows]])
    apart = np.linalg.norm(moved[segment][:, None] - place[None], axis=2)
    offsets = np.nanargmin(apart, axis=1) - position[segment]
    distance = apart[np.arange(len(segment)), position[segment]]
    return Twin(len(segment), float(np.median(distance)), float(np.median(offsets)))


def _trace(structure: Structure, chain: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows = np.flatnonzero(structure.is_protein & (structure.chain == chain))
    types = amino_acid_types(structure.parent[rows].tolist())
    return types, structure.backbone()[rows, 1].astype(np.float64)


def superpose(
    xyz: NDArray[np.float64], rows: NDArray[np.int64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Superpose a chain by the residues that agree, found in rounds."""
    used = np.ones(len(rows), dtype=np.bool_)
    moved = xyz
    for _ in range(ROUNDS):
        start, end = xyz[rows[used]].mean(axis=0), target[used].mean(axis=0)
        left, _, right = np.linalg.svd((xyz[rows[used]] - start).T @ (target[used] - end))
        left[:, -1] *= np.sign(np.linalg.det(left @ right))
        moved = (xyz - start) @ left @ right + end
        distance = np.linalg.norm(moved[rows] - target, axis=1)
        used = distance < max(LEAST_DISTANCE, 1.5 * float(np.median(distance)))
    return moved
