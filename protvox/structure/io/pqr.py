"""Parsing of PQR files, as PDB2PQR and APBS write them, into an atom table."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from protvox.errors import ProtvoxError, fail
from protvox.structure.atom_table import AtomTable, factorize
from protvox.structure.io.elements import fill_elements

_SUFFIX: Final = ".pqr"
_PACKED: Final = (".gz", ".xz", ".bz2")

_ATOM: Final = re.compile(r"(ATOM|HETATM)\s*(-?\d+)\s+(\S.*)")
_RESIDUE: Final = re.compile(r"([^\d\s-]?)(-?\d+)([A-Za-z]?)")
_JOINED: Final = re.compile(r"(\d\.\d{3,4})(?=-)")
"""A coordinate that touches the next one, which is negative and fills its columns."""

_COLUMNS: Final = (38, 46, 54)
"""Ends of the coordinates in a line of a PDB file."""

_ENDS: Final = ("TER", "END")
_FEWEST: Final = 8
_NUMBERS: Final = 5


def is_pqr_name(name: str) -> bool:
    """Return whether a file name has the suffix of PQR files, also before that of a compression.

    Parameters
    ----------
    name
        File name or identifier.
    """
    lowered = name.lower()
    for packed in _PACKED:
        lowered = lowered.removesuffix(packed)
    return lowered.endswith(_SUFFIX)


def is_pqr_line(line: str) -> bool:
    """Return whether an atom record is one of a PQR file, and not one of a PDB file.

    Parameters
    ----------
    line
        The record.
    """
    match = _ATOM.match(line)
    words = _split(match[3]) if match else []
    if not _FEWEST <= len(words) <= _FEWEST + 1 or not all(map(_is_float, words[-_NUMBERS:])):
        return False
    fields = (line[end - 8 : end] for end in _COLUMNS)
    return not all("." in field and _is_float(field) for field in fields)


def parse_pqr(data: bytes, *, where: str) -> AtomTable:
    """Parse PQR text: columns separated by blanks, with charge and radius at their end.

    The columns are record, serial number, atom name, residue name, optionally chain, residue
    number with insertion code, x, y, z, charge and radius. Charges and radii are not used.

    Parameters
    ----------
    data
        Plain text.
    where
        Name used in errors.

    Returns
    -------
    AtomTable
        In file order; elements are inferred from the names.

    Raises
    ------
    InputError
        ``input.pqr``, naming the first line that does not have these columns.
    """
    rows: list[tuple[str, str, str, int, str, bool]] = []
    numbers: list[list[float]] = []
    part: list[int] = []
    breaks = 0
    for count, line in enumerate(data.decode("latin-1").splitlines(), start=1):
        if line.startswith(_ENDS):
            breaks += 1
        elif line.startswith(("ATOM", "HETATM")):
            row, values = _read_line(line, f"{where}, line {count}")
            rows.append(row)
            numbers.append(values)
            part.append(4096 * breaks)
    chain, residue, name, number, insertion, hetero = zip(*rows, strict=True) if rows else ((),) * 6
    n = len(rows)
    words = [np.array(column, dtype=np.str_) for column in (chain, residue, name)]
    residues, atoms = factorize(words[1]), factorize(words[2])
    number_column = np.array(number, dtype=np.int32)
    return AtomTable(
        model=np.ones(n, dtype=np.int32),
        chain=words[0],
        number=number_column,
        insertion_code=np.array(insertion, dtype="<U1"),
        residue_name=words[1],
        atom_name=words[2],
        element=fill_elements(np.zeros(n, dtype="<U2"), atoms, residues, number_column),
        altloc=np.zeros(n, dtype="<U1"),
        occupancy=np.ones(n, dtype=np.float32),
        coordinates=np.array(numbers, dtype=np.float64).reshape(-1, _NUMBERS)[:, :3],
        hetero=np.array(hetero, dtype=np.bool_),
        polymer=np.full(n, -1, dtype=np.int8),
        water=np.zeros(n, dtype=np.bool_),
        part=np.array(part, dtype=np.int32),
    )


def _read_line(line: str, where: str) -> tuple[tuple[str, str, str, int, str, bool], list[float]]:
    """Return chain, residue name, atom name, number, insertion code, hetero, and the numbers."""
    match = _ATOM.match(line)
    words = _split(match[3]) if match else []
    if match is None or not _FEWEST <= len(words) <= _FEWEST + 1:
        raise _invalid(line, where)
    name, residue, *middle = words[:-_NUMBERS]
    found = _RESIDUE.fullmatch(middle[-1])
    if found is None or (len(middle) > 1 and found[1]) or abs(int(found[2])) >= 2**31:
        raise _invalid(line, where)
    if not all(map(_is_float, words[-_NUMBERS:])):
        raise _invalid(line, where)
    chain = middle[0] if len(middle) > 1 else found[1]
    values = [float(word) for word in words[-_NUMBERS:]]
    return (chain, residue, name, int(found[2]), found[3], match[1] == "HETATM"), values


def _split(text: str) -> list[str]:
    return _JOINED.sub(r"\1 ", text).split()


def _is_float(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _invalid(line: str, where: str) -> ProtvoxError:
    return fail("input.pqr.line", where=where, found=line.strip()[:80])
