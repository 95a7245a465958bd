"""Columns 18-22 of PDB files: residue and chain names in standard and simulation files."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from protvox.chemistry import AMINO_ACIDS
from protvox.structure.cleaning.force_fields import FORCE_FIELD_PARENTS, LIPIDS, SOLVENTS
from protvox.structure.cleaning.residue_names import residue_name

_CHARGED: Final = re.compile(r"[A-Z]{1,2}(\d[+-]|[+-]\d|[+-]{2})")
"""Ions that are named with their charge, such as ZN2+."""

_TERMINAL: Final = frozenset(f"{end}{name}" for end in "NC" for name in AMINO_ACIDS)


def read_fields(fields: list[str]) -> list[tuple[str, str]]:
    """Return the residue and chain names in columns 18-22.

    The format has three columns for the residue name, a blank, and one column for the chain
    name (22). Some programs write chain names of two letters there, and simulation programs
    residue names of four letters. Column 21 belongs to the residue name if all residues with the
    same content of columns 21 and 22 have four-letter names of force fields, and otherwise to the
    chain name.

    Parameters
    ----------
    fields
        The distinct contents of these columns, five characters each.

    Returns
    -------
    list of tuple
        Residue and chain names without blanks.
    """
    known: dict[str, bool] = defaultdict(lambda: True)
    for field in fields:
        if field[3] != " ":
            known[field[3:]] &= is_four_letter_name(field[:4])
    return [_split(field, known) for field in fields]


def _split(field: str, known: dict[str, bool]) -> tuple[str, str]:
    if field[3] == " ":
        return field[:3].strip(), field[4].strip()
    unusual = field[4] == " " and residue_name(field[:3].strip()).amino_acid is None
    if " " not in field[:4] and (known[field[3:]] or (unusual and is_four_letter_name(field[:4]))):
        return field[:4], field[4].strip()
    if " " not in field[:4] and unusual:
        return field[:4], ""
    return field[:3].strip(), field[3:].strip()


def is_four_letter_name(name: str) -> bool:
    """Return whether a four-letter name is that of a residue in a force field.

    Parameters
    ----------
    name
        Four characters.
    """
    name = name.upper()
    known = name in FORCE_FIELD_PARENTS or name in LIPIDS or name in SOLVENTS or name in _TERMINAL
    return known or _CHARGED.fullmatch(name) is not None
