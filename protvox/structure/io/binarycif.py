"""Parsing of BinaryCIF into an atom table."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, Declared, Texts, factorize
from protvox.structure.io.binarycif_codec import (
    MAX_ROWS,
    Budget,
    CodecError,
    check_letters,
    decode,
    decode_words,
)
from protvox.structure.io.elements import fill_elements
from protvox.structure.io.plddt import find_sign_in_categories, with_b_factors, with_metric

MAX_OBJECTS: Final = 1_000_000
"""Largest number of MessagePack objects in a file. Entries of the PDB have tens of thousands,
because their data are binary; an empty list takes one byte in the file but over sixty in memory."""

_LONGEST_NUMBER: Final = 32
"""Letters that numpy reserves for a number."""

_BYTES_PER_ATOM: Final = 200
"""Memory of a row of the atom table, with room for its making."""

_MAX_LIST: Final = 100_000
_MAX_MAP: Final = 1_000

Container = TypeVar("Container", bound=Sized)


class _Category:
    """One category; columns are decoded on request, with absent values as ``""`` or NaN."""

    def __init__(self, category: Mapping[str, Any], budget: Budget) -> None:
        self._budget = budget
        self.rows = int(category["rowCount"])
        if not 0 <= self.rows <= MAX_ROWS:
            raise CodecError(f"a category has {self.rows} rows")
        self._columns = {column["name"]: column for column in category["columns"]}

    def text(self, *names: str) -> NDArray[np.str_] | None:
        """Return the first of the columns that exists, as strings."""
        column = self._first(names)
        if column is None:
            return None
        values = self._decode(column)
        if values.dtype.kind != "U":
            check_letters(_LONGEST_NUMBER, len(values))
        out = values if values.dtype.kind == "U" else values.astype("U")
        absent = self._absent(column)
        if absent is not None and absent.any():
            out = np.where(absent, "", out)
        return out

    def words(self, *names: str) -> Texts:
        """Return the distinct words of the first column that exists, and each row's index."""
        column = self._first(names)
        if column is None:
            return [""], np.zeros(self.rows, dtype=np.int64)
        data = column["data"]
        if not _is_text(column):
            values = self.text(*names)
            return factorize(values) if values is not None else ([""], np.zeros(0, np.int64))
        words, index = decode_words(data, self._budget)
        if len(index) != self.rows:
            raise CodecError(f"column {column['name']} has the wrong length")
        last = len(words) - 1
        codes = np.where(index < 0, last, index).astype(np.int32)
        absent = self._absent(column)
        if absent is not None:
            codes[absent] = last
        check_letters(max(map(len, words)), self.rows)
        unique = {word: i for i, word in enumerate(dict.fromkeys(words))}
        if len(unique) < len(words):
            codes = np.array([unique[word] for word in words], dtype=np.int32)[codes]
        return list(unique), codes

    def numbers(self, *names: str) -> NDArray[np.float64] | None:
        """Return the first of the columns that exists, as floats."""
        column = self._first(names)
        if column is None:
            return None
        values = self._decode(column) if not _is_text(column) else None
        if values is None or values.dtype.kind == "U":
            words, codes = self.words(*names)
            numbers = [float("nan") if word in ("", ".", "?") else float(word) for word in words]
            return np.array(numbers, dtype=np.float64)[codes]
        out = values.astype(np.float64)
        absent = self._absent(column)
        if absent is not None:
            out[absent] = np.nan
        return out

    def _first(self, names: tuple[str, ...]) -> Mapping[str, Any] | None:
        for name in names:
            column: Mapping[str, Any] | None = self._columns.get(name)
            if column is not None:
                return column
        return None

    def _decode(self, column: Mapping[str, Any]) -> NDArray[Any]:
        values = decode(column["data"], self._budget)
        if len(values) != self.rows:
            raise CodecError(f"column {column['name']} has the wrong length")
        return values

    def _absent(self, column: Mapping[str, Any]) -> NDArray[np.bool_] | None:
        mask = column.get("mask")
        if not mask:
            return None
        absent: NDArray[np.bool_] = decode(mask, self._budget) != 0
        if len(absent) != self.rows:
            raise CodecError(f"the mask of column {column['name']} has the wrong length")
        return absent


def _is_text(column: Mapping[str, Any]) -> bool:
    encodings = column["data"]["encoding"]
    return bool(encodings) and encodings[0]["kind"] == "StringArray"


def parse_binary(data: bytes, *, where: str = "") -> AtomTable:
    """Parse the first block of a BinaryCIF file that has atoms.

    Parameters
    ----------
    data
        MessagePack bytes.
    where
        Name of the file, which may tell that it is a predicted model.

    Returns
    -------
    AtomTable
        In file order.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError, OverflowError
        For invalid data; the caller converts them to `protvox.errors.InputError`.
    """
    file = _unpack(data)
    budget = Budget(len(data))
    for block in file["dataBlocks"]:
        categories = {c["name"].lstrip("_"): c for c in block["categories"]}
        if "atom_site" in categories:
            return _with_plddt(_table(categories, budget), categories, budget, where)
    raise CodecError("there is no atom_site category")


