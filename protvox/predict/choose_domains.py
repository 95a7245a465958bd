"""Which parts of a structure are answered for as domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from protvox.errors import InputError
from protvox.predict.cath_predictor import Domain
from protvox.structure.domain_option import DomainOption
from protvox.structure.selection import Selection
from protvox.structure.splitting.find import find_domains
from protvox.structure.structure import Structure


def lay_out(
    structure: Structure, division: DomainOption, chain: str | None, asked: NDArray[np.bool_]
) -> tuple[list[Domain], list[str]]:
    """Return the domains of a structure.

    Parameters
    ----------
    structure
        The whole structure.
    division
        How to find them.
    chain
        Domains without a chain name lie in this one.
    asked
        ``residue`` mask; only the chains that these residues lie in.

    Returns
    -------
    domains : list of Domain
        In the order of the chains, or as given; the same domain once.
    warnings : list of str
        What the user should know of chains that could not be split.

    Raises
    ------
    InputError
        If a given domain is not there or does not lie in the chain.
    """
    if not isinstance(division, str):
        return _chosen(structure, division, chain), []
    domains: list[Domain] = []
    warnings: list[str] = []
    for name in dict.fromkeys(structure.chain[asked].tolist()):
        whole = Domain(name, name, "", asked & (structure.chain == name))
        if division == "chain":
            domains.append(whole)
            continue
        found = find_domains(structure, name)
        warnings += found.warnings
        domains += _chosen(structure, found.selections, name) or [whole]
    return domains, warnings


def find_membership(structure: Structure, domains: Sequence[Domain]) -> NDArray[np.str_]:
    """Return the domain that every residue lies in.

    Parameters
    ----------
    structure
        The whole structure.
    domains
        Its domains; where they overlap, the first one has the residue.

    Returns
    -------
    ndarray
        ``residue``, ``id`` of the domain, ``""`` for none.
    """
    ids = np.array(["", *(domain.id for domain in domains)], dtype=np.str_)
    place = np.zeros(structure.n_residues, dtype=np.int64)
    for index, domain in reversed(list(enumerate(domains, start=1))):
        place[domain.residues] = index
    return ids[place]


def _chosen(
    structure: Structure, selections: Sequence[Selection], chain: str | None
) -> list[Domain]:
    found: dict[str, Domain] = {}
    for selection in selections:
        placed = Selection(
            tuple(
                replace(s, chain=chain if s.chain is None else s.chain) for s in selection.segments
            )
        )
        mask = placed.mask(structure)
        chains = dict.fromkeys(structure.chain[mask].tolist())
        if chain is not None and set(chains) != {chain}:
            raise InputError(
                f"the domain does not lie in chain {chain} alone",
                where=str(selection),
                remedy="Leave out the chain, or give domains of it",
                code="input.domain_chain",
            )
        name = str(placed)
        found[name] = Domain(name, "+".join(chains), placed.chopping, mask)
    return list(found.values())
