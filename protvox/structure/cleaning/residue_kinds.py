"""Kinds of residues (protein, nucleic acid, ion or ligand) and types of atoms."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, METALS, atom_type
from protvox.structure.atom_table import AtomTable, factorize, lookup
from protvox.structure.cleaning.force_fields import FORCE_FIELD_PARENTS
from protvox.structure.cleaning.loops import place_atoms
from protvox.structure.cleaning.residue_names import ResidueName, residue_name
from protvox.structure.interning import factorize_integers
from protvox.structure.structure import ResidueKind

PEPTIDE_BOND: Final = 2.0
"""Largest C-N distance of linked residues, Å (the bond is 1.33 Å)."""

CA_DISTANCE: Final = 4.3
"""Largest CA-CA distance of linked residues, Å, used where C or N is missing (trans is 3.8 Å)."""

_DENSE: Final = 4_000_000
"""Combinations of names below which a table of all of them is made."""

Meanings = tuple[list[ResidueName], NDArray[Any]]
"""The meanings of residue names, and the index of each residue's."""

_HALOGENS: Final = frozenset({"F", "CL", "BR", "I"})
_AMINO_ELEMENTS: Final = frozenset("CNOSHD")


def correct_elements(table: AtomTable) -> tuple[AtomTable, int]:
    """Correct the elements of standard amino acids whose atom names are in the wrong column.

    A CA written one column too early is read as calcium. In the 20 standard residues the first
    letter of an atom name is its element.

    Parameters
    ----------
    table
        Rows of one model.

    Returns
    -------
    table, count
        The table (unchanged if nothing was wrong) and the number of atoms corrected.
    """
    elements, which = table.texts("element")
    suspect = lookup((e not in _AMINO_ELEMENTS for e in elements), which)
    if not suspect.any():
        return table, 0
    names, which = table.texts("residue_name")
    suspect &= lookup(
        (name in AMINO_ACID_INDEX or name in FORCE_FIELD_PARENTS for name in names), which
    )
    corrected = 0
    for row in np.flatnonzero(suspect).tolist():
        letter = str(table.atom_name[row]).lstrip("0123456789'\"*")[:1]
        if letter and letter in _AMINO_ELEMENTS:
            if not corrected:
                table = table.take(np.arange(len(table)))
                table.coded.pop("element")
            table.element[row] = letter
            corrected += 1
    return table, corrected


def classify_residues(
    table: AtomTable, starts: NDArray[np.int64], residue: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], Meanings, int]:
    """Return the kind of every residue.

    A residue is **protein** if it has a carbon named CA, its name is a known amino acid (or an
    unknown name with N, CA and C), and it is part of a chain: it belongs to a polymer entity
    (mmCIF, BinaryCIF) or precedes the TER record of its chain (PDB). If the file does not say,
    it is part of a chain if it is an ATOM record or is linked to a neighbour by a peptide bond.
    Hence a free amino acid in a binding site is a ligand, and MSE in a helix is protein.

    Parameters
    ----------
    table
        Cleaned rows.
    starts
        ``residue``, first row of each residue.
    residue
        ``atom``, row of the residue arrays.

    Returns
    -------
    kind, meanings, untraced
        ``residue`` `ResidueKind`; meanings of the names; and the number of amino acids in chains
        that are not protein residues only because they have no CA.
    """
    names, which = table.texts("residue_name")
    which = which[starts]
    meanings = [residue_name(name) for name in names]
    n = len(starts)
    atoms = _backbone(table, residue, n)
    has = {name: ~np.isnan(xyz[:, 0]) for name, xyz in atoms.items()}
    linked = _linked(atoms, table.chain[starts])
    polymer = table.polymer[starts]
    hetero = table.hetero[starts]
    amino = lookup((word.amino_acid is True for word in meanings), which)
    unknown = lookup((word.amino_acid is None for word in meanings), which)
    in_chain = (polymer == 1) | ((polymer == -1) & (~hetero | linked))
    full = has["N"] & has["CA"] & has["C"]
    protein = has["CA"] & amino & in_chain
    protein |= full & unknown & ((polymer == 1) | ((polymer == -1) & linked))
    kind = np.full(n, ResidueKind.LIGAND, dtype=np.uint8)
    size = np.diff(starts, append=len(table))
    elements, element = table.texts("element")
    single = lookup((e in METALS or e in _HALOGENS for e in elements), element[starts])
    nucleotide = lookup((word.nucleotide for word in meanings), which)
    kind[nucleotide & (polymer != 0)] = ResidueKind.NUCLEIC
    # Afterwards, because RU is uridine in AMBER files, and ruthenium.
    kind[(size == 1) & single] = ResidueKind.ION
    kind[protein] = ResidueKind.PROTEIN
    untraced = int((amino & ~has["CA"] & ((polymer == 1) | ((polymer == -1) & ~hetero))).sum())
    return kind, (meanings, which), untraced


