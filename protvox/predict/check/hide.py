"""Structures without side chains, so that a wrong side chain cannot support itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX, BACKBONE_ATOMS
from protvox.structure.structure import Structure
from protvox.voxel.moments.residue_frames import residue_frames

CA_CB: Final = 1.53
"""Length of the bond between CA and CB, Å."""

_KEPT: Final = (*BACKBONE_ATOMS, "OXT")


def hide_side_chains(structure: Structure, residues: NDArray[np.bool_] | None = None) -> Structure:
    """Replace the side chains of protein residues with an ideal CB.

    Every such residue gets a CB, glycine too, at the position that N, CA and C imply. What remains
    does not depend on the amino acids of the model, nor on where their side chains were built.

    Parameters
    ----------
    structure
        Any structure.
    residues
        ``residue`` mask of those whose side chains are hidden; every protein residue by default.

    Returns
    -------
    Structure
        With the same residues. Ligands, nucleic acids and ions are kept. A residue without N, CA
        or C has no CB.
    """
    protein = structure.is_protein
    hidden = protein if residues is None else protein & residues
    frames = residue_frames(structure.backbone(), CA_CB)
    keep = ~hidden[structure.residue_index] | np.isin(structure.atom_name, _KEPT)
    rows = np.flatnonzero(hidden & frames.valid)
    residue_index = np.concatenate([structure.residue_index[keep], rows.astype(np.int32)])
    order = np.argsort(residue_index, kind="stable")
    columns = {
        "coordinates": frames.origin[rows],
        "element": np.full(len(rows), "C", dtype=structure.element.dtype),
        "atom_name": np.full(len(rows), "CB", dtype=structure.atom_name.dtype),
        "atom_type": np.full(len(rows), ATOM_TYPE_INDEX["aliphatic_C"], dtype=np.uint8),
    }
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(structure, name)[keep], new])[order]
        for name, new in columns.items()
    }
    return replace(structure, residue_index=residue_index[order], **joined)
