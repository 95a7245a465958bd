"""Secondary structure from CA positions alone."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BREAK: Final = 4.3
"""Largest CA-CA distance of bonded residues, Å; a trans bond has 3.8 Å, a cis bond 2.9 Å."""


class SecondaryStructure(IntEnum):
    """The three states of secondary structure."""

    COIL = 0
    HELIX = 1
    STRAND = 2


def secondary_structure(ca: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Assign helix, strand or coil to residues from their CA trace.

    Parameters
    ----------
    ca
        ``residue 3``, Å, in chain order; a distance of more than 4.3 Å between neighbours is a
        chain break.

    Returns
    -------
    ndarray
        ``residue`` uint8, `SecondaryStructure`.

    Notes
    -----
    A simplified P-SEA (Labesse et al., Comput. Appl. Biosci. 13, 291, 1997). A window of four
    consecutive CA atoms is helical if its end-to-end distance is 4.2 to 6.3 Å and its dihedral
    angle 25 to 80 degrees, and extended if the distance is 9 to 11 Å and the angle within 45
    degrees of -170. Two consecutive helical windows assign helix to all five of their residues;
    two consecutive extended windows assign strand to the three in the middle. Where both apply,
    helix wins.

    It differs from ``biotite.structure.annotate_sse``, which follows the paper more closely:

    - biotite accepts a residue by either its distances (i+3 and i+4 for helices; i+2, i+3 and
      i+4 for strands) or its two angles. Here one distance (i+3) and the dihedral must both be
      in range, and the limits of the helix are wider (biotite: 4.8 to 5.8 Å, 30 to 70 degrees).
    - biotite needs five consecutive residues for a helix, and four for a strand or three if they
      have contacts, and extends both ends by looser limits. Here two windows are enough, and
      ends are not extended.
    - Where both apply, biotite assigns strand.
    - biotite detects chain breaks by residue numbers; here a long CA-CA distance is a break.

    Examples
    --------
    >>> angle = np.radians(100) * np.arange(8)
    >>> helix = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(8)], axis=1)
    >>> secondary_structure(helix).tolist() == [SecondaryStructure.HELIX] * 8
    True
    """
    n = len(ca)
    out = np.full(n, SecondaryStructure.COIL, dtype=np.uint8)
    if n < 4:
        return out
    # One row per coordinate: numpy is slow on rows of three.
    points = np.ascontiguousarray(ca.T, dtype=np.float64)
    bonds = points[:, 1:] - points[:, :-1]
    lengths = np.sqrt(_dot(bonds, bonds))
    bonded = lengths < _BREAK
    whole = bonded[:-2] & bonded[1:-1] & bonded[2:]
    ends = points[:, 3:] - points[:, :-3]
    span = np.sqrt(_dot(ends, ends))
    crosses = _cross(bonds[:, :-1], bonds[:, 1:])
    left, right = crosses[:, :-1], crosses[:, 1:]
    sine = _dot(bonds[:, :-2], right) * lengths[1:-1]
    angle = np.degrees(np.arctan2(sine, _dot(left, right)))
    helical = whole & (span > 4.2) & (span < 6.3) & (angle > 25) & (angle < 80)
    extended = whole & (span > 9.0) & (span < 11.0) & ((angle < -125) | (angle > 145))
    strand, helix = extended[:-1] & extended[1:], helical[:-1] & helical[1:]
    for k in range(1, 4):
        out[k : k + n - 4][strand] = SecondaryStructure.STRAND
    for k in range(5):
        out[k : k + n - 4][helix] = SecondaryStructure.HELIX
    return out


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