def assign_atom_types(
    table: AtomTable,
    residue: NDArray[np.int64],
    parent: NDArray[np.str_],
    protein: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Return the atom-type channel of every atom.

    Parameters
    ----------
    table
        Cleaned rows.
    residue
        ``atom``, row of the residue arrays.
    parent, protein
        ``residue``, standard amino acid and whether it is protein.

    Returns
    -------
    ndarray
        ``atom`` uint8, index into `protvox.chemistry.ATOM_TYPES`.
    """
    parents, which = factorize(parent)
    (atoms, atom), (elements, element) = table.texts("atom_name"), table.texts("element")
    size = 2 * len(parents) * len(atoms) * len(elements)
    kind = np.dtype(np.int32 if size <= _DENSE else np.int64)
    codes: NDArray[Any] = (which.astype(kind) * 2 + protein).take(residue)
    for words, which in ((atoms, atom), (elements, element)):
        codes = codes * len(words) + which
    if size <= _DENSE:
        present = np.zeros(size, dtype=np.bool_)
        present[codes] = True
        unique_codes = np.flatnonzero(present).astype(np.uint64)
    else:
        unique_codes, which = factorize_integers(codes.astype(np.uint64))
    types = np.empty(len(unique_codes), dtype=np.uint8)
    for i, code in enumerate(unique_codes.tolist()):
        rest, of_element = divmod(code, len(elements))
        rest, of_atom = divmod(rest, len(atoms))
        of_parent, is_protein = divmod(rest, 2)
        types[i] = atom_type(
            parents[of_parent], atoms[of_atom], elements[of_element], protein=bool(is_protein)
        )
    if size <= _DENSE:
        table_of_types = np.zeros(size, dtype=np.uint8)
        table_of_types[unique_codes.astype(np.int64)] = types
        return table_of_types.take(codes)
    return types.take(which)


def _backbone(
    table: AtomTable, residue: NDArray[np.int64], n: int
) -> dict[str, NDArray[np.float64]]:
    """Return the positions of N, CA and C, NaN for residues without them."""
    (names, name), (elements, element) = table.texts("atom_name"), table.texts("element")
    kinds = ("N", "CA", "C")
    wanted = [
        (names.index(kind), elements.index(kind[0]))
        if kind in names and kind[0] in elements
        else (-1, -1)
        for kind in kinds
    ]
    out = np.full((3, n, 3), np.nan)
    place_atoms(name, element, residue, np.array(wanted), table.coordinates, out)
    return dict(zip(kinds, out, strict=True))


def _linked(atoms: dict[str, NDArray[np.float64]], chain: NDArray[np.str_]) -> NDArray[np.bool_]:
    bond = np.linalg.norm(atoms["N"][1:] - atoms["C"][:-1], axis=1)
    trace = np.linalg.norm(atoms["CA"][1:] - atoms["CA"][:-1], axis=1)
    close = np.where(np.isnan(bond), trace < CA_DISTANCE, bond < PEPTIDE_BOND)
    close &= chain[1:] == chain[:-1]
    linked = np.zeros(len(chain), dtype=np.bool_)
    linked[1:] |= close
    linked[:-1] |= close
    return linked
