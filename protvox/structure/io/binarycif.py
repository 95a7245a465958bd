"""Parsing of BinaryCIF into an atom table."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, Declared, Texts
from protvox.structure.io.binarycif_categories import (
    Category,
    small_category,
    unpack_file,
)
from protvox.structure.io.binarycif_codec import (
    Budget,
    CodecError,
)
from protvox.structure.io.elements import fill_elements
from protvox.structure.io.experiment import find_in_categories
from protvox.structure.io.mmcif_entities import mark_kinds
from protvox.structure.io.plddt import find_sign_in_categories, with_b_factors, with_metric
from protvox.structure.io.residue_numbers import number_others
from protvox.structure.io.title import clean_title

_BYTES_PER_ATOM: Final = 200
"""Memory of a row of the atom table, with room for its making."""


def parse_binary(data: bytes, *, where: str = "", units: bool = False) -> AtomTable:
    """Parse the first block of a BinaryCIF file that has atoms.

    Parameters
    ----------
    data
        MessagePack bytes.
    where
        Name of the file, which may tell that it is a predicted model.
    units
        Whether to keep ``label_asym_id``, to which assemblies refer, as ``coded["unit"]``.

    Returns
    -------
    AtomTable
        In file order.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError, OverflowError
        For invalid data; the caller converts them to `protvox.errors.InputError`.
    """
    file = unpack_file(data)
    budget = Budget(len(data))
    for block in file["dataBlocks"]:
        categories = {c["name"].lstrip("_"): c for c in block["categories"]}
        if "atom_site" in categories:
            return _with_header(_table(categories, budget, units=units), categories, budget, where)
    raise CodecError("there is no atom_site category")


def _table(
    categories: Mapping[str, Mapping[str, Any]], budget: Budget, *, units: bool
) -> AtomTable:
    site = Category(categories["atom_site"], budget)
    n = site.rows
    budget.spend(_BYTES_PER_ATOM * n)
    # First, because missing optional columns are filled up to the number of rows.
    xyz = [_required(site.numbers(f"Cartn_{axis}")) for axis in "xyz"]
    entities = site.words("label_entity_id")
    entity_type = _pairs(categories, budget, "entity", "id", "type")
    kinds = [entity_type.get(word, "").lower() for word in entities[0]]
    polymer, water = mark_kinds(kinds, entities[1])
    chains = site.words("auth_asym_id", "label_asym_id")
    chain = _rows(*_twice(chains))
    occupancy = site.numbers("occupancy")
    model = site.numbers("pdbx_PDB_model_num")
    given = _required(site.numbers("auth_seq_id", "label_seq_id"))
    number = _whole(given, 0)
    residues = site.words("auth_comp_id", "label_comp_id")
    atoms = site.words("auth_atom_id", "label_atom_id")
    if (missing := np.isnan(given)).any():
        unit = site.words("label_asym_id", "auth_asym_id")[1]
        number_others(number, missing, chains[1], unit, residues[1], atoms[1])
    symbols, groups = site.words("type_symbol"), site.words("group_PDB")
    element = _rows([_symbol(word) for word in symbols[0]], symbols)
    return AtomTable(
        model=np.ones(n, dtype=np.int32) if model is None else _whole(model, 1),
        chain=chain,
        number=number,
        insertion_code=_letter(site.words("pdbx_PDB_ins_code"), "pdbx_PDB_ins_code"),
        residue_name=_rows(*_twice(residues)),
        atom_name=_rows(*_twice(atoms)),
        element=fill_elements(element.astype("<U2"), atoms, residues, number),
        altloc=_letter(site.words("label_alt_id"), "label_alt_id"),
        occupancy=(np.ones(n) if occupancy is None else np.nan_to_num(occupancy, nan=1.0)).astype(
            np.float32
        ),
        coordinates=np.column_stack(xyz),
        hetero=_rows([word == "HETATM" for word in groups[0]], groups),
        polymer=polymer,
        water=water,
        declared=_declared(categories, budget, entities, chain),
        coded={
            "chain": chains,
            "residue_name": residues,
            "atom_name": atoms,
            **({"unit": site.words("label_asym_id", "auth_asym_id")} if units else {}),
        },
    )


def _with_header(
    table: AtomTable, categories: Mapping[str, Mapping[str, Any]], budget: Budget, where: str
) -> AtomTable:
    """Add the title and the experiment to a table, and pLDDT if the file has it."""
    named = {name.lower(): category for name, category in categories.items()}

    def column(name: str, key: str) -> list[str]:
        if name not in named:
            return []
        values = small_category(named[name], budget).text(key)
        words: list[str] = [] if values is None else values.tolist()
        return words

    # These are categories that nothing else reads.
    with contextlib.suppress(LookupError, TypeError, ValueError):
        table = replace(table, experiment=find_in_categories(column))
        table = replace(table, title=clean_title(" ".join(column("struct", "title")[:1])))
    if column("ma_qa_metric", "id"):
        site = Category(categories["atom_site"], budget)
        numbers = site.numbers("label_seq_id")
        if numbers is not None:
            asym = site.words("label_asym_id")
            table = with_metric(table, column, asym, _whole(numbers, -1))
    if table.plddt is not None:
        return table
    try:
        sign = find_sign_in_categories(column, where)
    except (LookupError, TypeError, ValueError):  # Categories that nothing else reads.
        sign = None
    if sign is None:
        return table

    def b_factors() -> list[float]:
        values = Category(categories["atom_site"], budget).numbers("B_iso_or_equiv")
        return [] if values is None else values.tolist()

    return with_b_factors(table, sign, b_factors)


def _rows(values: list[Any], texts: Texts) -> NDArray[Any]:
    """Return the value of each row's word."""
    rows: NDArray[Any] = np.array(values).take(texts[1])
    return rows


