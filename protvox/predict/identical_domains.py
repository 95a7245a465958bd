"""Domains that a structure has several times, because chains of it are identical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from protvox.predict.choose_domains import Domain
from protvox.predict.results.records import DomainPrediction
from protvox.structure.assembly.identical import find_identical
from protvox.structure.structure import Structure

_SHARED: Final = 0.9
"""Residues that two copies of a domain have in common, of those of either, at least."""


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
        numbers in identical chains, or in chains of which one has no declared sequence and whose
        common residues have the same names.
    """
    if len({domain.chain for domain in predicted}) < 2:
        return tuple(predicted)
    same_as, _ = find_identical(structure, structure.sequences)
    residues = {domain.id: _residues(structure, domain) for domain in domains}

    def is_copy(one: DomainPrediction, other: DomainPrediction) -> bool:
        a, b = residues[one.id], residues[other.id]
        shared = a.keys() & b.keys()
        if one.chain == other.chain or len(shared) < _SHARED * len(a.keys() | b.keys()):
            return False
        if same_as.get(one.chain, one.chain) == same_as.get(other.chain, other.chain):
            return True
        # Without their full sequences, chains that lack other residues are not found above.
        declared = one.chain in structure.sequences and other.chain in structure.sequences
        return not declared and all(a[key] == b[key] for key in shared)

    firsts: list[DomainPrediction] = []
    marked: list[DomainPrediction] = []
    for one in predicted:
        first = next((other for other in firsts if is_copy(one, other)), None)
        if first is None:
            firsts.append(one)
        marked.append(one if first is None else replace(one, same_as=first.id))
    return tuple(marked)


def _residues(structure: Structure, domain: Domain) -> dict[tuple[int, str], str]:
    """Return the names of the residues of a domain by their author numbers."""
    rows = domain.residues
    columns = structure.number[rows], structure.insertion_code[rows], structure.residue_name[rows]
    return {
        (int(number), str(code)): str(name) for number, code, name in zip(*columns, strict=True)
    }
