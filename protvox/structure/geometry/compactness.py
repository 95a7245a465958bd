"""The shape of a chain: what tells a domain from a fragment, from several domains, from noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.geometry.compactness_loops import contact_weigher, second_eigenvalue

LEAST_MEASURED: Final = 12
"""Residues; shorter chains have no shape to speak of."""

_BOND: Final = (2.5, 4.5)
"""Å, from a cis to a stretched trans peptide, CA to CA."""

_CONTACT: Final = 8.0
"""Å between CA atoms."""

_APART: Final = 4
"""Contacts are counted between residues at least so far apart in the chain."""

_SURFACE: Final = 2.22
"""Contacts a residue in training domains of n residues follow 3.9 (1 - 2.22 n^(-1/3)): the
smaller a ball, the more of it is surface."""

_SOFTNESS: Final = 2.0
"""Å over which the weight of a pair falls to 1/e beyond the contact distance."""


@dataclass(frozen=True)
class ChainShape:
    """Measures of a chain.

    Attributes
    ----------
    bonded_fraction
        Share of neighbours in the list that are as far apart as bonded residues.
    contact_density
        Contacts a residue, divided by the share that a compact chain of this length has.
    relative_rg
        Radius of gyration, Å, divided by the number of residues to the power of 0.4.
    algebraic_connectivity
        Second eigenvalue of the normalised Laplacian of the contacts (Fiedler 1973): near 0
        if the chain falls into two parts with few contacts between them.
    """

    bonded_fraction: float
    contact_density: float
    relative_rg: float
    algebraic_connectivity: float


def measure_shape(ca: NDArray[np.floating]) -> ChainShape:
    """Measure a chain.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å; at least `LEAST_MEASURED`. Time grows with
        the third power of their number: 0.2 s at 1,000.

    Returns
    -------
    ChainShape
        Independent of the pose.
    """
    points = ca.astype(np.float64)
    n = len(points)
    step = np.linalg.norm(np.diff(points, axis=0), axis=1)
    bonded_fraction = float(((step > _BOND[0]) & (step < _BOND[1])).mean())
    centred = points - points.mean(axis=0)
    relative_rg = float(np.sqrt((centred**2).sum(axis=1).mean()) / n**0.4)
    contacts, weight = contact_weigher()(points, _CONTACT, _APART, _SOFTNESS)
    # Every residue has a neighbour in the list, so no sum is 0 unless they are far apart.
    root = np.sqrt(np.maximum(weight.sum(axis=1), 1e-12))
    weight /= root[:, None] * root
    algebraic_connectivity = 1.0 - second_eigenvalue()(weight, root / np.linalg.norm(root))
    contact_density = contacts / n / (1 - _SURFACE * n ** (-1 / 3))
    return ChainShape(
        bonded_fraction, float(contact_density), relative_rg, float(algebraic_connectivity)
    )
