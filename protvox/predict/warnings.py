"""Warnings about the structure that a prediction rests on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import BACKBONE_ATOMS
from protvox.structure.structure import Structure

_BARE_ATOMS: Final = (*BACKBONE_ATOMS, "CB", "OXT")
_SMALL: Final = ("GLY", "ALA", "")


def side_chain_warning(structure: Structure, residues: NDArray[np.bool_], what: str) -> str | None:
    """Warn of residues that mostly lack side chains, which the environment model reads.

    Parameters
    ----------
    structure
        The structure.
    residues
        ``residue`` mask of those that the prediction rests on.
    what
        What is predicted, the first word of the sentence.

    Returns
    -------
    str or None
        One sentence; None if at least half of the residues that should have side-chain atoms
        beyond CB have some.
    """
    due = residues & structure.is_protein & ~np.isin(structure.parent, _SMALL)
    beyond = structure.residue_index[~np.isin(structure.atom_name, _BARE_ATOMS)]
    present = np.zeros(structure.n_residues, dtype=np.bool_)
    present[beyond] = True
    if not due.any() or 2 * int((due & present).sum()) >= int(due.sum()):
        return None
    return (
        f"{what}: {int((due & ~present).sum())} of {int(due.sum())} residues lack their side "
        "chains, which the model reads; the predictions are less reliable than their "
        "probabilities suggest."
    )
