"""Temperature scaling: calibrated probabilities."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from protvox.train.metrics import log_softmax

_LOWEST, _HIGHEST = 0.05, 20.0
_HALVINGS = 60


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the temperature that makes a classifier's probabilities fit best.

    Parameters
    ----------
    logits
        ``sample class``, on data the network was not trained on.
    labels
        ``sample`` int64.

    Returns
    -------
    float
        Divides the logits, between 0.05 and 20. It changes no ranking.

    Notes
    -----
    Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2. The
    negative log likelihood is convex in the inverse temperature, so its minimum is where the
    derivative changes sign, and halving an interval finds it.
    """
    z = logits.astype(np.float64)
    present = z[np.arange(len(labels)), labels].mean()

    def slope(inverse: float) -> float:
        # Derivative of the mean negative log likelihood by the inverse temperature.
        expected = (np.exp(log_softmax(z * inverse)) * z).sum(axis=1).mean()
        return float(expected - present)

    low, high = math.log(1 / _HIGHEST), math.log(1 / _LOWEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if slope(math.exp(middle)) < 0:
            low = middle
        else:
            high = middle
    return math.exp(-(low + high) / 2)
