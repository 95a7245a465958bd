"""Meaning of residue names, from gemmi's table of the Chemical Component Dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from protvox.chemistry import THREE_LETTER, parent_residue
from protvox.structure.cleaning.force_fields import FORCE_FIELD_PARENTS, NUCLEOTIDES, SOLVENTS

_WATERS: Final = frozenset(
    {"HOH", "DOD", "WAT", "H2O", "OH2", "SOL", "SPC", "SPCE", "TIP", "TIP3", "TIP4", "TIP5"}
    | {"TP3", "TP4", "TP5", "T3P", "T4P"}
)


@dataclass(frozen=True, slots=True)
class ResidueName:
    """The meaning of one residue name.

    Attributes
    ----------
    parent
        Standard amino acid that it corresponds to, ``""`` if none.
    amino_acid
        True for an amino acid, False for another known compound, None for an unknown name.
    nucleotide, water
        True if known to be a nucleotide, or water.
    mirrored
        True for a D-amino acid.
    """

    parent: str
    amino_acid: bool | None
    nucleotide: bool
    water: bool
    mirrored: bool


@lru_cache(maxsize=4096)
def residue_name(name: str) -> ResidueName:
    """Return the meaning of a residue name.

    Parameters
    ----------
    name
        As in the file, upper case.

    Returns
    -------
    ResidueName
        The parent is taken from protvox's own table, or else from the one-letter code that
        gemmi tabulates for modified residues (the parent in the CCD).

    Examples
    --------
    >>> residue_name("MSE").parent
    'MET'
    """
    import gemmi

    row = gemmi.find_tabulated_residue(name)
    kind = gemmi.ResidueKind
    parent = parent_residue(name) or FORCE_FIELD_PARENTS.get(name, "")
    if not parent and row.found() and row.is_amino_acid():
        parent = THREE_LETTER.get(row.one_letter_code.upper(), "")
    known = row.found() and row.kind != kind.UNKNOWN
    return ResidueName(
        parent=parent,
        amino_acid=True if parent else (row.is_amino_acid() if known else None),
        nucleotide=row.is_nucleic_acid() if known else name in NUCLEOTIDES,
        water=name in _WATERS or name in SOLVENTS or (known and row.is_water()),
        mirrored=known and row.kind == kind.AAD,
    )
