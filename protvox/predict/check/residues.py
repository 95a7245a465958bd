"""Single residues that do not fit their surroundings, and what may explain it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS, BACKBONE_ATOMS
from protvox.predict.results.findings import CheckedResidue
from protvox.predict.results.residue_table import ResidueTable
from protvox.structure.geometry.crystal import CrystalNeighbours
from protvox.structure.structure import ResidueKind, Structure

ODDS: Final = 1000.0
"""Least odds of another amino acid over the modelled one; one residue in 1,000 of structures of the
PDB has them."""

LIGAND_DISTANCE: Final = 4.0
"""Distance from a ligand, a nucleic acid, an ion or a copy in the crystal within which it explains
an unusual residue, Å."""

CLASH_DISTANCE: Final = 2.4
"""Distance between atoms that are not bonded, below any hydrogen bond, Å."""

LOW_PLDDT: Final = 70.0
"""pLDDT below which the backbone of a predicted model is not reliable."""

_BOND: Final = 2.2
"""Longest covalent bond between residues (S-S 2.05 Å), Å."""

SIDE_CHAIN_ATOMS: Final = MappingProxyType(
    {
        **{"ALA": 1, "ARG": 7, "ASN": 4, "ASP": 4, "CYS": 2, "GLN": 5, "GLU": 5, "GLY": 0},
        **{"HIS": 6, "ILE": 4, "LEU": 4, "LYS": 5, "MET": 4, "PHE": 7, "PRO": 3, "SER": 2},
        **{"THR": 3, "TRP": 10, "TYR": 8, "VAL": 3},
    }
)
"""Number of heavy atoms in the side chain of each amino acid."""


def unlikely_residues(structure: Structure, table: ResidueTable) -> tuple[CheckedResidue, ...]:
    """Return the residues whose surroundings strongly favour another amino acid.

    Parameters
    ----------
    structure
        The structure.
    table
        Probabilities of its residues, from surroundings with side chains.

    Returns
    -------
    tuple of CheckedResidue
        In the order of the table, each with what may explain it.
    """
    suspects = sorted(table.suspects(odds=ODDS))
    if not suspects:
        return ()
    measure = Surroundings(structure)
    rows = rows_of(structure, table)
    predicted = table.predicted
    return tuple(
        CheckedResidue(
            chain=str(table.chain[row]),
            number=int(table.number[row]),
            insertion_code=str(table.insertion_code[row]),
            wild_type=str(table.wild_type[row]),
            predicted=str(predicted[row]),
            odds=odds,
            reasons=measure.reasons(int(rows[row])),
        )
        for row, odds in suspects
    )


def rows_of(structure: Structure, table: ResidueTable) -> NDArray[np.int64]:
    """Return the row of the structure for each row of a table.

    Parameters
    ----------
    structure, table
        See `unlikely_residues`.
    """
    names = zip(structure.chain, structure.number, structure.insertion_code, strict=True)
    # A hetero compound may have the number of a residue; residues that were predicted are protein.
    protein = structure.is_protein
    known = {name: row for row, name in enumerate(names) if protein[row]}
    wanted = zip(table.chain, table.number, table.insertion_code, strict=True)
    return np.array([known[name] for name in wanted], dtype=np.int64)


class Surroundings:
    """Measures what may explain an unusual residue.

    Parameters
    ----------
    structure
        The structure.
    """

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._backbone = structure.backbone()
        self._crystal = _crystal_of(structure)
        self._starts = np.searchsorted(structure.residue_index, np.arange(structure.n_residues + 1))

    def reasons(self, row: int) -> tuple[str, ...]:
        """Return what may explain that a residue does not fit.

        Parameters
        ----------
        row
            Row of the residue.

        Returns
        -------
        tuple of str
            Short statements; empty if nothing was found.
        """
        found = [
            self.unusual_backbone(row, str(self._structure.parent[row])),
            self._incomplete(row),
            self._confidence(row),
            *self._contacts(row),
            self._crystal_contact(row),
        ]
        return tuple(reason for reason in found if reason)

    def dihedrals(self, row: int) -> tuple[float, float]:
        """Return phi and psi of a residue, degrees; NaN at chain ends and breaks.

        Parameters
        ----------
        row
            Row of the residue.
        """
        n, ca, c = self._backbone[row, :3]
        phi = psi = float("nan")
        if self._bonded(row - 1):
            phi = dihedral(self._backbone[row - 1, 2], n, ca, c)
        if self._bonded(row):
            psi = dihedral(n, ca, c, self._backbone[row + 1, 0])
        return phi, psi

    def _bonded(self, row: int) -> bool:
        """Return whether a residue is bonded to the next one."""
        if not 0 <= row < len(self._backbone) - 1:
            return False
        bond = np.linalg.norm(self._backbone[row, 2] - self._backbone[row + 1, 0])
        return bool(bond < 2.0)  # NaN is not

    def unusual_backbone(self, row: int, name: str) -> str | None:
        """Return what is unusual about the dihedrals of a residue; None if nothing is.

        Parameters
        ----------
        row
            Row of the residue.
        name
            Amino acid that it is, three letters.
        """
        phi, psi = self.dihedrals(row)
        if name == "GLY" or not (np.isfinite(phi) and np.isfinite(psi)):
            return None
        angles = f"phi {phi:.0f}, psi {psi:.0f} degrees"
        if phi > 0:
            left = 30 <= phi <= 90 and -30 <= psi <= 90
            if left:
                return None if name in ("ASN", "ASP") else f"left-handed backbone ({angles})"
            return f"backbone that only glycine usually has ({angles})"
        if -150 <= psi <= -85:
            return f"unusual backbone ({angles})"
        return None

    def _incomplete(self, row: int) -> str | None:
        names = self._structure.atom_name[self._starts[row] : self._starts[row + 1]]
        present = len(names) - int(np.isin(names, (*BACKBONE_ATOMS, "OXT")).sum())
        expected = SIDE_CHAIN_ATOMS[str(self._structure.parent[row])]
        if present >= expected or self._structure.residue_name[row] not in AMINO_ACIDS:
            return None
        return f"incomplete side chain ({present} of {expected} atoms)"

    def _confidence(self, row: int) -> str | None:
        plddt = self._structure.plddt
        if plddt is None or not plddt[row] < LOW_PLDDT:
            return None
        return f"low pLDDT ({plddt[row]:.0f})"

    def _crystal_contact(self, row: int) -> str | None:
        if self._crystal is None:
            return None
        distance, neighbour = self._crystal.nearest(row, LIGAND_DISTANCE)
        if neighbour < 0:
            return None
        return f"{distance:.1f} A from a copy of {self._structure.where(neighbour)} in the crystal"

    def _contacts(self, row: int) -> list[str]:
        structure = self._structure
        own = slice(self._starts[row], self._starts[row + 1])
        side = ~np.isin(structure.atom_name[own], BACKBONE_ATOMS)
        atoms = structure.coordinates[own]
        centre = atoms.mean(axis=0)
        reach = np.linalg.norm(atoms - centre, axis=1).max() + LIGAND_DISTANCE
        near = np.flatnonzero(((structure.coordinates - centre) ** 2).sum(axis=1) < reach**2)
        near = near[structure.residue_index[near] != row]
        if not len(near):
            return []
        distance = np.linalg.norm(structure.coordinates[near][:, None] - atoms[None], axis=2)
        other = structure.residue_index[near]
        found = []
        foreign = structure.kind[other] != ResidueKind.PROTEIN
        if foreign.any() and distance[foreign].min() <= LIGAND_DISTANCE:
            which = np.where(foreign, distance.min(axis=1), np.inf).argmin()
            found.append(f"{distance[which].min():.1f} A from {structure.where(int(other[which]))}")
        partner = ~foreign & (np.abs(other - row) > 1)
        contacts = np.where(partner[:, None] & side[None], distance, np.inf)
        if np.isfinite(contacts).any():
            closest = np.unravel_index(int(contacts.argmin()), contacts.shape)
            gap = float(contacts[closest])
            elements = {str(structure.element[near[closest[0]]])}
            elements.add(str(structure.element[own][closest[1]]))
            if gap < (_BOND if elements == {"S"} else CLASH_DISTANCE) and elements != {"S"}:
                residue = structure.where(int(other[closest[0]]))
                found.append(f"clash with {residue} ({gap:.1f} A)")
        return found


def _crystal_of(structure: Structure) -> CrystalNeighbours | None:
    """Return the crystal of a structure whose copies are not in it, None if it is not known."""
    if structure.assembly:
        return None
    try:
        return CrystalNeighbours(structure)
    except ValueError:
        return None


def dihedral(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    c: NDArray[np.floating],
    d: NDArray[np.floating],
) -> float:
    """Return the dihedral angle of four points, degrees.

    Parameters
    ----------
    a, b, c, d
        ``3``, Å.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]])
    >>> round(dihedral(*points))
    90
    """
    first, axis, last = b - a, c - b, d - c
    left, right = np.cross(first, axis), np.cross(axis, last)
    sine = np.dot(np.cross(left, right), axis) / np.linalg.norm(axis)
    return float(np.degrees(np.arctan2(sine, np.dot(left, right))))
