"""CA traces: the direction of the chain at every residue, from CA positions alone."""

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
    """CA atoms with the direction of the chain at each of them.

    Attributes
    ----------
    coordinates
        ``residue 3`` float32, Å.
    secondary
        ``residue`` uint8, `protvox.structure.geometry.secondary_structure.SecondaryStructure`.
    tangent
        ``residue 3`` float32, unit vector from the previous residue to the next.
    normal
        ``residue 3`` float32, unit vector that points away from the midpoint of the two
        neighbours. Along a strand it alternates between the two faces of the sheet; in a helix
        it points away from the axis.
    directed
        ``residue`` bool: bonded on both sides, so that tangent and normal are meaningful.
    """

    coordinates: NDArray[np.float32]
    secondary: NDArray[np.uint8]
    tangent: NDArray[np.float32]
    normal: NDArray[np.float32]
    directed: NDArray[np.bool_]

    def rotated(self, signs: NDArray[np.float32]) -> Trace:
        """Return the chain rotated by 180° about a coordinate axis.

        Parameters
        ----------
        signs
            ``3`` float32, 1 or -1 for each coordinate; two or none of them are -1.
        """
        return replace(
            self,
            coordinates=self.coordinates * signs,
            tangent=self.tangent * signs,
            normal=self.normal * signs,
        )


def trace_chain(ca: NDArray[np.floating]) -> Trace:
    """Return the CA trace of a domain.

    Parameters
    ----------
    ca
        ``residue 3``, Å, in chain order.

    Returns
    -------
    Trace
        A distance of more than 4.5 Å between neighbours is a chain break. The termini and the
        residues on either side of a break have no direction.

    Examples
    --------
    >>> import numpy as np
    >>> trace = trace_chain(np.array([[0.0, 0, 0], [3.0, 2, 0], [6.0, 0, 0]]))
    >>> trace.directed.tolist(), trace.normal[1].round(3).tolist()
    ([False, True, False], [0.0, 1.0, 0.0])
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
    """Return vectors scaled to length 1.

    Parameters
    ----------
    vectors
        ``... 3`` float32, Å; vectors of length 0 are left unchanged.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True) + np.float32(1e-6)
    units: NDArray[np.float32] = vectors / lengths
    return units
