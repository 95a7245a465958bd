"""Domains that a structure has several times, because chains of it are identical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.choose_domains import Domain
from protvox.predict.results.records import DomainPrediction
from protvox.structure.assembly.identical import find_identical
from protvox.structure.structure import Structure

_SHARED: Final = 0.9
"""Share of residues that two copies of a domain have in common, of those of either, at least."""


def mark_identical(
    structure: Structure, domains: Sequence[Domain], predicted: Sequence[DomainPrediction]
) -> tuple[DomainPrediction, ...]:
    """Name the first copy of each domain that lies in several identical chains.

    Parameters
    ----------
    structure
        The whole structure.
    domains
        Its domains, with their residues.
    predicted
        Predictions for some of them.

    Returns
    -------
    tuple of DomainPrediction
        The predictions with `DomainPrediction.same_as`. Copies have nearly the same residue
        numbers in identical chains, apart from residues that one of the chains lacks, or in chains
        of which one has no declared sequence and whose common residues have the same names.
    """
    if len({domain.chain for domain in predicted}) < 2:
        return tuple(predicted)
    same_as, _ = find_identical(structure, structure.sequences)
    protein = structure.is_protein
    residues = {domain.id: _residues(structure, domain.residues) for domain in domains}
    modelled = {
        chain: _residues(structure, protein & (structure.chain == chain)).keys()
        for chain in {domain.chain for domain in predicted}
    }

    def is_copy(one: DomainPrediction, other: DomainPrediction) -> bool:
        a, b = residues[one.id], residues[other.id]
        shared = a.keys() & b.keys()
        if one.chain == other.chain or not shared:
            return False
        if same_as.get(one.chain, one.chain) == same_as.get(other.chain, other.chain):
            # What one of the chains lacks says nothing about where the domain ends in it.
            both = (a.keys() | b.keys()) & modelled[one.chain] & modelled[other.chain]
            return len(shared) >= _SHARED * len(both)
        # Without their full sequences, chains that lack other residues are not found above.
        declared = one.chain in structure.sequences and other.chain in structure.sequences
        same = not declared and all(a[key] == b[key] for key in shared)
        return same and len(shared) >= _SHARED * len(a.keys() | b.keys())

    firsts: list[DomainPrediction] = []
    marked: list[DomainPrediction] = []
    for one in predicted:
        first = next((other for other in firsts if is_copy(one, other)), None)
        if first is None:
            firsts.append(one)
        marked.append(one if first is None else replace(one, same_as=first.id))
    return tuple(marked)


def _residues(structure: Structure, rows: NDArray[np.bool_]) -> dict[tuple[int, str], str]:
    """Return the names of some residues by their author numbers."""
    columns = structure.number[rows], structure.insertion_code[rows], structure.residue_name[rows]
    return {
        (int(number), str(code)): str(name) for number, code, name in zip(*columns, strict=True)
    }
