"""The course of a chain: directions at every residue, from CA positions alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.geometry.secondary_structure import secondary_structure

_BREAK: Final = 4.5
"""Å; CA atoms further apart are not bonded."""


@dataclass(frozen=True)
class Trace:
    """CA atoms with the course of the chain through them.

    Attributes
    ----------
    coordinates
        ``residue 3`` float32, Å.
    secondary
        ``residue`` uint8, `protvox.structure.geometry.secondary_structure.SecondaryStructure`.
    tangent
        ``residue 3`` float32, unit vector from the residue before to the one after.
    normal
        ``residue 3`` float32, unit vector away from the middle of the two neighbours: along
        a strand it points to alternating faces of its sheet, in a helix away from the axis.
    directed
        ``residue`` bool: bonded on both sides, so that the directions mean something.
    """

    coordinates: NDArray[np.float32]
    secondary: NDArray[np.uint8]
    tangent: NDArray[np.float32]
    normal: NDArray[np.float32]
    directed: NDArray[np.bool_]

    def turned(self, signs: NDArray[np.float32]) -> Trace:
        """Return the chain after a half turn about an axis of the coordinates.

        Parameters
        ----------
        signs
            ``3`` float32, 1 or -1 for each coordinate, two or none of them -1.
        """
        return replace(
            self,
            coordinates=self.coordinates * signs,
            tangent=self.tangent * signs,
            normal=self.normal * signs,
        )


def trace_chain(ca: NDArray[np.floating]) -> Trace:
    """Follow the CA atoms of a domain.

    Parameters
    ----------
    ca
        ``residue 3``, Å, in chain order.

    Returns
    -------
    Trace
        A distance of more than 4.5 Å between neighbours is a chain break; the residues at
        both sides of one, and the termini, have no direction.
    """
    points = np.ascontiguousarray(ca, dtype=np.float32)
    bonded = np.linalg.norm(np.diff(points, axis=0), axis=1) < _BREAK
    tangent, normal = np.zeros_like(points), np.zeros_like(points)
    directed = np.zeros(len(points), dtype=np.bool_)
    if len(points) > 2:
        before, at, after = points[:-2], points[1:-1], points[2:]
        directed[1:-1] = bonded[:-1] & bonded[1:]
        tangent[1:-1] = unit_vectors(after - before)
        normal[1:-1] = unit_vectors(2 * at - before - after)
    return Trace(points, secondary_structure(points), tangent, normal, directed)


def unit_vectors(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length 1.

    Parameters
    ----------
    vectors
        ``... 3`` float32, Å; one of length 0 stays as it is.

    Notes
    -----
    Three residues on one line have no normal: it stays near 0.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True) + np.float32(1e-6)
    units: NDArray[np.float32] = vectors / lengths
    return units
