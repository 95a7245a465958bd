"""Elements of atoms, from element columns or, where these are empty, from atom names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, METALS
from protvox.structure.atom_table import Texts, lookup, run_starts
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.interning import factorize_integers

_PERIODIC_TABLE: Final = (
    "X H HE LI BE B C N O F NE NA MG AL SI P S CL AR K CA SC TI V CR MN FE CO NI CU ZN GA GE AS "
    "SE BR KR RB SR Y ZR NB MO TC RU RH PD AG CD IN SN SB TE I XE CS BA LA CE PR ND PM SM EU GD "
    "TB DY HO ER TM YB LU HF TA W RE OS IR PT AU HG TL PB BI PO AT RN FR RA AC TH PA U NP PU AM "
    "CM BK CF ES FM MD NO LR RF DB SG BH HS MT DS RG CN NH FL MC LV TS OG D"
)

SYMBOLS: Final = tuple(_PERIODIC_TABLE.split())
"""Upper-case element symbols by element code; ``X`` is unknown."""

CODES: Final = {symbol: code for code, symbol in enumerate(SYMBOLS)}

SYMBOL_ARRAY: Final = np.array(SYMBOLS, dtype="<U2")

TO_INFER: Final = 255


_ION_NAMES: Final = (
    "NA:SOD,NA+,NAP,NIO,IP,NA1 K:POT,K+,KIO CL:CLA,CL-,CIO,IM,CLO,CHL CA:CAL,CA2,CA2+ CS:CES,CS+ "
    "LI:LIT,LI+ RB:RUB,RB+ BA:BAR MG:MAG,MG2,MG2+ ZN:ZIN,ZN2,ZN2+ CD:CAD,CD2 MN:MAN,MN2 "
    "FE:FE2,FE3 CU:CU1,CU2 BR:BRO,BR- I:IOD,I- F:F-,FLU"
)

IONS: Final = {
    name: entry.partition(":")[0]
    for entry in _ION_NAMES.split()
    for name in entry.partition(":")[2].split(",")
}
"""Elements of the names that force fields use for ions, for residues of a single atom."""

_ION_RESIDUES: Final = frozenset({"ION", "IONS"})
"""Residue names that leave it to the atom name which ion it is."""

_AUTODOCK_TYPES: Final = "C:A,CG N:NA,NS,NX O:OA,OS,OX,W S:SA,SX H:HD,HS X:G,GA,J,Q,Z,TZ,L"

_AUTODOCK: Final = {
    name: entry[0] for entry in _AUTODOCK_TYPES.split() for name in entry[2:].split(",")
}
"""Elements of the AutoDock atom types that are not element symbols."""

_SINGLE: Final = frozenset("HBCNOFPSKVYIWUD")
_ORGANIC: Final = frozenset("CNOSHDP")
_HALOGENS: Final = frozenset({"F", "CL", "BR", "I"})
_SELENIUM: Final = re.compile(r"SE\d?$")
_HALOGEN_NAME: Final = re.compile(r"(CL|BR)\d*$")
_METAL_NAME: Final = re.compile(r"(FE|ZN|MG|MN|AL|AS|LI|SI|SE|CU|NI|RU|PT|PD|RH|IR|MO)\d*$")


@lru_cache(maxsize=1)
def element_tables() -> NDArray[np.uint8]:
    """Return the element codes of two letters in PDB files and in AutoDock files, ``2 65536``.

    The letters are the content of the element columns; if neither is a letter, the code is
    `TO_INFER`.
    """
    out = np.full((2, 65536), TO_INFER, dtype=np.uint8)
    letters = [chr(i) for i in range(256)]
    for first in range(256):
        for second in range(256):
            pair = letters[first] + letters[second]
            if not (pair.isascii() and (pair[0].isalpha() or pair[1].isalpha())):
                continue
            code = CODES[find_element(pair)]
            out[0, 256 * first + second] = code
            word = pair.strip()
            # Na is sodium, but NA is a nitrogen that accepts hydrogen bonds.
            kind = "NA" if word == "Na" else _AUTODOCK.get(word.upper())
            out[1, 256 * first + second] = code if kind is None else CODES[kind]
    return out


def find_element(pair: str) -> str:
    """Return the element of two characters, either of which may not be a letter, or ``X``.

    Parameters
    ----------
    pair
        Two characters in any case.
    """
    first, second = (letter.upper() if letter.isalpha() else "" for letter in f"{pair} "[:2])
    if first and second:
        return first + second if first + second in CODES else "X"
    single = first or second
    return single if single in _SINGLE else "X"


def infer_element(padded: str, residue: str, *, left: bool, alone: bool) -> str:
    """Infer the element of an atom from its name.

    Parameters
    ----------
    padded
        Atom name in four columns, as in the file.
    residue
        Residue name.
    left
        Whether all names in the file start in the first of the four columns.
    alone
        Whether it is the only atom of its residue.

    Returns
    -------
    str
        Upper-case symbol, or ``X``.

    Notes
    -----
    The rules are applied in this order: names of ions in force fields; in amino acids, the first
    letter; otherwise the columns, where a symbol of two letters begins in the first column.
    """
    name = padded.strip().upper()
    if alone:
        ion = ion_element(name, residue)
        if ion:
            return ion
    meaning = residue_name(residue)
    letters = name.lstrip("0123456789'\"*")
    standard = residue in AMINO_ACID_INDEX
    if standard or (meaning.parent and left):
        if _SELENIUM.match(letters) and not standard:
            return "SE"
        if letters[:1] in _ORGANIC:
            return letters[:1]
    if left and not alone:
        found = _HALOGEN_NAME.match(letters) or _METAL_NAME.match(letters)
        if found and not meaning.nucleotide:
            return found[1]
        if letters[:1] in _SINGLE:
            return letters[:1]
    return _from_columns(padded.ljust(4)[:4])


def ion_element(name: str, residue: str) -> str:
    """Return the element of an ion from its names, or an empty string.

    Parameters
    ----------
    name, residue
        Atom and residue name, upper case.
    """
    residue = residue.upper()
    if residue in _ION_RESIDUES:
        residue = name
    bare = residue.rstrip("0123456789+-")
    if residue in IONS and (
        name in (residue, bare) or name.rstrip("0123456789+-") == IONS[residue]
    ):
        return IONS[residue]
    same = name.rstrip("0123456789+-") == bare
    if same and (bare in METALS or bare in _HALOGENS):
        return bare
    return IONS[name] if same and name in IONS else ""


def is_ion_residue(residue: str) -> bool:
    """Return whether a residue of a single atom may be an ion.

    Parameters
    ----------
    residue
        Residue name.
    """
    residue = residue.upper()
    bare = residue.rstrip("0123456789+-")
    return residue in IONS or residue in _ION_RESIDUES or bare in METALS or bare in _HALOGENS


def _from_columns(padded: str) -> str:
    if padded[0] == " " or padded[0].isdigit():
        return find_element(padded[1] + " ")
    if padded[1].isdigit():
        return find_element(padded[0] + " ")
    if padded[3] != " " and padded[0] in "HhDd":
        # Names of four letters fill the columns and are almost never Hg or Dy.
        return padded[0].upper()
    return find_element(padded[:2])


def find_alone(
    ions: NDArray[np.bool_], name: NDArray[Any], *columns: NDArray[Any]
) -> NDArray[np.bool_]:
    """Return which atoms are alone in their residue.

    Parameters
    ----------
    ions
        ``atom`` mask of residues that may be ions. These are also alone if all atoms in a row
        have one name, as ions that share a number.
    name
        ``atom``, names.
    *columns
        ``atom``, columns that tell residues apart.
    """
    n = len(name)
    starts = run_starts(*columns)
    size = np.diff(starts, append=n)
    alone = np.repeat(size == 1, size)
    if ions.any():
        names = np.diff(np.searchsorted(run_starts(*columns, name), np.append(starts, n)))
        alone |= ions & np.repeat(names == 1, size)
    return alone


def fill_elements(
    element: NDArray[np.str_], atoms: Texts, residues: Texts, number: NDArray[np.int32]
) -> NDArray[np.str_]:
    """Infer missing elements in a format without fixed columns, and correct those of ions.

    Parameters
    ----------
    element
        ``atom``, symbols; empty where missing.
    atoms, residues
        Names of atoms and residues.
    number
        ``atom``, residue numbers.

    Returns
    -------
    ndarray
        The same array, completed.
    """
    rows = np.flatnonzero(element == "")
    ions = lookup((is_ion_residue(word) for word in residues[0]), residues[1])
    if not len(rows) and not ions.any():
        return element
    lone = find_alone(ions, atoms[1], number, residues[1])
    for row in np.flatnonzero(ions & lone).tolist():
        name = atoms[0][atoms[1][row]].upper()
        ion = ion_element(name, residues[0][residues[1][row]])
        # Programs that take the first letter for the element write S for sodium's SOD.
        if ion and element[row] in ("", "X", name[:1]):
            element[row] = ion
    rows = np.flatnonzero(element == "")
    if not len(rows):
        return element
    alone = lone[rows]
    keys = (atoms[1][rows].astype(np.int64) * len(residues[0]) + residues[1][rows]) * 2 + alone
    unique, of_row = factorize_integers(keys.astype(np.uint64))
    found = []
    for key in unique.tolist():
        pair, single = divmod(key, 2)
        atom, residue = divmod(pair, len(residues[0]))
        padded = atoms[0][atom].ljust(4)
        found.append(infer_element(padded, residues[0][residue], left=True, alone=bool(single)))
    element[rows] = np.array(found, dtype="<U2")[of_row]
    return element
