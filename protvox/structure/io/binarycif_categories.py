"""The categories of BinaryCIF files, and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import Texts, factorize
from protvox.structure.io.binarycif_codec import (
    MAX_ROWS,
    Budget,
    CodecError,
    check_letters,
    decode,
    decode_words,
)

MAX_OBJECTS: Final = 1_000_000
"""Largest number of MessagePack objects in a file. Entries of the PDB have tens of thousands,
because their data are binary; an empty list takes one byte in the file but over sixty in memory."""

_LONGEST_NUMBER: Final = 32
"""Letters that numpy reserves for a number."""

_MAX_LIST: Final = 100_000
_MAX_MAP: Final = 1_000

Container = TypeVar("Container", bound=Sized)


class Category:
    """One category; columns are decoded on request, with absent values as ``""`` or NaN."""

    def __init__(self, category: Mapping[str, Any], budget: Budget) -> None:
        self._budget = budget
        self.rows = int(category["rowCount"])
        if not 0 <= self.rows <= MAX_ROWS:
            raise CodecError(f"a category has {self.rows} rows")
        self._columns = {column["name"]: column for column in category["columns"]}
        self.names = tuple(self._columns)

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


def read_texts(data: bytes, names: tuple[str, ...]) -> list[dict[str, list[str]]]:
    """Return the columns of small categories as texts, by their names in lower case.

    Parameters
    ----------
    data
        MessagePack bytes.
    names
        Names of the categories, without ``_``, of which the first is needed. Of several blocks,
        the first that has it is read; the result has empty dictionaries if none has.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError, OverflowError
        For invalid data.
    """
    budget = Budget(len(data))
    for block in unpack_file(data)["dataBlocks"]:
        categories = {c["name"].lstrip("_"): c for c in block["categories"]}
        if names[0] in categories:
            return [
                _texts(categories[name], budget) if name in categories else {} for name in names
            ]
    return [{} for _ in names]


def _texts(category: Mapping[str, Any], budget: Budget) -> dict[str, list[str]]:
    table = small_category(category, budget)
    columns = {name.lower(): table.text(name) for name in table.names}
    return {name: values.tolist() for name, values in columns.items() if values is not None}


def unpack_file(data: bytes) -> Any:
    """Return the content of a file, which has at most `MAX_OBJECTS` objects.

    Parameters
    ----------
    data
        MessagePack bytes.

    Raises
    ------
    ValueError
        For invalid data.
    """
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


def small_category(category: Mapping[str, Any], budget: Budget) -> Category:
    """Return a category that is small enough for its values to become Python objects.

    Parameters
    ----------
    category
        As in the file.
    budget
        Memory for all columns of the file.

    Raises
    ------
    ValueError
        For more than `MAX_OBJECTS` rows.
    """
    table = Category(category, budget)
    if table.rows > MAX_OBJECTS:
        raise CodecError(f"a category has {table.rows} rows")
    return table
