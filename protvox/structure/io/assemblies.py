"""Definitions of biological assemblies in mmCIF, BinaryCIF and PDB files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from protvox.errors import fail
from protvox.messages import listing
from protvox.structure.assembly.definition import (
    Assembly,
    Generator,
    Operator,
    parse_expression,
)
from protvox.structure.io.binarycif_categories import read_texts
from protvox.structure.io.cif_categories import find_categories, read_columns

Columns = Mapping[str, list[str]]
"""Columns of a category by their names in lower case."""

_CATEGORIES: Final = ("pdbx_struct_assembly_gen", "pdbx_struct_oper_list")
_MATRIX: Final = tuple(
    name for i in (1, 2, 3) for name in (*(f"matrix[{i}][{j}]" for j in (1, 2, 3)), f"vector[{i}]")
)
"""Columns of operators, row by row."""

_REMARK: Final = re.compile(rb"^REMARK 350(.*)$", re.MULTILINE)
_CHAINS: Final = re.compile(r"(?:APPLY THE FOLLOWING TO|AND) CHAINS?: *(.*)")
_NULL: Final = "NULL"
"""What old files write for a chain without a name."""


def read_assembly(data: bytes, form: str, assembly: str, *, where: str) -> Assembly:
    """Read the definition of an assembly.

    Parameters
    ----------
    data
        Content of the file, decompressed.
    form
        Format, see `protvox.structure.structure.Structure`.
    assembly
        Identifier of the assembly.
    where
        Name used in errors.

    Raises
    ------
    InputError
        ``input.assembly`` if the file does not define the assembly, or defines it wrongly.
    """
    if form == "pqr":
        raise fail("input.assembly.none", where=where)
    try:
        generators = _read_remarks(data) if form == "pdb" else _read_categories(data, form)
        known = list(dict.fromkeys(name for name, _, _ in generators))
        if not known:
            raise fail("input.assembly.none", where=where)
        if assembly not in known:
            raise fail(
                "input.assembly.unknown",
                where=where,
                assembly=assembly,
                assemblies=listing(known, most=30),
            )
        chosen = [
            Generator(units, parse_expression(text, operators))
            for name, units, (text, operators) in generators
            if name == assembly
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise fail(
            "input.assembly.invalid", where=where, assembly=assembly, reason=reason
        ) from error
    return Assembly(assembly, tuple(chosen))


_Found = tuple[str, tuple[str, ...], tuple[str, Mapping[str, Operator]]]
"""Assembly, its units, and an expression with the operators in it."""


def _read_categories(data: bytes, form: str) -> list[_Found]:
    generators, listed = _columns(data, form)
    names = ("assembly_id", "oper_expression", "asym_id_list")
    if not all(generators.get(name) for name in names):
        return []
    operators = _operators(listed)
    rows = zip(*(generators[name] for name in names), strict=True)
    return [
        (name.strip(), _words(units), (expression, operators)) for name, expression, units in rows
    ]


def _columns(data: bytes, form: str) -> list[Columns]:
    if form == "bcif":
        return [*read_texts(data, _CATEGORIES)]
    for block in find_categories(data, tuple(f"_{name}." for name in _CATEGORIES)):
        if 0 in block:
            return [read_columns(block[i]) if i in block else {} for i in (0, 1)]
    return [{}, {}]


def _operators(columns: Columns) -> dict[str, Operator]:
    found: dict[str, Operator] = {}
    missing = [name for name in _MATRIX if name not in columns]
    if missing and columns:
        raise ValueError(f"{_CATEGORIES[1]} has no column {missing[0]}")
    for row, name in enumerate(columns.get("id", ())):
        values = [float(columns[column][row]) for column in _MATRIX]
        matrix = np.array(values, dtype=np.float64).reshape(3, 4)
        found.setdefault(name, Operator(name, matrix[:, :3], matrix[:, 3]))
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _read_remarks(data: bytes) -> list[_Found]:
    """Return the assemblies in REMARK 350, with the chains and operators of each paragraph."""
    ids: tuple[str, ...] = ()
    paragraphs: list[tuple[tuple[str, ...], list[str], list[str]]] = []
    continued = False
    for line in (match.decode("latin-1") for match in _REMARK.findall(data)):
        text = line.strip()
        if text.startswith("BIOMOLECULE:"):
            ids = _words(text.partition(":")[2])
            continued = False
        elif chains := _CHAINS.match(text):
            if not (continued and text.startswith("AND")):
                paragraphs.append((ids, [], []))
            names = _words(chains[1])
            paragraphs[-1][1].extend("" if name == _NULL else name for name in names)
            continued = True
        elif text.startswith("BIOMT"):
            if not paragraphs:
                raise ValueError("REMARK 350 has an operator without chains")
            paragraphs[-1][2].append(text)
            continued = False
    found: list[_Found] = []
    for names, units, lines in paragraphs:
        operators = _read_biomt(lines)
        found += [(name, tuple(units), (",".join(operators), operators)) for name in names]
    return found


def _read_biomt(lines: Iterable[str]) -> dict[str, Operator]:
    rows: dict[str, list[list[float]]] = {}
    for line in lines:
        words = line.split()
        if len(words) != 6 or not words[1].isdecimal():
            raise ValueError(f"REMARK 350 has an invalid line {line[:60]!r}")
        row = rows.setdefault(words[1], [])
        if words[0] != f"BIOMT{len(row) + 1}":
            raise ValueError(f"REMARK 350 does not have three rows of operator {words[1]}")
        row.append([float(word) for word in words[2:]])
    if not rows:
        raise ValueError("REMARK 350 has no operators for some chains")
    incomplete = [name for name, row in rows.items() if len(row) != 3]
    if incomplete:
        raise ValueError(f"REMARK 350 does not have three rows of operator {incomplete[0]}")
    matrices = {name: np.array(row, dtype=np.float64) for name, row in rows.items()}
    return {name: Operator(name, m[:, :3], m[:, 3]) for name, m in matrices.items()}
