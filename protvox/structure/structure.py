"""Structures in memory: frozen numpy arrays with provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import BACKBONE_ATOMS
from protvox.comparable import Comparable
from protvox.messages import count, listing
from protvox.structure.experiment import NOT_STATED, Experiment

if TYPE_CHECKING:
    import Bio.PDB.Structure
    import biotite.structure
    import gemmi


class ResidueKind(IntEnum):
    """Kind of a residue, which determines its atom types and whether it is classified."""

    PROTEIN = 0
    NUCLEIC = 1
    LIGAND = 2
    ION = 3


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something in the input that was ignored.

    Attributes
    ----------
    what
        Number and kind, e.g. ``"3 hydrogen atoms"``.
    where
        Chain or model.
    why
        The reason.
    """

    what: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class ChainCopy:
    """Where a chain of an assembly comes from.

    Attributes
    ----------
    chain
        Its name, e.g. ``"A-2"``.
    copy_of
        Name of the chain in the file.
    operator
        Operator that was applied, as named in the file.
    """

    chain: str
    copy_of: str
    operator: str


@dataclass(frozen=True, slots=True, eq=False)
class Structure(Comparable):
    """A cleaned structure: one model without waters, hydrogens or alternative positions.

    Attributes
    ----------
    name
        File name or identifier, as given.
    format
        ``"pdb"``, ``"pqr"``, ``"mmcif"`` or ``"bcif"``; or ``"biopython"``, ``"biotite"``,
        ``"gemmi"``, ``"mdanalysis"`` or ``"mdtraj"`` for an object of that library.
    sha256
        Hex digest of the bytes as given (before decompression); for an object, of its atoms.
    model
        Number of the model, as in the file.
    coordinates
        ``atom 3`` float32, Å.
    element
        ``atom``, upper-case element symbols (``<U2``).
    atom_name
        ``atom``, names without blanks.
    atom_type
        ``atom`` uint8, index into `protvox.chemistry.ATOM_TYPES`.
    residue_index
        ``atom`` int32, non-decreasing, row of the residue arrays.
    chain
        ``residue``, author chain names (any length).
    number
        ``residue`` int32, author residue numbers (may be negative).
    insertion_code
        ``residue``, ``""`` if none.
    residue_name
        ``residue``, name as in the file.
    parent
        ``residue``, standard amino acid that it corresponds to, ``""`` if none.
    kind
        ``residue`` uint8, `ResidueKind`.
    dropped
        What was ignored, with reasons.
    warnings
        One sentence each.
    plddt
        ``residue`` float32, predicted confidence from 0 to 100, the mean over the atoms of the
        residue; NaN where the file has none, ``None`` if it is not recognised as a predicted
        model.
    plddt_source
        Where the pLDDT was read from; ``""`` without.
    title
        Title in the file; ``""`` if it has none.
    assembly
        Identifier of the biological assembly; ``""`` for the coordinates of the file.
    copies
        Where the chains of the assembly come from.
    same_as
        Chains that are not scored, to identical chains that are; None unless requested.
    sequences
        Author chain name to the amino acids of its sequence as declared in the file (SEQRES or
        entity_poly_seq), three-letter codes, ``""`` for those that correspond to no standard one.
    experiment
        How it was determined, as stated in the file.
    """

    name: str
    format: str
    sha256: str
    model: int
    coordinates: NDArray[np.float32]
    element: NDArray[np.str_]
    atom_name: NDArray[np.str_]
    atom_type: NDArray[np.uint8]
    residue_index: NDArray[np.int32]
    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    residue_name: NDArray[np.str_]
    parent: NDArray[np.str_]
    kind: NDArray[np.uint8]
    dropped: tuple[Dropped, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())
    plddt: NDArray[np.float32] | None = None
    plddt_source: str = ""
    title: str = ""
    assembly: str = ""
    copies: tuple[ChainCopy, ...] = ()
    same_as: Mapping[str, str] | None = None
    sequences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    experiment: Experiment = NOT_STATED

    def __repr__(self) -> str:
        """Return one line with the name, chains and numbers of residues and atoms."""
        chains = [name or "(blank)" for name in dict.fromkeys(self.chain.tolist())]
        label = "chain" if len(chains) == 1 else "chains"
        return (
            f"Structure({self.name!r}, {label} {listing(chains)}, "
            f"{count(self.n_residues, 'residue')}, {count(self.n_atoms, 'atom')})"
        )

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.coordinates)

    @property
    def n_residues(self) -> int:
        """Number of residues, protein and other."""
        return len(self.chain)

    @property
    def is_protein(self) -> NDArray[np.bool_]:
        """``residue`` mask of protein residues."""
        protein: NDArray[np.bool_] = self.kind == ResidueKind.PROTEIN
        return protein

    @property
    def is_polymer(self) -> NDArray[np.bool_]:
        """``residue`` mask of protein and nucleic acid residues."""
        polymer: NDArray[np.bool_] = self.is_protein | (self.kind == ResidueKind.NUCLEIC)
        return polymer

    @property
    def protein_chains(self) -> tuple[str, ...]:
        """Author names of the chains with protein residues, in file order."""
        return tuple(dict.fromkeys(self.chain[self.is_protein].tolist()))

    def backbone(self) -> NDArray[np.float32]:
        """Return the backbone atoms of every residue.

        Returns
        -------
        ndarray
            ``residue 4 3`` float32, Å: N, CA, C, O; NaN for missing atoms and for residues that
            are not protein.
        """
        out = np.full((self.n_residues, len(BACKBONE_ATOMS), 3), np.nan, dtype=np.float32)
        protein = self.is_protein[self.residue_index]
        for column, name in enumerate(BACKBONE_ATOMS):
            rows = np.flatnonzero(protein & (self.atom_name == name))
            out[self.residue_index[rows], column] = self.coordinates[rows]
        return out

    def is_disordered(self, limit: float) -> NDArray[np.bool_]:
        """Return the residues with a pLDDT below a limit.

        Parameters
        ----------
        limit
            Between 0 and 100.

        Returns
        -------
        ndarray
            ``residue`` bool; all False for a structure without pLDDT.
        """
        if self.plddt is None:
            return np.zeros(self.n_residues, dtype=np.bool_)
        low: NDArray[np.bool_] = self.plddt < limit  # NaN is not below.
        return low

    def where(self, residue: int) -> str:
        """Return the chain, number and name of a residue, e.g. ``A:45B ALA``.

        Parameters
        ----------
        residue
            Row of the residue arrays.
        """
        number = f"{self.number[residue]}{self.insertion_code[residue]}"
        return f"{self.chain[residue]}:{number} {self.residue_name[residue]}"

    def to_biotite(self) -> biotite.structure.AtomArray:
        """Return the structure as an object of biotite.

        Returns
        -------
        biotite.structure.AtomArray
            With the same atoms in the same order, in Å. What is neither a standard amino acid
            nor a nucleic acid residue is ``hetero``. ``b_factor`` is the pLDDT of a predicted
            model, and otherwise 0.

        Raises
        ------
        UsageError
            If biotite is not installed (``usage.package``).

        Examples
        --------
        >>> protvox.read_structure("1pwc").to_biotite().res_name[:3]  # doctest: +SKIP
        array(['ALA', 'ALA', 'ALA'], dtype='<U3')
        """
        from protvox.structure.export.biotite import to_biotite

        return to_biotite(self)

    def to_biopython(self) -> Bio.PDB.Structure.Structure:
        """Return the structure as an object of Biopython.

        Returns
        -------
        Bio.PDB.Structure.Structure
            With one model, of id 0, and the same atoms in the same order, in Å, with occupancy
            1. B-factors are the pLDDT of a predicted model, and otherwise 0. A blank chain name
            is ``" "``.

        Raises
        ------
        UsageError
            If Biopython is not installed (``usage.package``).

        Examples
        --------
        >>> protvox.read_structure("1pwc").to_biopython()[0]["A"]  # doctest: +SKIP
        <Chain id=A>
        """
        from protvox.structure.export.biopython import to_biopython

        return to_biopython(self)

    def to_gemmi(self) -> gemmi.Structure:
        """Return the structure as an object of gemmi.

        Returns
        -------
        gemmi.Structure
            With one model, of the same number, and the same atoms in the same order, in Å, with
            occupancy 1. B-factors are the pLDDT of a predicted model, and otherwise 0. Polymers
            and other entities are marked.

        Examples
        --------
        >>> protvox.read_structure("1pwc").to_gemmi()[0]["A"]  # doctest: +SKIP
        <gemmi.Chain A with 346 res>
        """
        from protvox.structure.export.gemmi import to_gemmi

        return to_gemmi(self)

    def with_report(self, dropped: tuple[Dropped, ...], warnings: tuple[str, ...]) -> Structure:
        """Return the structure with another record of dropped atoms and warnings.

        Parameters
        ----------
        dropped, warnings
            See the attributes.
        """
        return replace(self, dropped=dropped, warnings=warnings)

    def select(self, residues: NDArray[np.bool_]) -> Structure:
        """Return the structure with only some residues.

        Parameters
        ----------
        residues
            ``residue`` mask of those to keep.
        """
        keep = residues[self.residue_index]
        renumber = np.cumsum(residues, dtype=np.int32) - 1
        return replace(
            self,
            coordinates=self.coordinates[keep],
            element=self.element[keep],
            atom_name=self.atom_name[keep],
            atom_type=self.atom_type[keep],
            residue_index=renumber[self.residue_index[keep]].astype(np.int32),
            chain=self.chain[residues],
            number=self.number[residues],
            insertion_code=self.insertion_code[residues],
            residue_name=self.residue_name[residues],
            parent=self.parent[residues],
            kind=self.kind[residues],
            plddt=None if self.plddt is None else self.plddt[residues],
        )
