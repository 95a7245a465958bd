"""Columns 18-22 of PDB files: residue and chain names, of standard and simulation files."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from protvox.chemistry import AMINO_ACIDS
from protvox.structure.cleaning.force_fields import FORCE_FIELD_PARENTS, LIPIDS, SOLVENTS
from protvox.structure.cleaning.residue_names import residue_name

_TERMINAL: Final = frozenset(f"{end}{name}" for end in "NC" for name in AMINO_ACIDS)


def read_fields(fields: list[str]) -> list[tuple[str, str]]:
    """Return the residue and chain names of each content of columns 18-22.

    The format gives three columns to the residue, one to the chain (22), and leaves one blank
    between them. Some programs write chain names of two letters there, simulation programs
    residue names of four. Column 21 belongs to the residue where all residues with the same
    two letters there have four-letter names that force fields use, and otherwise to the chain.

    Parameters
    ----------
    fields
        Five characters each.

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
    """Whether a force field has a residue of this four-letter name.

    Parameters
    ----------
    name
        Four characters.
    """
    name = name.upper()
    return name in FORCE_FIELD_PARENTS or name in LIPIDS or name in SOLVENTS or name in _TERMINAL
