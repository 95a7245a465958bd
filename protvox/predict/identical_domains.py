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
        numbers in identical chains.
    """
    chains = {domain.chain for domain in predicted}
    if len(chains) < 2:
        return tuple(predicted)
    same_as, _ = find_identical(structure, structure.sequences)
    if not same_as:
        return tuple(predicted)
    residues = {
        domain.id: set(
            zip(
                structure.number[domain.residues].tolist(),
                structure.insertion_code[domain.residues].tolist(),
                strict=True,
            )
        )
        for domain in domains
    }
    firsts: list[DomainPrediction] = []
    marked: list[DomainPrediction] = []
    for one in predicted:
        group = same_as.get(one.chain, one.chain)
        own = residues[one.id]
        first = next(
            (
                other
                for other in firsts
                if other.chain != one.chain
                and same_as.get(other.chain, other.chain) == group
                and len(own & residues[other.id]) >= _SHARED * len(own | residues[other.id])
            ),
            None,
        )
        if first is None:
            firsts.append(one)
        marked.append(one if first is None else replace(one, same_as=first.id))
    return tuple(marked)
