"""The reference states that were tried, which are subtracted from the log odds."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPE_INDEX, BACKBONE_ATOMS, THREE_LETTER
from protvox.networks.environment import EnvironmentNet
from protvox.predict.mutations.background import exposed_log_probabilities
from protvox.structure.structure import ResidueKind, Structure
from protvox.tasks.environment.predictor import EnvironmentPredictor

SHIPPED = "exposed residues"

# Percent of the residues in UniProtKB/Swiss-Prot.
_SWISS_PROT = {
    "A": 8.25,
    "R": 5.52,
    "N": 4.06,
    "D": 5.46,
    "C": 1.38,
    "Q": 3.93,
    "E": 6.71,
    "G": 7.07,
    "H": 2.27,
    "I": 5.91,
    "L": 9.64,
    "K": 5.80,
    "M": 2.41,
    "F": 3.86,
    "P": 4.74,
    "S": 6.65,
    "T": 5.36,
    "W": 1.10,
    "Y": 2.92,
    "V": 6.86,
}
_TURNS = 36
_APART = 100.0  # Å


def references(
    predictor: EnvironmentPredictor, network: EnvironmentNet
) -> dict[str, NDArray[np.float64]]:
    """Return the log probabilities of each reference state, ``20`` each, nats."""
    lone = lone_residues()
    table, _ = predictor.predict_residues(lone, lone.is_protein)
    spec = predictor.config.moments
    with torch.inference_mode():
        empty = network(torch.zeros(1, spec.n_features, spec.n_points, device=predictor.device))
    nothing = (empty.double()[0] / predictor.card.temperature).log_softmax(dim=0)
    return {
        "none": np.zeros(20),
        "frequencies": np.log([_SWISS_PROT[one] for one in THREE_LETTER]),
        "residue alone": np.log(table.probabilities.astype(np.float64)).mean(axis=0),
        "no atoms": nothing.cpu().numpy(),
        SHIPPED: exposed_log_probabilities(predictor),
    }


def lone_residues() -> Structure:
    """Return backbones of ideal geometry, 100 Å apart, one for every 10 degrees of psi.

    Bond lengths and angles are means of Engh and Huber (1991).
    """
    angle = np.radians(111.0)
    along = np.array([np.cos(angle), np.sin(angle), 0.0])
    normal = np.array([0.0, 0.0, 1.0])
    # O is opposite the next N, at 180 degrees from psi.
    psi = np.radians(np.arange(_TURNS) * 360.0 / _TURNS)[:, None]
    tilt = np.radians(180.0 - 120.4)
    outward = np.cos(psi) * np.cross(along, normal) + np.sin(psi) * normal
    atoms = np.zeros((_TURNS, len(BACKBONE_ATOMS), 3))
    atoms[:, 0, 0] = 1.458
    atoms[:, 2] = 1.525 * along
    atoms[:, 3] = atoms[:, 2] + 1.231 * (np.cos(tilt) * along + np.sin(tilt) * outward)
    atoms[:, :, 0] += _APART * np.arange(_TURNS)[:, None]
    types = [ATOM_TYPE_INDEX[f"backbone_{name}"] for name in BACKBONE_ATOMS]
    return Structure(
        name="lone residues",
        format="pdb",
        sha256="",
        model=1,
        coordinates=atoms.reshape(-1, 3).astype(np.float32),
        element=np.tile(["N", "C", "C", "O"], _TURNS),
        atom_name=np.tile(BACKBONE_ATOMS, _TURNS),
        atom_type=np.tile(types, _TURNS).astype(np.uint8),
        residue_index=np.repeat(np.arange(_TURNS), len(BACKBONE_ATOMS)).astype(np.int32),
        chain=np.full(_TURNS, "A"),
        number=np.arange(1, _TURNS + 1, dtype=np.int32),
        insertion_code=np.full(_TURNS, "", dtype="<U1"),
        residue_name=np.full(_TURNS, "GLY"),
        parent=np.full(_TURNS, "GLY"),
        kind=np.full(_TURNS, ResidueKind.PROTEIN, dtype=np.uint8),
    )
