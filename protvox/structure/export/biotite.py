"""Export to biotite."""

from __future__ import annotations

from typing import Any

import numpy as np

from protvox.structure.export.atoms import Atoms, b_factors, hetero_residues, import_library


def to_biotite(atoms: Atoms) -> Any:
    """Return a structure as a biotite ``AtomArray``.

    Parameters
    ----------
    atoms
        The structure.

    Returns
    -------
    biotite.structure.AtomArray
        See `protvox.structure.structure.Structure.to_biotite`.

    Raises
    ------
    UsageError
        If biotite is not installed (``usage.package``).
    """
    library = import_library("biotite.structure", "biotite")
    index = atoms.residue_index
    array = library.AtomArray(len(index))
    array.coord = atoms.coordinates.copy()
    columns = {
        "chain_id": atoms.chain[index],
        "res_id": atoms.number[index].astype(np.int64),
        "ins_code": atoms.insertion_code[index].astype("<U1"),
        "res_name": atoms.residue_name[index],
        "hetero": hetero_residues(atoms)[index],
        "atom_name": atoms.atom_name,
        "element": atoms.element.astype("<U2"),
        "b_factor": b_factors(atoms)[index],
    }
    for name, values in columns.items():
        array.set_annotation(name, values)
    return array
