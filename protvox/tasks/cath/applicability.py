"""Whether a domain is like those a model was trained on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.registry.card import Card
from protvox.structure.geometry.compactness import LEAST_MEASURED, measure_shape
from protvox.structure.splitting.find import several_probability

_MEANINGS: Final = {
    "too_long": "it probably holds several domains; give their ranges",
    "too_short": "it is too short for a domain",
    "broken": "neighbouring residues are not as far apart as bonded ones are",
    "loose": "it is packed too loosely for a domain; it may be a fragment or a peptide",
    "extended": "it is too elongated for a domain",
    "several": "it falls into parts; if they are domains, give their ranges",
}
"""What each flag means, for a warning."""

_OF_SHAPE: Final = {
    "bonded_fraction": "broken",
    "contact_density": "loose",
    "relative_rg": "extended",
    "algebraic_connectivity": "several",
}

_SEVERAL: Final = 0.5
"""Probability above which a chain is taken to hold several domains."""


def find_flags(ca: NDArray[np.floating], n_residues: int, card: Card) -> tuple[str, ...]:
    """Return what sets a chain apart from the domains a model was trained on.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å.
    n_residues
        Residues of the domain, those without CA included.
    card
        Card of the model, with the limits.

    Returns
    -------
    tuple of str
        ``"too_long"``, ``"too_short"``, ``"broken"``, ``"loose"``, ``"extended"``,
        ``"several"``; empty for an ordinary domain. The shape of a chain that is too
        long is not measured.
    """
    low, high = card.n_residues or (0, np.inf)
    if n_residues > high:
        return ("too_long",)
    found = ["too_short"] if n_residues < low else []
    if len(ca) >= LEAST_MEASURED and card.shape:
        shape = measure_shape(ca)
        for measure, flag in _OF_SHAPE.items():
            least, most = card.shape.get(measure, (None, None))
            value = getattr(shape, measure)
            if (least is not None and value < least) or (most is not None and value > most):
                found.append(flag)
        # Domains with a large interface are recognised by the cuts of the chain, not by its shape.
        if "several" not in found and several_probability(ca) > _SEVERAL:
            found.append("several")
    return tuple(found)


def explain_flag(flag: str) -> str:
    """Return what a flag means, for a warning.

    Parameters
    ----------
    flag
        From `find_flags`.
    """
    return _MEANINGS[flag]
