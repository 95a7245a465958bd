"""Parsing of mmCIF files into an atom table, in file order."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.messages import count
from protvox.structure.atom_table import AtomTable, Texts, spread
from protvox.structure.io import mmcif_loops as loops
from protvox.structure.io.cif_categories import (
    CATEGORIES,
    MA_QA_METRIC,
    SITE,
    Category,
    find_categories,
    read_column,
    read_columns,
)
from protvox.structure.io.elements import fill_elements, find_element
from protvox.structure.io.experiment import find_in_categories
from protvox.structure.io.mmcif_entities import declared_sequences, find_polymers
from protvox.structure.io.plddt import find_sign_in_categories, with_b_factors, with_metric
from protvox.structure.io.residue_numbers import number_others
from protvox.structure.io.title import clean_title

_MOST_LETTERS: Final = 160_000_000
"""Largest number of characters in a column of strings, padded to the longest value."""

(
    _CHAIN,
    _RESIDUE,
    _ATOM,
    _ELEMENT,
    _ALTLOC,
    _INSERTION,
    _ENTITY,
    _ASYM,
    _LABEL_RESIDUE,
    _LABEL_ATOM,
) = range(loops.TEXT_COLUMNS)

_LABELS: Final = ((_RESIDUE, _LABEL_RESIDUE), (_ATOM, _LABEL_ATOM))

_ROLES: Final = {
    "auth_asym_id": _CHAIN,
    "auth_comp_id": _RESIDUE,
    "auth_atom_id": _ATOM,
    "type_symbol": _ELEMENT,
    "label_alt_id": _ALTLOC,
    "pdbx_pdb_ins_code": _INSERTION,
    "label_entity_id": _ENTITY,
    "label_asym_id": _ASYM,
    "label_comp_id": _LABEL_RESIDUE,
    "label_atom_id": _LABEL_ATOM,
    "cartn_x": loops.X,
    "cartn_y": loops.X + 1,
    "cartn_z": loops.X + 2,
    "occupancy": loops.OCCUPANCY,
    "auth_seq_id": loops.NUMBER,
    "label_seq_id": loops.LABEL_NUMBER,
    "pdbx_pdb_model_num": loops.MODEL,
    "group_pdb": loops.GROUP,
}


def parse_mmcif(data: bytes, *, where: str = "", units: bool = False) -> AtomTable:
    """Parse the block of an mmCIF file that has atoms.

    Parameters
    ----------
    data
        Plain text.
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
    ValueError
        For invalid syntax, a missing column, or atoms in several blocks; the caller converts it
        to a `protvox.errors.InputError`.
    """
    blocks = find_categories(data)
    with_atoms = [block for block in blocks if _has_atoms(block)]
    if len(with_atoms) > 1:
        raise ValueError("several blocks have coordinates")
    categories = with_atoms[0] if with_atoms else {}
    site = categories.get(SITE, Category([], b"", 0, 0))
    small = {key: read_columns(categories[key]) for key in categories if key != SITE}
    columns = {CATEGORIES[key].strip("_."): small[key] for key in small}

    def column(name: str, key: str) -> list[str]:
        return columns.get(name, {}).get(key, [])

    table, asym, sequence = _table(site, small, units=units)
    table = replace(table, experiment=find_in_categories(column))
    table = replace(table, title=clean_title(" ".join(column("struct", "title")[:1])))
    table = with_metric(table, column, asym, sequence)
    sign = None if table.plddt is not None else find_sign_in_categories(column, where)
    if sign is None:
        return table
    return with_b_factors(table, sign, lambda: read_column(site, "b_iso_or_equiv"))


def _has_atoms(categories: dict[int, Category]) -> bool:
    site = categories.get(SITE)
    return site is not None and site.rows > 0 and all(f"cartn_{x}" in site.names for x in "xyz")


class _Site:
    """The columns of ``atom_site``."""

    def __init__(self, category: Category) -> None:
        self._text = np.frombuffer(category.data, dtype=np.uint8)
        self.names = category.names
        self.n = n = category.rows
        roles = [_ROLES.get(name, -1) for name in category.names]
        self._has = set(roles)
        self.coordinates = np.full((n, 3), np.nan)
        self.occupancy = np.ones(n, dtype=np.float32)
        self._numbers = np.full((3, n), loops.MISSING, dtype=np.int32)
        self.letters = np.zeros(n, dtype=np.uint8)
        self.hetero = np.zeros(n, dtype=np.bool_)
        # The names by label are only kept where those by author are absent.
        spare = {label for author, label in _LABELS if author in self._has and label in self._has}
        if not self._read(category, roles, spare):
            self._read(category, roles, set())

    def _read(self, category: Category, roles: list[int], without: set[int]) -> bool:
        """Read the rows; return whether the skipped columns are not needed."""
        kept = [-1 if role in without else role for role in roles]
        texts = sorted({role for role in kept if 0 <= role < loops.TEXT_COLUMNS})
        slots = np.zeros(loops.TEXT_COLUMNS, dtype=np.int64)
        slots[texts] = np.arange(len(texts))
        self._start = np.empty((len(texts), self.n), dtype=np.uint32)
        self._length = np.zeros((len(texts), self.n), dtype=np.uint16)
        self._slots = slots.tolist()
        too_long = loops.read_rows(
            self._text,
            category.pos,
            np.array(kept, dtype=np.int64),
            slots,
            self._start,
            self._length,
            self.coordinates,
            self.occupancy,
            self._numbers,
            self.letters,
            self.hetero,
        )
        if too_long >= 0:
            raise ValueError("a name is too long")
        return not any(
            (self._length[slots[author]] == loops.ABSENT).any()
            for author, label in _LABELS
            if label in without
        )

    def has(self, role: int) -> bool:
        """Return whether the file has a column."""
        return role in self._has

    def texts(self, *roles: int) -> Texts:
        """Return the distinct texts of a column, and the index of each row's text.

        Of several columns, the first that the file has is used, and where it is empty, the next.
        """
        codes = np.zeros(self.n, dtype=np.int32)
        present = [self._slots[role] for role in roles if role in self._has]
        if not present or not self.n:
            return [""], codes
        start, length = self._start[present[0]], self._length[present[0]]
        for slot in present[1:]:
            empty = length == loops.ABSENT
            if empty.any():
                start = np.where(empty, self._start[slot], start)
                length = np.where(empty, self._length[slot], length)
        if (length == loops.ABSENT).any():
            length = np.where(length == loops.ABSENT, np.uint16(0), length)
        first = loops.intern_texts(self._text, start, length, codes)
        if not len(first):
            raise ValueError("its names are made to take forever")
        begin, size = start[first].astype(np.int64), length[first].astype(np.int64)
        if int(size.max()) * self.n > _MOST_LETTERS:
            raise ValueError("a column of names is too large")
        data = self._text
        words = [
            data[a : a + b].tobytes().decode("latin-1")
            for a, b in zip(begin.tolist(), size.tolist(), strict=True)
        ]
        return words, codes

    def letter(self, role: int, column: str) -> NDArray[np.str_]:
        """Return a column of single letters."""
        words, codes = self.texts(role)
        if max(map(len, words)) > 1:
            raise ValueError(f"{column} {max(words, key=len)!r} is not a single character")
        return np.array(words, dtype="<U1").take(codes)

    def numbers(self) -> NDArray[np.int32]:
        """Return author residue numbers, or else label numbers, or else `MISSING`."""
        return self._integers(loops.NUMBER, loops.LABEL_NUMBER)

    def label_numbers(self) -> NDArray[np.int32]:
        """Return label numbers, or `MISSING`."""
        return self._numbers[loops.LABEL_NUMBER - loops.NUMBER].copy()

    def models(self) -> NDArray[np.int32]:
        """Return model numbers."""
        models = self._integers(loops.MODEL)
        models[models == loops.MISSING] = 1
        return models

    def release(self) -> None:
        """Give the memory of names and numbers back; only coordinates and the like remain."""
        self._start = np.empty((0, 0), dtype=np.uint32)
        self._length = np.empty((0, 0), dtype=np.uint16)
        self._numbers = np.empty((0, 0), dtype=np.int32)

    def _integers(self, *roles: int) -> NDArray[np.int32]:
        out = self._numbers[roles[0] - loops.NUMBER].copy()
        for role in roles[1:]:
            empty = out == loops.MISSING
            out[empty] = self._numbers[role - loops.NUMBER][empty]
        if (out == loops.NO_INTEGER).any():
            raise ValueError("a residue or model number is not an integer")
        return out


def _table(
    category: Category, small: dict[int, dict[str, list[str]]], *, units: bool
) -> tuple[AtomTable, Texts, NDArray[np.int32]]:
    """Return the atoms with their ``label_asym_id`` and ``label_seq_id``."""
    site = _Site(category)
    if site.n:
        _check_columns(site)
    notes: list[str] = []
    chains, which = site.texts(_CHAIN, _ASYM)
    residues, residue = site.texts(_RESIDUE, _LABEL_RESIDUE)
    atoms, atom = site.texts(_ATOM, _LABEL_ATOM)
    insertion = site.letter(_INSERTION, "pdbx_PDB_ins_code")
    if site.letters.any():
        insertion = np.where(insertion == "", site.letters.astype(np.uint32).view("<U1"), insertion)
    number = site.numbers()
    missing = number == loops.MISSING
    if missing.any():
        unit = site.texts(_ASYM, _CHAIN)[1]
        found = number_others(number, missing, which, unit, residue, atom)
        if site.has(loops.NUMBER):
            notes.append(
                f"Numbered in file order, because they have no number: {count(found, 'residue')}."
            )
    entity, asym = site.texts(_ENTITY), site.texts(_ASYM)
    polymer, water = find_polymers(small, entity, asym, (residues, residue))
    symbols, symbol = site.texts(_ELEMENT)
    altloc, model = site.letter(_ALTLOC, "label_alt_id"), site.models()
    # Not kept for files that do not need it, because of its memory.
    sequence = site.label_numbers() if MA_QA_METRIC in small else np.zeros(0, dtype=np.int32)
    coded = {"unit": site.texts(_ASYM, _CHAIN)} if units else {}
    site.release()
    chain = spread((chains, which))
    given = np.array([find_element(word[:2]) if word else "" for word in symbols], dtype="<U2")
    table = AtomTable(
        model=model,
        chain=chain,
        number=number,
        insertion_code=insertion,
        residue_name=spread((residues, residue)),
        atom_name=spread((atoms, atom)),
        element=fill_elements(given.take(symbol), (atoms, atom), (residues, residue), number),
        altloc=altloc,
        occupancy=site.occupancy,
        coordinates=site.coordinates,
        hetero=site.hetero,
        polymer=polymer,
        water=water,
        declared=declared_sequences(small, entity, asym, chain),
        notes=tuple(notes),
        coded={
            "chain": (chains, which),
            "residue_name": (residues, residue),
            "atom_name": (atoms, atom),
            **coded,
        },
    )
    return table, asym, sequence


def _check_columns(site: _Site) -> None:
    needed = {
        "auth_asym_id or label_asym_id": (_CHAIN, _ASYM),
        "auth_comp_id or label_comp_id": (_RESIDUE, _LABEL_RESIDUE),
        "auth_atom_id or label_atom_id": (_ATOM, _LABEL_ATOM),
        "auth_seq_id or label_seq_id": (loops.NUMBER, loops.LABEL_NUMBER),
    }
    for names, roles in needed.items():
        if not any(site.has(role) for role in roles):
            raise ValueError(f"atom_site has no column {names}")
