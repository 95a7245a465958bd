"""The categories of CIF files that are needed for structures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from protvox.structure.io.cif_tokens import (
    next_token,
    read_token_column,
    read_tokens,
    scan_cif,
)

CATEGORIES: Final = (
    "_atom_site.",
    "_entity.",
    "_entity_poly.",
    "_entity_poly_seq.",
    "_struct_asym.",
    "_cell.",
    "_database_2.",
    "_database_pdb_remark.",
    "_em_3d_reconstruction.",
    "_entry.",
    "_exptl.",
    "_ma_model_list.",
    "_ma_qa_metric.",
    "_ma_qa_metric_local.",
    "_refine.",
    "_software.",
    "_struct.",
    "_symmetry.",
    "_atom_sites.",
)
"""Categories that are read with the atoms."""
SITE, ENTITY, ENTITY_POLY, ENTITY_POLY_SEQ, STRUCT_ASYM = range(5)
MA_QA_METRIC: Final = CATEGORIES.index("_ma_qa_metric.")

_MOST_TAGS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Category:
    """A category of one block: the names of its columns and the position of its values."""

    names: list[str]
    data: bytes
    pos: int
    rows: int


def find_categories(data: bytes, names: tuple[str, ...] = CATEGORIES) -> list[dict[int, Category]]:
    """Return some categories of each block, by their index in the list of names.

    Parameters
    ----------
    data
        Plain text.
    names
        The categories, in lower case, each with ``_`` before it and a dot behind it.

    Raises
    ------
    ValueError
        For text that is not valid CIF.
    """
    width = max(map(len, names))
    letters = "".join(name.ljust(width) for name in names).encode()
    wanted = np.frombuffer(letters, dtype=np.uint8).reshape(-1, width)
    lengths = np.array([len(name) for name in names])
    broken, tags, found = scan_cif(np.frombuffer(data, dtype=np.uint8), wanted, lengths)
    if broken >= 0:
        line = data.count(b"\n", 0, broken) + 1
        raise ValueError(f"invalid CIF syntax in line {line}")
    if len(tags) > _MOST_TAGS:
        raise ValueError(f"there are more than {_MOST_TAGS} tags")
    rows = tags.tolist()
    tag_names = [data[start:stop].lower() for _, _, start, stop, _ in rows]
    if len({(row[0], name) for row, name in zip(rows, tag_names, strict=True)}) < len(rows):
        raise ValueError("a tag is repeated in one block")
    grouped: dict[tuple[int, int, int], list[str]] = {}
    for (block, category, _, _, loop), name in zip(rows, tag_names, strict=True):
        if loop >= 0:
            word = name.partition(b".")[2].decode("latin-1")
            grouped.setdefault((block, category, loop), []).append(word)
    blocks: list[dict[int, Category]] = [{} for _ in range(rows[-1][0] + 1 if rows else 0)]
    for (block, category, loop), words in grouped.items():
        pos, end, values = found[loop].tolist()
        if category < 0 or values % len(words):
            continue
        known = blocks[block].get(category)
        if known is None:
            blocks[block][category] = Category(words, data, pos, values // len(words))
        elif known.rows == 1 and values == 1 and len(words) == 1:
            # Values outside loops are collected one by one, on separate lines for text fields.
            if known.data is data:
                start = data[known.pos : found[loop, 0]]
                known = Category(known.names, _first_value(start), 0, 1)
            joined = known.data + b"\n" + data[pos:end]
            blocks[block][category] = Category(known.names + words, joined, 0, 1)
    return blocks


def _first_value(data: bytes) -> bytes:
    text = np.frombuffer(data, dtype=np.uint8)
    return data[: next_token(text, 0)[3]]


def read_columns(category: Category) -> dict[str, list[str]]:
    """Return the columns of a category; absent values are empty.

    Parameters
    ----------
    category
        A small category, because its values become Python strings.
    """
    text = np.frombuffer(category.data, dtype=np.uint8)
    bounds = read_tokens(text, category.pos, category.rows * len(category.names))
    words = [category.data[a:b].decode("latin-1") for a, b in bounds.tolist()]
    width = len(category.names)
    return {name: words[i::width] for i, name in enumerate(category.names)}


def read_column(category: Category, name: str) -> list[bytes]:
    """Return one column of a category of any size; empty if it has no such column.

    Parameters
    ----------
    category
        The category.
    name
        Name of the column in lower case.
    """
    if name not in category.names:
        return []
    text = np.frombuffer(category.data, dtype=np.uint8)
    width = len(category.names)
    bounds = read_token_column(text, category.pos, category.rows, width, category.names.index(name))
    return [category.data[a:b] for a, b in bounds.tolist()]
