"""How well scores rank measured changes of stability, with intervals over proteins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

DESTABILISING: Final = 1.0
"""kcal/mol; the AUC tells mutations above it from the others."""

LEAST_MUTATIONS: Final = 10
"""Mutations a protein must have for a correlation of its own."""

REPEATS: Final = 1000

Measure = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


def spearman(scores: NDArray[np.float64], changes: NDArray[np.float64]) -> float:
    """Return the rank correlation, NaN where one side is constant."""
    return pearson(rankdata(scores), rankdata(changes))


def pearson(scores: NDArray[np.float64], changes: NDArray[np.float64]) -> float:
    """Return the linear correlation, NaN where one side is constant."""
    if np.ptp(scores) == 0 or np.ptp(changes) == 0:
        return float("nan")
    return float(np.corrcoef(scores, changes)[0, 1])


def auc(scores: NDArray[np.float64], changes: NDArray[np.float64]) -> float:
    """Return the probability that a destabilising mutation scores above another one."""
    positive = changes > DESTABILISING
    n_positive, n_other = positive.sum(), (~positive).sum()
    if not n_positive or not n_other:
        return float("nan")
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_other))


MEASURES: Final[dict[str, Measure]] = {"spearman": spearman, "pearson": pearson, "auc": auc}


def summarise(
    scores: NDArray[np.float64], changes: NDArray[np.float64], proteins: NDArray[np.int64]
) -> dict[str, Any]:
    """Return every measure, 95 % intervals from resampling whole proteins.

    Parameters
    ----------
    scores
        ``mutation``, higher = more destabilising; NaN where there is none, which is left out.
    changes
        ``mutation``, measured change of stability, kcal/mol, positive = destabilising.
    proteins
        ``mutation`` int64, mutations of one protein are not independent.
    """
    there = np.isfinite(scores)
    scores, changes, proteins = scores[there], changes[there], proteins[there]
    own = per_protein(scores, changes, proteins)
    return {
        "n": len(scores),
        "n_proteins": len(np.unique(proteins)),
        **{name: measure(scores, changes) for name, measure in MEASURES.items()},
        "per_protein_spearman": {
            "least_mutations": LEAST_MUTATIONS,
            "n_proteins": len(own),
            "mean": float(np.mean(own)),
            "median": float(np.median(own)),
        },
        "intervals": _intervals(scores, changes, proteins),
    }


def per_protein(
    scores: NDArray[np.float64], changes: NDArray[np.float64], proteins: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the rank correlation within each protein that has enough mutations."""
    values = [
        spearman(scores[proteins == protein], changes[proteins == protein])
        for protein in np.unique(proteins)
        if (proteins == protein).sum() >= LEAST_MUTATIONS
    ]
    found = np.array(values)
    return found[np.isfinite(found)]


def difference(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    changes: NDArray[np.float64],
    proteins: NDArray[np.int64],
) -> dict[str, Any]:
    """Return Spearman of the first less that of the second on the rows both have."""
    there = np.isfinite(first) & np.isfinite(second)
    first, second, changes = first[there], second[there], changes[there]
    draws = [
        spearman(first[rows], changes[rows]) - spearman(second[rows], changes[rows])
        for rows in _resamples(proteins[there])
    ]
    return {
        "n": int(there.sum()),
        "spearman": spearman(first, changes) - spearman(second, changes),
        "interval": _ends(draws),
    }


def _intervals(
    scores: NDArray[np.float64], changes: NDArray[np.float64], proteins: NDArray[np.int64]
) -> dict[str, list[float]]:
    draws: dict[str, list[float]] = {name: [] for name in MEASURES}
    for rows in _resamples(proteins):
        for name, measure in MEASURES.items():
            draws[name].append(measure(scores[rows], changes[rows]))
    return {name: _ends(values) for name, values in draws.items()}


def _resamples(proteins: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    members = [np.flatnonzero(proteins == protein) for protein in np.unique(proteins)]
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(members), (REPEATS, len(members)))
    return [np.concatenate([members[i] for i in draw]) for draw in draws]


def _ends(values: list[float]) -> list[float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [float(low), float(high)]
