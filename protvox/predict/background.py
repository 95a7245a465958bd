"""What an environment network answers where there are no surroundings."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.environments import EnvironmentPredictor
from protvox.structure.model import ResidueKind, Structure
from protvox.vocabulary import ATOM_TYPE_INDEX, BACKBONE_ATOMS

_N_TURNS: Final = 36
_APART: Final = 100.0  # Å, beyond anything a network sees

# Bond lengths in Å and angles in degrees of Engh and Huber (1991), means over residues.
_N_CA, _CA_C, _C_O = 1.458, 1.525, 1.231
_ANGLE_N_CA_C, _ANGLE_CA_C_O = 111.0, 120.4


def isolated_log_probabilities(predictor: EnvironmentPredictor) -> NDArray[np.float64]:
    """Return the log probability of each amino acid at a residue that is alone.

    This is what the model expects before it sees any surroundings: the share of an amino acid
    among its training data, and what a backbone of ideal geometry favours. Taking it away
    from log odds leaves what the surroundings say (Dutton et al. 2024 do so with ProteinMPNN).

    Parameters
    ----------
    predictor
        The model.

    Returns
    -------
    ndarray
        ``20`` float64, mean of the log probabilities over 36 turns of psi, nats; a constant of
        the model.
    """
    lone = lone_residues()
    table, _ = predictor.predict(lone, lone.is_protein)
    tiny = np.finfo(np.float32).tiny
    mean: NDArray[np.float64] = np.log(np.clip(table.probabilities, tiny, None)).mean(
        axis=0, dtype=np.float64
    )
    return mean


def lone_residues() -> Structure:
    """Return glycines of ideal geometry, 100 Å apart, one for every 10 degrees of psi.

    Returns
    -------
    Structure
        36 residues of N, CA, C and O.
    """
    n = _N_TURNS
    angle = np.radians(_ANGLE_N_CA_C)
    nitrogen = np.array([_N_CA, 0.0, 0.0])
    carbonyl = _CA_C * np.array([np.cos(angle), np.sin(angle), 0.0])
    along = carbonyl / _CA_C
    normal = np.array([0.0, 0.0, 1.0])
    across = np.cross(along, normal)
    # O lies opposite the next N, half a turn from psi.
    psi = np.radians(np.arange(n) * 360.0 / n)[:, None]
    tilt = np.radians(180.0 - _ANGLE_CA_C_O)
    outward = np.cos(psi) * across + np.sin(psi) * normal
    oxygen = carbonyl + _C_O * (np.cos(tilt) * along + np.sin(tilt) * outward)
    atoms = np.zeros((n, len(BACKBONE_ATOMS), 3))
    atoms[:, 0], atoms[:, 2], atoms[:, 3] = nitrogen, carbonyl, oxygen
    atoms[:, :, 0] += _APART * np.arange(n)[:, None]
    types = [ATOM_TYPE_INDEX[f"backbone_{name}"] for name in BACKBONE_ATOMS]
    return Structure(
        name="lone residues", format="pdb", sha256="", model=1,
        coordinates=atoms.reshape(-1, 3).astype(np.float32),
        element=np.tile(["N", "C", "C", "O"], n),
        atom_name=np.tile(BACKBONE_ATOMS, n),
        atom_type=np.tile(types, n).astype(np.uint8),
        residue_index=np.repeat(np.arange(n), len(BACKBONE_ATOMS)).astype(np.int32),
        chain=np.full(n, "A"),
        number=np.arange(1, n + 1, dtype=np.int32),
        insertion_code=np.full(n, "", dtype="<U1"),
        residue_name=np.full(n, "GLY"),
        parent=np.full(n, "GLY"),
        kind=np.full(n, ResidueKind.PROTEIN, dtype=np.uint8),
    )  # fmt: skip
