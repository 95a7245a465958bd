"""Whether a domain is like those a model was trained on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.domains import several_probability
from protvox.structure.shape import LEAST_MEASURED, measure_shape
from protvox.zoo.card import Card

_DOUBTS: Final = {
    "too_long": "it probably holds several domains; give them with --domain",
    "too_short": "it is too short for a domain",
    "broken": "neighbouring residues are not as far apart as bonded ones are",
    "loose": "it is packed too loosely for a domain; it may be a fragment or a peptide",
    "extended": "it is too drawn out for a domain",
    "several": "it falls into parts; if they are domains, give them with --domain",
}
"""What each doubt means, for a warning."""

_OF_SHAPE: Final = {
    "bonded": "broken", "packing": "loose", "spread": "extended", "cohesion": "several",
}  # fmt: skip

_SEVERAL: Final = 0.5
"""Probability from which a chain is taken to hold several domains."""


def find_doubts(ca: NDArray[np.floating], n_residues: int, card: Card) -> tuple[str, ...]:
    """Tell what sets a chain apart from the domains a model was trained on.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å.
    n_residues
        Residues of the domain, those without CA included.
    card
        Of the model, with the limits.

    Returns
    -------
    tuple of str
        ``"too_long"``, ``"too_short"``, ``"broken"``, ``"loose"``, ``"extended"``,
        ``"several"``; empty for an ordinary domain. A chain too long is not measured further.
    """
    low, high = card.n_residues or (0, np.inf)
    if n_residues > high:
        return ("too_long",)
    found = ["too_short"] if n_residues < low else []
    if len(ca) >= LEAST_MEASURED and card.shape:
        shape = measure_shape(ca)
        for measure, doubt in _OF_SHAPE.items():
            least, most = card.shape.get(measure, (None, None))
            value = getattr(shape, measure)
            if (least is not None and value < least) or (most is not None and value > most):
                found.append(doubt)
        # Domains that touch widely show in where the chain may be cut, not in its shape.
        if "several" not in found and several_probability(ca) > _SEVERAL:
            found.append("several")
    return tuple(found)


def explain_doubt(doubt: str) -> str:
    """Say in words what a doubt means.

    Parameters
    ----------
    doubt
        From `find_doubts`.
    """
    return _DOUBTS[doubt]
