"""The path of a chain as a vector of fixed length.

A network on a lattice sees where residues are, but hardly in which order the chain visits them.
Two folds of one architecture differ in this order. The chain is therefore divided into a fixed
number of windows, and each pair of windows is described by numbers that do not change when the
domain is rotated: distance, angle and handedness.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.geometry.secondary_structure import secondary_structure

WINDOWS: Final = 24
"""Number of windows along a chain."""

_WIDTH: Final = 0.6
"""Standard deviation of the weights of a window, in units of windows."""

_REACH: Final = 12.0
"""Distance at which closeness has fallen to 1/e, Å."""

_SOFT: Final = 4.0
"""Added to the distance, so that handedness is finite where windows meet, Å."""

_TINY: Final = 1e-6


def describe_trace(ca: NDArray[np.floating]) -> NDArray[np.float32]:
    """Describe the path of a chain.

    Parameters
    ----------
    ca
        ``residue 3``, CA atoms in chain order, Å; at least two.

    Returns
    -------
    ndarray
        ``880`` float32: of all pairs of `WINDOWS` windows the closeness ``exp(-d / 12 Å)``, the
        cosine of the angle between their directions, and the handedness
        ``(t1 x t2) . r / (d + 4 Å)``, the local term of the writhe (Røgen and Fain 2003); the
        share of helix and of strand in each window and in total; logarithms of length and
        radius of gyration. Only handedness changes its sign in the mirror image.
    """
    points = (ca - ca.mean(axis=0, dtype=np.float64)).astype(np.float32)
    steps = np.gradient(points, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True) + _TINY
    weights = _weights(len(points))
    middle, tangent = weights @ points, weights @ steps
    first, second = np.triu_indices(WINDOWS, 1)
    apart = middle[first] - middle[second]
    distance = np.linalg.norm(apart, axis=1)
    crossed = np.cross(tangent[first], tangent[second])
    state = np.eye(3, dtype=np.float32)[secondary_structure(points)][:, 1:]
    radius_of_gyration = np.sqrt((points**2).sum(axis=1).mean())
    return np.concatenate(
        [
            np.exp(-distance / _REACH),
            (tangent[first] * tangent[second]).sum(axis=1),
            (crossed * apart).sum(axis=1) / (distance + _SOFT),
            (weights @ state).ravel(),
            state.mean(axis=0),
            np.log([len(points), radius_of_gyration + _TINY]),
        ]
    ).astype(np.float32)


@lru_cache(maxsize=1024)
def _weights(n: int) -> NDArray[np.float32]:
    position = (np.arange(n) + 0.5) * (WINDOWS / n)
    centre = np.arange(WINDOWS)[:, None] + 0.5
    weights = np.exp(-0.5 * ((position - centre) / _WIDTH) ** 2)
    whole: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return whole
