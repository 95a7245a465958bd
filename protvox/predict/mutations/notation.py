"""Notations of mutations: protvox's own, HGVS, and those of other programs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from protvox.chemistry import AMINO_ACID_INDEX, THREE_LETTER
from protvox.errors import fail
from protvox.predict.mutations.mutation_list import Mutation, Variant

_AMINO_ACID: Final = r"(?:[A-Za-z]{3}|[A-Za-z])"
_NUMBER: Final = r"(-?\d{1,9})([A-Za-z]?)"
_MUTATION: Final = re.compile(rf"({_AMINO_ACID})?{_NUMBER}({_AMINO_ACID})", re.ASCII)
_WITH_WILD_TYPE: Final = re.compile(rf"{_AMINO_ACID}-?\d{{1,9}}[A-Za-z]?{_AMINO_ACID}", re.ASCII)
_WITHIN: Final = re.compile(rf"([A-Z]|[A-Z]{{3}})([A-Za-z]){_NUMBER}([A-Za-z])", re.ASCII)
"""Chain after the wild type: ``FA45W`` of FoldX, EvoEF, MutateX and SKEMPI, ``PHEA45W`` in results
of FoldX."""

_BRACED: Final = re.compile(rf"([A-Z]){_NUMBER}\.(\w)\{{([A-Z])\}}", re.ASCII)
"""``F45.A{W}`` of MAESTRO."""

_SPACED: Final = re.compile(r"([A-Za-z0-9]+)\s+(-?\d+[A-Za-z]?)\s+([A-Z])\s+([A-Z])", re.ASCII)
"""``A 45 F W`` of SAAMBE-3D."""

_HGVS: Final = re.compile(r"(?:(\S+):)?p\.[(\[]?(.*?)[)\]]?", re.ASCII)
_HGVS_AMINO_ACID: Final = r"([A-Z][a-z]{2}|[A-Z])"
_HGVS_MUTATION: Final = re.compile(rf"{_HGVS_AMINO_ACID}(\d{{1,9}}){_HGVS_AMINO_ACID}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[:,;/+_&\s]+")
_JOINTS: Final = re.compile(r"[,;/+_&\s]+")
_CHAIN: Final = re.compile(r"[A-Za-z0-9]{1,4}", re.ASCII)
_LONGEST_CHAIN_OF_HGVS: Final = 2


def parse_mutation(text: str) -> Mutation:
    """Read one mutation.

    ``A:45W`` places tryptophan at residue 45 of chain A; ``A:L45W`` also states that the residue
    is leucine; ``A:45AW`` is the residue with insertion code A. Without a chain, ``45W`` refers to
    the only protein chain, and ``:45W`` to a chain with a blank name. Amino acids have one-letter
    or three-letter codes, in upper or lower case. ``p.Leu45Trp`` (HGVS), ``LA45W`` (FoldX, SKEMPI),
    ``A L45W`` (mCSM), ``A 45 L W`` (SAAMBE-3D), ``A_L45W`` and ``L45.A{W}`` (MAESTRO) are read too.

    Parameters
    ----------
    text
        The mutation.

    Returns
    -------
    Mutation
        Independent of any structure.

    Raises
    ------
    InputError
        ``mutation.syntax`` for invalid syntax, ``mutation.several`` for several mutations in one
        text, ``mutation.amino_acid`` for a code that is not one of the 20 amino acids.
    """
    variant = parse_variant(text)
    if len(variant.mutations) > 1:
        raise fail("mutation.several", where="mutations", text=text.strip())
    return variant.mutations[0]


def parse_variant(text: str) -> Variant:
    """Read one mutation, or several that are made at once.

    Parameters
    ----------
    text
        A mutation as in `parse_mutation`, or several joined by ``+``: ``A:F45A+A:L50A``. Other
        joints are read where nothing else can be meant: ``F45A:L50A``, ``F45A,L50A``,
        ``F45A_L50A``. A mutation without a chain has that of the one before it.

    Returns
    -------
    Variant
        Independent of any structure.

    Raises
    ------
    InputError
        ``mutation.syntax`` for invalid syntax, ``mutation.amino_acid`` for a code that is not one
        of the 20 amino acids.

    Examples
    --------
    >>> str(parse_variant("A:F45A,L50A"))
    'A:F45A+A:L50A'
    """
    whole = text.strip().rstrip(";,").strip()
    if hgvs := _HGVS.fullmatch(whole):
        return _of_hgvs(whole, hgvs[1] or "", hgvs[2])
    if spaced := _SPACED.fullmatch(whole):
        chain, number, wild_type, mutant = spaced.groups()
        whole = f"{chain}:{wild_type}{number}{mutant}"
    mutations: list[Mutation] = []
    for part in _parts(whole):
        mutation = _one(part, whole)
        if mutation.chain is None and mutations:
            mutation = replace(mutation, chain=mutations[-1].chain)
        mutations.append(mutation)
    if not mutations:
        raise fail("mutation.syntax", where="mutations", text=whole)
    return Variant(tuple(mutations))


def amino_acid(name: str) -> str:
    """Return the three-letter code of a standard amino acid.

    Parameters
    ----------
    name
        One-letter or three-letter code, in upper or lower case.

    Raises
    ------
    InputError
        If it is not one of the 20 (``mutation.amino_acid``).
    """
    upper = name.strip().upper()
    known = THREE_LETTER.get(upper, upper)
    if known not in AMINO_ACID_INDEX:
        raise fail("mutation.amino_acid", where="mutations", name=name.strip())
    return known


def _of_hgvs(whole: str, prefix: str, text: str) -> Variant:
    # A longer prefix is the accession of a sequence or the name of a gene.
    chain = prefix if 0 < len(prefix) <= _LONGEST_CHAIN_OF_HGVS else None
    mutations = []
    for part in text.split(";"):
        match = _HGVS_MUTATION.fullmatch(part)
        if match is None:
            raise fail("mutation.hgvs", where="mutations", text=whole)
        mutations.append(
            Mutation(chain, int(match[2]), "", amino_acid(match[1]), amino_acid(match[3]))
        )
    return Variant(tuple(mutations))


def _parts(text: str) -> list[str]:
    """Return the texts of the single mutations."""
    plain = _tokens(text, _SEPARATORS)
    if len(plain) > 1 and all(map(_WITH_WILD_TYPE.fullmatch, plain)):
        return plain
    parts: list[str] = []
    chain = ""
    for token in _tokens(text, _JOINTS):
        if _is_one(token):
            parts.append(f"{chain}:{token}" if chain else token)
            chain = ""
        elif not chain and _CHAIN.fullmatch(token):
            # The chain stands before the mutation, as in "A F45W" and "A_F45W".
            chain = token
        else:
            return [text]
    return [text] if chain else parts


def _tokens(text: str, separators: re.Pattern[str]) -> list[str]:
    return [part for part in separators.split(text) if part]


def _is_one(text: str) -> bool:
    rest = text.rpartition(":")[2]
    patterns = (_MUTATION, _WITHIN, _BRACED)
    return any(pattern.fullmatch(rest) for pattern in patterns)


def _one(text: str, whole: str) -> Mutation:
    if within := _WITHIN.fullmatch(text):
        wild_type, chain, number, code, mutant = within.groups()
        _refuse_modified(mutant)
    elif braced := _BRACED.fullmatch(text):
        wild_type, number, code, chain, mutant = braced.groups()
    else:
        named, colon, rest = text.rpartition(":")
        match = _MUTATION.fullmatch(rest)
        if match is None:
            raise fail("mutation.syntax", where="mutations", text=whole)
        wild_type, number, code, mutant = match.groups(default="")
        chain = named if colon else None
    return Mutation(
        chain,
        int(number),
        code,
        amino_acid(wild_type) if wild_type else "",
        amino_acid(mutant),
    )


def _refuse_modified(mutant: str) -> None:
    """Refuse the lower-case codes of FoldX, which are modified residues."""
    if mutant.islower():
        raise fail("mutation.amino_acid", where="mutations", name=mutant)
