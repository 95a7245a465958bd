"""Changes of stability in kcal/mol from scores, with their uncertainty."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS

Array = NDArray[np.float64]

FILE: Final = Path(__file__).with_name("stability.json")
DESTABILISING: Final = 1.0
"""kcal/mol; `Change.probability` is that of a change above it."""

COVERAGE: Final = 0.8
"""Share of measured changes that lie within the interval."""

_LENGTHS: Final = (40.0, 250.0)
_PER_SCORE: Final = 5.0  # nats
_MIDDLE: Final = 100.0  # residues


@dataclass(frozen=True, eq=False)
class Change:
    """Estimated changes of stability.

    Attributes
    ----------
    ddg
        ``mutation`` float64, kcal/mol, positive = destabilising.
    low, high
        ``mutation`` float64, kcal/mol, ends of the 80 % interval.
    probability
        ``mutation`` float64, of a change above 1 kcal/mol.
    """

    ddg: Array
    low: Array
    high: Array
    probability: Array


@dataclass(frozen=True, eq=False)
class Stability:
    """Constants from ``python -m experiments.mutations.calibrate``, for one choice of networks.

    Attributes
    ----------
    models
        Task to ``name@version`` of the models that they belong to.
    mean, spread, odds
        Coefficients of `terms`: of the change in kcal/mol, of the logarithm of the standard
        deviation of its error, and of the log odds of a change above 1 kcal/mol.
    tails
        Quantiles 0.1 and 0.9 of the error in standard deviations.
    """

    models: Mapping[str, str]
    mean: Array
    spread: Array
    odds: Array
    tails: tuple[float, float]

    def change(
        self,
        scores: Array,
        lengths: Array,
        wild_types: NDArray[np.int64],
        mutants: NDArray[np.int64],
    ) -> Change:
        """Return the changes of single mutations.

        Parameters
        ----------
        scores
            ``mutation``, nats.
        lengths
            ``mutation``, residues of the chain.
        wild_types, mutants
            ``mutation`` int64, index of the amino acid present, and of the new one.
        """
        x = terms(scores, lengths, wild_types, mutants)
        ddg, spread = x @ self.mean, np.exp(x @ self.spread)
        low, high = (ddg + tail * spread for tail in self.tails)
        return Change(ddg, low, high, 1 / (1 + np.exp(-(x @ self.odds))))


def terms(
    scores: Array, lengths: Array, wild_types: NDArray[np.int64], mutants: NDArray[np.int64]
) -> Array:
    """Return what the change depends on.

    Parameters
    ----------
    scores
        ``mutation``, nats.
    lengths
        ``mutation``, residues of the chain: the same score costs a small protein less.
    wild_types, mutants
        ``mutation`` int64, index of the amino acid present, and of the new one.

    Returns
    -------
    ndarray
        ``mutation 48`` float64: 1, the score, its parts above 0 and above 5 nats, the logarithm of
        the length, its products with the first two of these, its square, 1 for the amino acid
        present among 20, and 1 for the new one.
    """
    x = scores / _PER_SCORE
    length = np.log(np.clip(lengths, *_LENGTHS) / _MIDDLE)
    one, positive = np.ones_like(x), np.maximum(x, 0)
    of_score = [one, x, positive, np.maximum(x - 1, 0)]
    of_length = [length, x * length, positive * length, length**2]
    numbers = np.stack([*of_score, *of_length], axis=-1)
    types = np.eye(len(AMINO_ACIDS))
    return np.concatenate([numbers, types[wild_types], types[mutants]], axis=-1)


def find_stability(models: Mapping[str, str]) -> Stability | None:
    """Return the constants of some models; None if they were not calibrated.

    Parameters
    ----------
    models
        Task to ``name@version``.
    """
    return next((one for one in _all() if dict(one.models) == dict(models)), None)


@lru_cache(maxsize=1)
def _all() -> tuple[Stability, ...]:
    values: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Stability(
            one["models"],
            np.array(one["mean"]),
            np.array(one["spread"]),
            np.array(one["odds"]),
            (one["tails"][0], one["tails"][1]),
        )
        for one in values["networks"].values()
    )


def together(parts: Change, first: NDArray[np.int64]) -> Change:
    """Return the changes of mutations made at once from those of their parts.

    Parameters
    ----------
    parts
        ``site``, of single mutations.
    first
        ``mutation`` int64, the first site of each; the sites of one follow each other.

    Returns
    -------
    Change
        ``mutation``; a single mutation is as in ``parts``. Of several, the changes add and their
        errors are independent.
    """
    alone = np.diff(np.append(first, len(parts.ddg))) == 1
    total = np.add.reduceat(parts.ddg, first)
    below = np.sqrt(np.add.reduceat((parts.ddg - parts.low) ** 2, first))
    above = np.sqrt(np.add.reduceat((parts.high - parts.ddg) ** 2, first))
    # The interval ends 1.28 standard deviations from the middle.
    side = np.where(total > DESTABILISING, below, above) / 1.2816
    probability = parts.probability[first].copy()
    for row in np.flatnonzero(~alone).tolist():
        z = (total[row] - DESTABILISING) / max(side[row], 1e-9)
        probability[row] = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    return Change(total, total - below, total + above, probability)
