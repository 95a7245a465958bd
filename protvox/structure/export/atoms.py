"""What an export needs of a structure, and the import of the library that it is exported to."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.errors import fail


class Atoms(Protocol):
    """The attributes of `protvox.structure.structure.Structure` that are exported."""

    @property
    def name(self) -> str:
        """File name or identifier."""
        ...

    @property
    def model(self) -> int:
        """Number of the model."""
        ...

    @property
    def coordinates(self) -> NDArray[np.float32]:
        """``atom 3``, Å."""
        ...

    @property
    def element(self) -> NDArray[np.str_]:
        """``atom``, upper-case symbols."""
        ...

    @property
    def atom_name(self) -> NDArray[np.str_]:
        """``atom``."""
        ...

    @property
    def residue_index(self) -> NDArray[np.int32]:
        """``atom``, row of the residue arrays."""
        ...

    @property
    def chain(self) -> NDArray[np.str_]:
        """``residue``."""
        ...

    @property
    def number(self) -> NDArray[np.int32]:
        """``residue``."""
        ...

    @property
    def insertion_code(self) -> NDArray[np.str_]:
        """``residue``, ``""`` if none."""
        ...

    @property
    def residue_name(self) -> NDArray[np.str_]:
        """``residue``."""
        ...

    @property
    def is_protein(self) -> NDArray[np.bool_]:
        """``residue`` mask of protein residues."""
        ...

    @property
    def is_polymer(self) -> NDArray[np.bool_]:
        """``residue`` mask of protein and nucleic acid residues."""
        ...

    @property
    def plddt(self) -> NDArray[np.float32] | None:
        """``residue``, NaN where unknown; ``None`` without."""
        ...


def b_factors(atoms: Atoms) -> NDArray[np.float64]:
    """Return ``residue`` B-factors: the pLDDT of a predicted model, or else 0.

    Parameters
    ----------
    atoms
        A structure.
    """
    if atoms.plddt is None:
        return np.zeros(len(atoms.chain))
    return np.nan_to_num(atoms.plddt.astype(np.float64))


def hetero_residues(atoms: Atoms) -> NDArray[np.bool_]:
    """Return the ``residue`` mask of those that the PDB writes as HETATM records.

    Parameters
    ----------
    atoms
        A structure.
    """
    standard = np.array([name in AMINO_ACID_INDEX for name in atoms.residue_name.tolist()])
    return ~(atoms.is_polymer & (standard | ~atoms.is_protein))


def short_name(atoms: Atoms) -> str:
    """Return the file name of a structure without its suffixes.

    Parameters
    ----------
    atoms
        A structure.
    """
    return Path(atoms.name).name.split(".")[0] or "protvox"


def import_library(name: str, package: str) -> Any:
    """Import a library to export to.

    Parameters
    ----------
    name
        Name of the module.
    package
        Name of the package that has it.

    Raises
    ------
    UsageError
        ``usage.package`` if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise fail("usage.package", where=package, library=package) from error
