"""How well scores rank measured changes of stability, with intervals over proteins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DESTABILISING: Final = 1.0
"""kcal/mol; the AUC separates mutations above it from the others."""

LEAST_MUTATIONS: Final = 10
"""Fewest mutations of a protein for a correlation within it."""

REPEATS: Final = 1000

Array = NDArray[np.float64]
Measure = Callable[[Array, Array, Array], float]


def spearman(scores: Array, changes: Array, weights: Array) -> float:
    """Return the rank correlation, NaN where one side is constant."""
    return pearson(ranks(scores, weights), ranks(changes, weights), weights)


def pearson(scores: Array, changes: Array, weights: Array) -> float:
    """Return the linear correlation, NaN where one side is constant."""
    x = scores - np.average(scores, weights=weights)
    y = changes - np.average(changes, weights=weights)
    spread = (weights @ (x * x)) * (weights @ (y * y))
    return float(weights @ (x * y) / np.sqrt(spread)) if spread > 0 else float("nan")


def auc(scores: Array, changes: Array, weights: Array) -> float:
    """Return the probability that a destabilising mutation scores above another one."""
    positive = changes > DESTABILISING
    n_positive, n_other = weights[positive].sum(), weights[~positive].sum()
    if not n_positive or not n_other:
        return float("nan")
    total = weights[positive] @ ranks(scores, weights)[positive]
    return float((total - n_positive * n_positive / 2) / (n_positive * n_other))


def ranks(values: Array, weights: Array) -> Array:
    """Return the weight below each value, plus half of the weight of equal ones.

    With integer weights these are the ranks, minus 1/2, of a sample that holds every value so many
    times. A resample therefore needs no new sorting.
    """
    _, rank = np.unique(values, return_inverse=True)
    totals = np.bincount(rank, weights=weights)
    return (np.cumsum(totals) - totals / 2)[rank]


MEASURES: Final[dict[str, Measure]] = {"spearman": spearman, "pearson": pearson, "auc": auc}


def summarise(scores: Array, changes: Array, proteins: NDArray[np.int64]) -> dict[str, Any]:
    """Return every measure, 95 % intervals from resampling whole proteins.

    Parameters
    ----------
    scores
        ``mutation``, higher = more destabilising; NaN where there is none; these are ignored.
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
        **{
            name: measure(scores, changes, np.ones(len(scores)))
            for name, measure in MEASURES.items()
        },
        "per_protein_spearman": {
            "least_mutations": LEAST_MUTATIONS,
            "n_proteins": len(own),
            "mean": float(np.mean(own)),
            "median": float(np.median(own)),
        },
        "intervals": _intervals(scores, changes, proteins),
    }


def per_protein(scores: Array, changes: Array, proteins: NDArray[np.int64]) -> Array:
    """Return the rank correlation within each protein that has enough mutations."""
    values = [
        spearman(scores[rows], changes[rows], np.ones(len(rows)))
        for rows in (np.flatnonzero(proteins == protein) for protein in np.unique(proteins))
        if len(rows) >= LEAST_MUTATIONS
    ]
    found = np.array(values)
    return found[np.isfinite(found)]


def difference(
    first: Array,
    second: Array,
    changes: Array,
    proteins: NDArray[np.int64],
) -> dict[str, Any]:
    """Return Spearman of the first minus that of the second on the rows both have."""
    there = np.isfinite(first) & np.isfinite(second)
    first, second, changes = first[there], second[there], changes[there]
    draws = [
        spearman(first, changes, weights) - spearman(second, changes, weights)
        for weights in _resamples(proteins[there])
    ]
    once = np.ones(len(changes))
    return {
        "n": int(there.sum()),
        "spearman": spearman(first, changes, once) - spearman(second, changes, once),
        "interval": _ends(draws),
    }


def _intervals(
    scores: Array, changes: Array, proteins: NDArray[np.int64]
) -> dict[str, list[float]]:
    draws: dict[str, list[float]] = {name: [] for name in MEASURES}
    for weights in _resamples(proteins):
        for name, measure in MEASURES.items():
            draws[name].append(measure(scores, changes, weights))
    return {name: _ends(values) for name, values in draws.items()}


def _resamples(proteins: NDArray[np.int64]) -> Iterator[Array]:
    """Yield the count of each mutation in a resample of whole proteins."""
    _, group = np.unique(proteins, return_inverse=True)
    n = int(group.max()) + 1
    for counts in np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), REPEATS):
        yield counts[group].astype(np.float64)


def _ends(values: list[float]) -> list[float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [float(low), float(high)]
