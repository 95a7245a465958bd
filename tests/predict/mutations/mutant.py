"""An oracle of coupled mutations: whole structures with the mutations made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import BACKBONE_ATOMS
from protvox.structure.structure import Structure

_KEPT: Final = (*BACKBONE_ATOMS, "OXT")


def mutate(structure: Structure, mutants: Mapping[int, str]) -> Structure:
    """Return a structure with other amino acids, without their side chains.

    Parameters
    ----------
    structure
        The whole structure.
    mutants
        Residue to its new amino acid, three letters.

    Returns
    -------
    Structure
        The same residues; those of ``mutants`` have their new type and a backbone alone.
    """
    parent, name = structure.parent.copy(), structure.residue_name.copy()
    changed = np.zeros(structure.n_residues, dtype=np.bool_)
    for row, mutant in mutants.items():
        parent[row] = name[row] = mutant
        changed[row] = True
    keep: NDArray[np.bool_] = ~changed[structure.residue_index]
    keep |= np.isin(structure.atom_name, _KEPT)
    return replace(
        structure,
        coordinates=structure.coordinates[keep],
        element=structure.element[keep],
        atom_name=structure.atom_name[keep],
        atom_type=structure.atom_type[keep],
        residue_index=structure.residue_index[keep],
        residue_name=name,
        parent=parent,
    )
