"""Which parts of a structure are taken as domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.messages import chain_label
from protvox.structure.domain_option import DomainOption
from protvox.structure.selection import Selection
from protvox.structure.splitting.find import Recognise, describe_residues, find_domains
from protvox.structure.structure import Structure


@dataclass(frozen=True)
class Domain:
    """A domain to classify.

    Attributes
    ----------
    id
        Name, unique within the input.
    chain
        Author chain name, several joined with ``+``.
    chopping
        Author residue ranges; ``""`` for the whole chain.
    residues
        ``residue`` mask.
    """

    id: str
    chain: str
    chopping: str
    residues: NDArray[np.bool_]


def choose_domains(
    structure: Structure,
    option: DomainOption,
    chain: str | None,
    requested: NDArray[np.bool_],
    outside: NDArray[np.bool_] | None = None,
    recognise: Recognise | None = None,
) -> tuple[list[Domain], list[str]]:
    """Return the domains of a structure.

    Parameters
    ----------
    structure
        The whole structure.
    option
        How to find them.
    chain
        Domains without a chain name lie in this one.
    requested
        ``residue`` mask; only the chains that hold these residues.
    outside
        ``residue`` mask of residues that belong to no domain unless the user gave it, because they
        are disordered.
    recognise
        Whether a part of a chain is a known domain, see
        `protvox.structure.splitting.find.split_chain`.

    Returns
    -------
    domains : list of Domain
        In the order of the chains, or as given, without repeats.
    warnings : list of str
        What the user should know about chains that could not be split.

    Raises
    ------
    InputError
        If a given domain does not exist or does not lie in the chain.
    """
    if not isinstance(option, str):
        return _chosen(structure, option, chain), []
    domains: list[Domain] = []
    warnings: list[str] = []
    for name in dict.fromkeys(structure.chain[requested].tolist()):
        whole = Domain(name, name, "", requested & (structure.chain == name))
        if outside is not None and (whole.residues & outside).any():
            ordered = whole.residues & ~outside
            if not ordered.any():
                warnings.append(
                    f"All residues of {chain_label(name)} are disordered, so it has no domain."
                )
                continue
            described = describe_residues(structure, name, ordered)
            whole = replace(whole, residues=ordered)
            if described is not None:
                whole = replace(whole, id=str(described), chopping=described.chopping)
        if option == "chain":
            domains.append(whole)
            continue
        found = find_domains(structure, name, outside, recognise)
        warnings += found.warnings
        domains += _chosen(structure, found.selections, name) or [whole]
    return domains, warnings


def find_membership(structure: Structure, domains: Sequence[Domain]) -> NDArray[np.str_]:
    """Return the domain of each residue.

    Parameters
    ----------
    structure
        The whole structure.
    domains
        Its domains; where they overlap, the residue belongs to the first.

    Returns
    -------
    ndarray
        ``residue``, ``id`` of the domain, ``""`` for none.
    """
    ids = np.array(["", *(domain.id for domain in domains)], dtype=np.str_)
    owner = np.zeros(structure.n_residues, dtype=np.int64)
    for index, domain in reversed(list(enumerate(domains, start=1))):
        owner[domain.residues] = index
    return ids[owner]


def _chosen(
    structure: Structure, selections: Sequence[Selection], chain: str | None
) -> list[Domain]:
    found: dict[str, Domain] = {}
    for selection in selections:
        located = Selection(
            tuple(
                replace(s, chain=chain if s.chain is None else s.chain) for s in selection.segments
            )
        )
        mask = located.mask(structure)
        chains = dict.fromkeys(structure.chain[mask].tolist())
        if chain is not None and set(chains) != {chain}:
            raise fail("input.domain_chain", where=str(selection), chain=chain)
        name = str(located)
        found[name] = Domain(name, "+".join(chains), located.chopping, mask)
    return list(found.values())
