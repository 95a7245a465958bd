"""Local frames of residues, in which their environments are described."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import ATOM_TYPES

N_ENVIRONMENT_TYPES = len(ATOM_TYPES) + 1
"""Number of channels of an environment: the atom types, then the central residue's backbone."""


@dataclass(frozen=True)
class ResidueFrames:
    """The local frames of residues.

    Attributes
    ----------
    origin
        ``residue 3`` float32, Å; NaN where the frame is undefined.
    axes
        ``residue 3 3`` float32, rows are unit vectors; z points from CA to the ideal CB.
    valid
        ``residue`` bool: N, CA and C are present and not collinear.
    """

    origin: NDArray[np.float32]
    axes: NDArray[np.float32]
    valid: NDArray[np.bool_]


def residue_frames(backbone: NDArray[np.float32], cb_offset: float) -> ResidueFrames:
    """Return a right-handed local frame for every residue.

    Parameters
    ----------
    backbone
        ``residue 4 3`` float32, Å: N, CA, C, O; NaN where missing (O is not used).
    cb_offset
        Distance of the origin from CA along the bond to the ideal CB, Å.

    Returns
    -------
    ResidueFrames
        Frames that rotate and move with the structure, so that features computed in them do not
        depend on the pose. The ideal CB has the geometry of L-alanine.
    """
    atoms = backbone.astype(np.float64)
    n, ca, c = atoms[:, 0], atoms[:, 1], atoms[:, 2]
    to_n, to_c = n - ca, c - ca
    normal = np.cross(-to_n, to_c)
    # Coefficients of the ideal CB of an L-residue in the basis (normal, CA-N, C-CA).
    z = -0.58273431 * normal + 0.56802827 * -to_n - 0.54067466 * to_c
    valid = np.isfinite(z).all(axis=1) & (np.linalg.norm(normal, axis=1) > 0.1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        along = to_c - to_n
        y = along - (along * z).sum(axis=1, keepdims=True) * z
        y = y / np.linalg.norm(y, axis=1, keepdims=True)
    x = np.cross(y, z)
    axes = np.stack([x, y, z], axis=1).astype(np.float32)
    origin = (ca + cb_offset * z).astype(np.float32)
    origin[~valid] = np.nan
    axes[~valid] = np.nan
    return ResidueFrames(origin, axes, valid)
