"""Parsing of BinaryCIF into an atom table."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, Declared
from protvox.structure.io.binarycif_codec import MAX_ROWS, CodecError, check_letters, decode

MAX_OBJECTS: Final = 1_000_000
"""Largest number of MessagePack objects in a file. Entries of the PDB have tens of thousands,
because their data are binary; an empty list takes one byte in the file but over sixty in memory."""

_LONGEST_NUMBER: Final = 32
"""Letters that numpy reserves for a number."""

_MAX_LIST: Final = 100_000
_MAX_MAP: Final = 1_000

Container = TypeVar("Container", bound=Sized)


class _Category:
    """One category; columns are decoded on request, with absent values as ``""`` or NaN."""

    def __init__(self, category: Mapping[str, Any]) -> None:
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

    def numbers(self, *names: str) -> NDArray[np.float64] | None:
        """Return the first of the columns that exists, as floats."""
        column = self._first(names)
        if column is None:
            return None
        values = self._decode(column)
        absent = self._absent(column)
        if values.dtype.kind == "U":
            blank = np.isin(values, ("", ".", "?"))
            values = np.where(blank, "nan", values)
        out = values.astype(np.float64)
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
        values = decode(column["data"])
        if len(values) != self.rows:
            raise CodecError(f"column {column['name']} has the wrong length")
        return values

    def _absent(self, column: Mapping[str, Any]) -> NDArray[np.bool_] | None:
        mask = column.get("mask")
        if not mask:
            return None
        absent: NDArray[np.bool_] = decode(mask) != 0
        if len(absent) != self.rows:
            raise CodecError(f"the mask of column {column['name']} has the wrong length")
        return absent


def parse_binary(data: bytes) -> AtomTable:
    """Parse the first block of a BinaryCIF file that has atoms.

    Parameters
    ----------
    data
        MessagePack bytes.

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
    for block in file["dataBlocks"]:
        categories = {c["name"].lstrip("_"): c for c in block["categories"]}
        if "atom_site" in categories:
            return _table(categories)
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


def _table(categories: Mapping[str, Mapping[str, Any]]) -> AtomTable:
    site = _Category(categories["atom_site"])
    n = site.rows
    # First, because missing optional columns are filled up to the number of rows.
    xyz = [_required(site.numbers(f"Cartn_{axis}")) for axis in "xyz"]
    entity = _text(site, n, "label_entity_id")
    entity_type = _pairs(categories, "entity", "id", "type")
    kinds, which = np.unique(entity, return_inverse=True)
    kind = np.array([entity_type.get(k, "").lower() for k in kinds.tolist()], dtype="<U12")[which]
    polymer = np.where(kind == "polymer", 1, np.where(kind == "", -1, 0)).astype(np.int8)
    chain = _text(site, n, "auth_asym_id", "label_asym_id")
    occupancy = site.numbers("occupancy")
    model = site.numbers("pdbx_PDB_model_num")
    return AtomTable(
        model=np.ones(n, dtype=np.int32) if model is None else _whole(model, 1),
        chain=chain,
        number=_whole(_required(site.numbers("auth_seq_id", "label_seq_id")), 0),
        insertion_code=_blank(_text(site, n, "pdbx_PDB_ins_code")).astype("<U1"),
        residue_name=_text(site, n, "auth_comp_id", "label_comp_id"),
        atom_name=_text(site, n, "auth_atom_id", "label_atom_id"),
        element=np.char.upper(_blank(_text(site, n, "type_symbol"))).astype("<U2"),
        altloc=_blank(_text(site, n, "label_alt_id")).astype("<U1"),
        occupancy=(np.ones(n) if occupancy is None else np.nan_to_num(occupancy, nan=1.0)).astype(
            np.float32
        ),
        coordinates=np.column_stack(xyz),
        hetero=_text(site, n, "group_PDB") == "HETATM",
        polymer=polymer,
        water=kind == "water",
        declared=_declared(categories, entity, chain),
    )


def _declared(
    categories: Mapping[str, Mapping[str, Any]],
    entity: NDArray[np.str_],
    chain: NDArray[np.str_],
) -> tuple[Declared, ...]:
    if "entity_poly_seq" not in categories:
        return ()
    sequence = _small(categories["entity_poly_seq"])
    owners, numbers, names = (sequence.text(c) for c in ("entity_id", "num", "mon_id"))
    if owners is None or numbers is None or names is None:
        return ()
    found: dict[str, dict[str, str]] = {}
    for owner, number, name in zip(owners.tolist(), numbers.tolist(), names.tolist(), strict=True):
        found.setdefault(owner, {}).setdefault(number, name)
    strands = _pairs(categories, "entity_poly", "entity_id", "pdbx_strand_id")
    declared = []
    for owner, residues in found.items():
        chains = [word.strip() for word in strands.get(owner, "").split(",")]
        if not any(chains):
            chains = chain[entity == owner].tolist() or [owner]
        declared.append(Declared(tuple(dict.fromkeys(chains)), tuple(residues.values())))
    return tuple(declared)


def _pairs(
    categories: Mapping[str, Mapping[str, Any]], category: str, key: str, value: str
) -> dict[str, str]:
    if category not in categories:
        return {}
    table = _small(categories[category])
    keys, values = table.text(key), table.text(value)
    if keys is None or values is None:
        return {}
    return dict(zip(keys.tolist(), values.tolist(), strict=True))


def _small(category: Mapping[str, Any]) -> _Category:
    """Return a category that is small enough for its values to become Python objects."""
    table = _Category(category)
    if table.rows > MAX_OBJECTS:
        raise CodecError(f"a category has {table.rows} rows")
    return table


def _text(category: _Category, rows: int, *names: str) -> NDArray[np.str_]:
    values = category.text(*names)
    return np.full(rows, "", dtype="<U1") if values is None else values


def _required(column: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if column is None:
        raise CodecError("a required column of atom_site is missing")
    return column


def _whole(values: NDArray[np.float64], absent: int) -> NDArray[np.int32]:
    filled = np.nan_to_num(values, nan=absent)
    if (np.abs(filled) >= 2**31).any():
        raise CodecError("a residue or model number is out of range")
    return filled.astype(np.int32)


def _blank(values: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.where(np.isin(values, (".", "?")), "", values)
