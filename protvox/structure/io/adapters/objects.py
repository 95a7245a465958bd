"""Types of the objects of other libraries, by members that tell them from other objects."""

from __future__ import annotations

from typing import Any, Protocol


class BiopythonEntity(Protocol):
    """``Bio.PDB`` structure, model or chain."""

    level: str

    def get_atoms(self) -> Any:
        """Return its atoms."""
        ...

    def get_parent(self) -> Any:
        """Return the entity that contains it."""
        ...


class BiotiteAtoms(Protocol):
    """biotite ``AtomArray`` or ``AtomArrayStack``."""

    @property
    def coord(self) -> Any:
        """Coordinates, ``atom 3`` or ``model atom 3``, Å."""
        ...

    def get_annotation_categories(self) -> Any:
        """Return the names of its annotations."""
        ...


class GemmiStructure(Protocol):
    """``gemmi.Structure``."""

    @property
    def input_format(self) -> Any:
        """Format of the file it was read from."""
        ...

    @property
    def entities(self) -> Any:
        """Polymers, ligands and waters."""
        ...


class GemmiPart(Protocol):
    """``gemmi.Model`` or ``gemmi.Chain``."""

    def count_atom_sites(self) -> int:
        """Return the number of its atoms."""
        ...

    def get_subchain(self, name: str, /) -> Any:
        """Return some of its residues."""
        ...


class MdtrajTrajectory(Protocol):
    """``mdtraj.Trajectory``."""

    @property
    def xyz(self) -> Any:
        """Coordinates, ``frame atom 3``, nm."""
        ...

    @property
    def topology(self) -> Any:
        """Names of the atoms."""
        ...


class MDAnalysisGroup(Protocol):
    """MDAnalysis ``Universe``, or a group of its atoms, residues or segments."""

    @property
    def atoms(self) -> Any:
        """Its atoms."""
        ...

    @property
    def universe(self) -> Any:
        """The universe."""
        ...


LibraryObject = (
    BiopythonEntity | BiotiteAtoms | GemmiStructure | GemmiPart | MdtrajTrajectory | MDAnalysisGroup
)
"""A structure of Biopython, biotite, gemmi, mdtraj or MDAnalysis."""