def _twice(texts: Texts) -> tuple[list[str], Texts]:
    return texts[0], texts


def _letter(texts: Texts, column: str) -> NDArray[np.str_]:
    words = [_given(word) for word in texts[0]]
    for index in (i for i, word in enumerate(words) if len(word) > 1):
        if (texts[1] == index).any():
            raise CodecError(f"{column} {words[index]!r} is not a single character")
    return _rows(words, texts).astype("<U1")


def _given(word: str) -> str:
    return "" if word in (".", "?") else word


def _symbol(word: str) -> str:
    return _given(word).upper()[:2]


def _declared(
    categories: Mapping[str, Mapping[str, Any]],
    budget: Budget,
    entities: Texts,
    chain: NDArray[np.str_],
) -> tuple[Declared, ...]:
    if "entity_poly_seq" not in categories:
        return ()
    sequence = small_category(categories["entity_poly_seq"], budget)
    owners, numbers, names = (sequence.text(c) for c in ("entity_id", "num", "mon_id"))
    if owners is None or numbers is None or names is None:
        return ()
    found: dict[str, dict[str, str]] = {}
    for owner, number, name in zip(owners.tolist(), numbers.tolist(), names.tolist(), strict=True):
        found.setdefault(owner, {}).setdefault(number, name)
    strands = _pairs(categories, budget, "entity_poly", "entity_id", "pdbx_strand_id")
    declared = []
    for owner, residues in found.items():
        chains = [word.strip() for word in strands.get(owner, "").split(",")]
        if not any(chains):
            wanted = np.array([word == owner for word in entities[0]])[entities[1]]
            chains = chain[wanted].tolist() or [owner]
        declared.append(Declared(tuple(dict.fromkeys(chains)), tuple(residues.values())))
    return tuple(declared)


def _pairs(
    categories: Mapping[str, Mapping[str, Any]], budget: Budget, category: str, key: str, value: str
) -> dict[str, str]:
    if category not in categories:
        return {}
    table = small_category(categories[category], budget)
    keys, values = table.text(key), table.text(value)
    if keys is None or values is None:
        return {}
    return dict(zip(keys.tolist(), values.tolist(), strict=True))


def _required(column: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if column is None:
        raise CodecError("a required column of atom_site is missing")
    return column


def _whole(values: NDArray[np.float64], absent: int) -> NDArray[np.int32]:
    filled = np.nan_to_num(values, nan=absent)
    if (np.abs(filled) >= 2**31).any():
        raise CodecError("a residue or model number is out of range")
    return filled.astype(np.int32)
