"""Probabilities at residues in solvent: the reference state of mutations."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.task import ResiduePredictor
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure
from protvox.voxel.moments.residue_frames import residue_frames

REFERENCE: Final = Path(__file__).parents[2] / "examples" / "1pwc.pdb.gz"
"""Structure whose surface is the reference; no model was trained on it."""

EXPOSED_SHARE: Final = 0.1
"""Share of its residues, those with the fewest atoms around them, that count as exposed."""

_RADIUS: Final = 10.0
_CB_OFFSET: Final = 2.3
"""Å from CA towards CB, where side chains begin to differ."""


def exposed_log_probabilities(predictor: ResiduePredictor) -> NDArray[np.float64]:
    """Return the log probability of each amino acid at a residue in solvent.

    An unfolded chain is exposed nearly everywhere, so this represents the unfolded state: what
    the model expects of an amino acid in water. Log odds less this background are what it gains
    or costs to bury the residue.

    Parameters
    ----------
    predictor
        The model.

    Returns
    -------
    ndarray
        ``20`` float64, mean of the log probabilities over the most exposed tenth of the
        residues of `REFERENCE`, nats; a constant of the model.
    """
    structure = read_structure(REFERENCE)
    table, _ = predictor.predict_residues(structure, exposed_residues(structure))
    tiny = np.finfo(np.float32).tiny
    logs = np.log(np.clip(table.probabilities, tiny, None), dtype=np.float64)
    mean: NDArray[np.float64] = logs.mean(axis=0)
    return mean


def exposed_residues(structure: Structure, share: float = EXPOSED_SHARE) -> NDArray[np.bool_]:
    """Return the residues with the fewest atoms around them.

    Parameters
    ----------
    structure
        Any structure.
    share
        Which part of its protein residues with a whole backbone, 0 to 1.

    Returns
    -------
    ndarray
        ``residue`` bool. Counted are atoms of other residues, of any chain or ligand, within
        10 Å of a point 2.3 Å from CA towards the ideal CB.
    """
    frames = residue_frames(structure.backbone(), _CB_OFFSET)
    rows = np.flatnonzero(structure.is_protein & frames.valid)
    around = np.empty(len(rows), dtype=np.int64)
    for i, row in enumerate(rows.tolist()):
        near = ((structure.coordinates - frames.origin[row]) ** 2).sum(axis=1) < _RADIUS**2
        around[i] = (near & (structure.residue_index != row)).sum()
    chosen = np.zeros(structure.n_residues, dtype=np.bool_)
    chosen[rows[np.argsort(around, kind="stable")[: max(1, round(share * len(rows)))]]] = True
    return chosen
