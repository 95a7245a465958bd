"""Universes and atom groups of MDAnalysis."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from protvox.structure.io.adapters.columns import ObjectAtoms, ObjectModels, make_atoms

_NO_SEGMENT: Final = "SYSTEM"
"""Segment identifier that MDAnalysis gives where the file has none."""


def read_mdanalysis(group: Any) -> ObjectModels:
    """Read a ``Universe`` or a group of atoms, residues or segments of MDAnalysis.

    Parameters
    ----------
    group
        Atoms are in the order of the group.

    Returns
    -------
    ObjectModels
        The frames are numbered from 1; the default is the current frame. Reading another frame
        leaves the universe at its current frame.
    """
    atoms = group.atoms
    universe = atoms.universe
    frames = len(universe.trajectory)
    current = int(universe.trajectory.ts.frame)
    file = universe.filename
    name = Path(file).name if isinstance(file, (str, PathLike)) else ""

    def read(index: int) -> ObjectAtoms:
        if index == current:
            return _table(atoms, atoms.positions, index + 1)
        # Changing the frame would discard positions that the user has set.
        other = universe.copy()
        other.trajectory[index]
        return _table(atoms, other.atoms.positions[atoms.indices], index + 1)

    return ObjectModels(name, range(1, frames + 1), read, current)


def _table(atoms: Any, positions: Any, model: int) -> ObjectAtoms:
    n = len(atoms)

    def find(name: str) -> Any:
        # A topology without an attribute raises an AttributeError.
        return getattr(atoms, name, None)

    for name in ("names", "resnames", "resids"):
        if find(name) is None:
            raise ValueError(f"its atoms have no {name}")
    segments = np.array([str(word) for word in atoms.segids], dtype=np.str_)
    segments[segments == _NO_SEGMENT] = ""
    chains = find("chainIDs")
    types = find("record_types")
    return make_atoms(
        model=model,
        coordinates=positions,
        chain=np.zeros(n, dtype="<U1") if chains is None else chains,
        number=atoms.resids,
        insertion_code=find("icodes"),
        residue_name=atoms.resnames,
        atom_name=atoms.names,
        element=find("elements"),
        altloc=find("altLocs"),
        occupancy=find("occupancies"),
        hetero=None if types is None else [word == "HETATM" for word in types],
        segment=segments,
        residue=atoms.resindices,
        b_factor=find("tempfactors"),
    )