def _unpack(data: bytes) -> Any:
    import msgpack

    objects = 0

    def count(container: Container) -> Container:
        # Called for each list and map as it is completed, so the limit holds during unpacking.
        nonlocal objects
        objects += 1 + len(container)
        if objects > MAX_OBJECTS:
            raise CodecError(f"there are more than {MAX_OBJECTS} objects")
        return container

    return msgpack.unpackb(
        data,
        raw=False,
        strict_map_key=False,
        list_hook=count,
        object_hook=count,
        max_array_len=_MAX_LIST,
        max_map_len=_MAX_MAP,
    )


def _table(categories: Mapping[str, Mapping[str, Any]], budget: Budget) -> AtomTable:
    site = _Category(categories["atom_site"], budget)
    n = site.rows
    budget.spend(_BYTES_PER_ATOM * n)
    # First, because missing optional columns are filled up to the number of rows.
    xyz = [_required(site.numbers(f"Cartn_{axis}")) for axis in "xyz"]
    entities = site.words("label_entity_id")
    entity_type = _pairs(categories, budget, "entity", "id", "type")
    kind = _rows([entity_type.get(word, "").lower() for word in entities[0]], entities)
    polymer = np.where(kind == "polymer", 1, np.where(kind == "", -1, 0)).astype(np.int8)
    chains = site.words("auth_asym_id", "label_asym_id")
    chain = _rows(*_twice(chains))
    occupancy = site.numbers("occupancy")
    model = site.numbers("pdbx_PDB_model_num")
    number = _whole(_required(site.numbers("auth_seq_id", "label_seq_id")), 0)
    residues = site.words("auth_comp_id", "label_comp_id")
    atoms = site.words("auth_atom_id", "label_atom_id")
    symbols, groups = site.words("type_symbol"), site.words("group_PDB")
    element = _rows([_symbol(word) for word in symbols[0]], symbols)
    return AtomTable(
        model=np.ones(n, dtype=np.int32) if model is None else _whole(model, 1),
        chain=chain,
        number=number,
        insertion_code=_letter(site.words("pdbx_PDB_ins_code")),
        residue_name=_rows(*_twice(residues)),
        atom_name=_rows(*_twice(atoms)),
        element=fill_elements(element.astype("<U2"), atoms, residues, number),
        altloc=_letter(site.words("label_alt_id")),
        occupancy=(np.ones(n) if occupancy is None else np.nan_to_num(occupancy, nan=1.0)).astype(
            np.float32
        ),
        coordinates=np.column_stack(xyz),
        hetero=_rows([word == "HETATM" for word in groups[0]], groups),
        polymer=polymer,
        water=kind == "water",
        declared=_declared(categories, budget, entities, chain),
        coded={"chain": chains, "residue_name": residues, "atom_name": atoms},
    )


def _with_plddt(
    table: AtomTable, categories: Mapping[str, Mapping[str, Any]], budget: Budget, where: str
) -> AtomTable:
    """Add pLDDT to a table if the file has it."""
    named = {name.lower(): category for name, category in categories.items()}

    def column(name: str, key: str) -> list[str]:
        if name not in named:
            return []
        values = _small(named[name], budget).text(key)
        words: list[str] = [] if values is None else values.tolist()
        return words

    if column("ma_qa_metric", "id"):
        site = _Category(categories["atom_site"], budget)
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
        values = _Category(categories["atom_site"], budget).numbers("B_iso_or_equiv")
        return [] if values is None else values.tolist()

    return with_b_factors(table, sign, b_factors)


def _rows(values: list[Any], texts: Texts) -> NDArray[Any]:
    """Return the value of each row's word."""
    rows: NDArray[Any] = np.array(values)[texts[1]]
    return rows


def _twice(texts: Texts) -> tuple[list[str], Texts]:
    return texts[0], texts


def _letter(texts: Texts) -> NDArray[np.str_]:
    return _rows([_given(word)[:1] for word in texts[0]], texts).astype("<U1")


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
    sequence = _small(categories["entity_poly_seq"], budget)
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
    table = _small(categories[category], budget)
    keys, values = table.text(key), table.text(value)
    if keys is None or values is None:
        return {}
    return dict(zip(keys.tolist(), values.tolist(), strict=True))


def _small(category: Mapping[str, Any], budget: Budget) -> _Category:
    """Return a category that is small enough for its values to become Python objects."""
    table = _Category(category, budget)
    if table.rows > MAX_OBJECTS:
        raise CodecError(f"a category has {table.rows} rows")
    return table


def _required(column: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if column is None:
        raise CodecError("a required column of atom_site is missing")
    return column


def _whole(values: NDArray[np.float64], absent: int) -> NDArray[np.int32]:
    filled = np.nan_to_num(values, nan=absent)
    if (np.abs(filled) >= 2**31).any():
        raise CodecError("a residue or model number is out of range")
    return filled.astype(np.int32)
