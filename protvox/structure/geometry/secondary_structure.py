"""Secondary structure from CA positions alone."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BREAK: Final = 4.3
"""Å; CA atoms of bonded residues are 3.8 Å apart, 2.9 Å at a cis bond."""


class SecondaryStructure(IntEnum):
    """Three states."""

    COIL = 0
    HELIX = 1
    STRAND = 2


def secondary_structure(ca: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Assign helix, strand or coil to residues from the trace of their CA atoms.

    Parameters
    ----------
    ca
        ``residue 3``, Å, in chain order; a distance of more than 4.3 Å between neighbours is
        taken for a chain break.

    Returns
    -------
    ndarray
        ``residue`` uint8, `SecondaryStructure`.

    Notes
    -----
    After P-SEA (Labesse et al., Comput. Appl. Biosci. 13, 291, 1997), with wider limits for
    the helix: four consecutive CA atoms are helical by their end-to-end distance (4.2 to
    6.3 Å) and dihedral angle (25 to 80 degrees), extended by 9 to 11 Å and an angle within 45
    degrees of -170. Two such windows in a row make a helix of all their five residues, or a
    strand of the three in the middle; helices win.
    """
    n = len(ca)
    out = np.full(n, SecondaryStructure.COIL, dtype=np.uint8)
    if n < 4:
        return out
    points = ca.astype(np.float64)
    bonds = np.diff(points, axis=0)
    bonded = np.linalg.norm(bonds, axis=1) < _BREAK
    whole = bonded[:-2] & bonded[1:-1] & bonded[2:]
    span = np.linalg.norm(points[3:] - points[:-3], axis=1)
    first, second, third = bonds[:-2], bonds[1:-1], bonds[2:]
    left, right = np.cross(first, second), np.cross(second, third)
    sine = (first * right).sum(axis=1) * np.linalg.norm(second, axis=1)
    angle = np.degrees(np.arctan2(sine, (left * right).sum(axis=1)))
    helical = whole & (span > 4.2) & (span < 6.3) & (angle > 25) & (angle < 80)
    extended = whole & (span > 9.0) & (span < 11.0) & ((angle < -125) | (angle > 145))
    for start in np.flatnonzero(extended[:-1] & extended[1:]).tolist():
        out[start + 1 : start + 4] = SecondaryStructure.STRAND
    for start in np.flatnonzero(helical[:-1] & helical[1:]).tolist():
        out[start : start + 5] = SecondaryStructure.HELIX
    return out
