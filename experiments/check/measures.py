"""Intervals of the check's experiments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

BOOTSTRAPS = 1000


def bootstrap_ratio(pairs: Iterable[Sequence[float]], factor: float = 1.0) -> list[float]:
    """Return the 95 % interval of a ratio of sums, by drawing units again.

    Parameters
    ----------
    pairs
        Numerator and denominator of each unit, usually a chain.
    factor
        Multiplies the ratio.
    """
    values = np.array(list(pairs), dtype=np.float64)
    rng = np.random.default_rng(0)
    drawn = values[rng.integers(len(values), size=(BOOTSTRAPS, len(values)))].sum(axis=1)
    ends = np.quantile(factor * drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return [round(float(end), 4) for end in ends]
