"""Polymers, waters and declared sequences of mmCIF files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import Declared, Texts, lookup
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.io.cif_categories import (
    ENTITY,
    ENTITY_POLY,
    ENTITY_POLY_SEQ,
    STRUCT_ASYM,
)

Columns = dict[int, dict[str, list[str]]]
"""Small categories of a file by their index in `cif_categories.CATEGORIES`."""


def find_polymers(
    small: Columns, entity: Texts, asym: Texts, residue: Texts
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the columns ``polymer`` and ``water`` of an `AtomTable`.

    Parameters
    ----------
    small
        Categories of the file.
    entity, asym, residue
        Columns ``label_entity_id``, ``label_asym_id`` and the residue names.
    """
    kinds = _entity_kinds(small)
    units = small.get(STRUCT_ASYM, {})
    if "id" in units and "entity_id" in units:
        asyms, which = asym
        owner = dict(zip(reversed(units["id"]), reversed(units["entity_id"]), strict=True))
        kind = [kinds.get(owner.get(name, ""), "") for name in asyms]
    else:
        entities, which = entity
        kind = [kinds.get(name, "") for name in entities]
    polymer, water = mark_kinds(kind, which)
    unknown = polymer == -1
    if unknown.any():
        names, which = residue
        known = lookup((residue_name(name).water for name in names), which) & unknown
        polymer[known] = 0
        water |= known
    return polymer, water


def mark_kinds(kinds: list[str], which: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the columns ``polymer`` and ``water`` of an `AtomTable`.

    Parameters
    ----------
    kinds
        Kinds of entities, as in ``_entity.type``; empty if unknown.
    which
        ``atom``, index of its kind.
    """
    polymer = np.array([{"polymer": 1, "": -1}.get(kind, 0) for kind in kinds], dtype=np.int8)
    return polymer.take(which), lookup((kind == "water" for kind in kinds), which)


def _entity_kinds(small: Columns) -> dict[str, str]:
    entity, poly = small.get(ENTITY, {}), small.get(ENTITY_POLY, {})
    polymers = set(poly.get("entity_id", [])) if "type" in poly else set()
    kinds: dict[str, str] = {}
    for row, key in enumerate(entity.get("id", [])):
        kind = entity["type"][row].lower() if "type" in entity else ""
        if kind not in ("polymer", "non-polymer", "water", "branched"):
            kind = "polymer" if key in polymers else ""
        kinds.setdefault(key, kind)
    return kinds


def declared_sequences(
    small: Columns, entity: Texts, asym: Texts, chain: NDArray[np.str_]
) -> tuple[Declared, ...]:
    """Return the sequences of the polymers.

    Parameters
    ----------
    small
        Categories of the file.
    entity, asym
        Columns ``label_entity_id`` and ``label_asym_id``.
    chain
        ``atom``, chain names.
    """
    sequence = small.get(ENTITY_POLY_SEQ, {})
    if not all(name in sequence for name in ("entity_id", "num", "mon_id")):
        return ()
    residues: dict[str, list[str]] = {key: [] for key in small.get(ENTITY, {}).get("id", [])}
    columns = (sequence["entity_id"], sequence["num"], sequence["mon_id"])
    for owner, position, name in zip(*columns, strict=True):
        # Microheterogeneity repeats a number; only the first name is counted.
        if owner in residues and position == str(len(residues[owner]) + 1):
            residues[owner].append(name)
    poly = small.get(ENTITY_POLY, {})
    strands = {}
    if "entity_id" in poly and "pdbx_strand_id" in poly:
        strands = dict(zip(poly["entity_id"], poly["pdbx_strand_id"], strict=True))
    found = []
    for owner, names in residues.items():
        if names:
            chains = [word.strip() for word in strands.get(owner, "").split(",")]
            if not any(chains):
                chains = _chains_of(small, entity, asym, owner, chain) or [owner]
            found.append(Declared(tuple(dict.fromkeys(chains)), tuple(names)))
    return tuple(found)


def _chains_of(
    small: Columns, entity: Texts, asym: Texts, wanted_entity: str, chain: NDArray[np.str_]
) -> list[str]:
    """Return the chains of an entity in file order."""
    units = small.get(STRUCT_ASYM, {})
    if "id" in units and "entity_id" in units:
        words, which = asym
        pairs = zip(units["id"], units["entity_id"], strict=True)
        wanted = {name for name, owner in pairs if owner == wanted_entity}
    else:
        words, which = entity
        wanted = {wanted_entity}
    rows = np.array([word in wanted for word in words], dtype=np.bool_)[which]
    return list(dict.fromkeys(chain[rows].tolist()))
