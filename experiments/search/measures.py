"""Measures of rankings of known domains, with intervals over superfamilies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.search.features import nodes
from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.train.metrics import bootstrap_interval

LEVELS = {"architecture": 2, "topology": 3, "superfamily": 4}
"""Number of parts of a CATH code that two domains share at each level."""

Vectors = NDArray[np.float32]
Codes = NDArray[np.str_]


def across(queries: Vectors, codes: Codes, known: Vectors, known_codes: Codes) -> dict[str, Any]:
    """Measure the search for domains among others, of other superfamilies.

    Parameters
    ----------
    queries, codes
        ``query axis`` of length 1, and their superfamilies.
    known, known_codes
        The same of the domains searched.

    Returns
    -------
    dict
        `measure` by level; and ``paper``, the architecture among the ten of the paper as the
        classifier is measured: queries and known domains of those ten only.
    """
    similarity = queries @ known.T
    found = rank_measures(similarity, codes, known_codes, ("architecture", "topology"))
    ten = [np.isin(nodes(c, 2), PAPER_ARCHITECTURES) for c in (codes, known_codes)]
    paper = rank_measures(
        similarity[np.ix_(*ten)], codes[ten[0]], known_codes[ten[1]], ("architecture",)
    )
    return {**found, "paper": paper["architecture"]}


def within(queries: Vectors, codes: Codes) -> dict[str, Any]:
    """Measure the search for every domain among the others of the same set.

    Parameters
    ----------
    queries, codes
        ``domain axis`` of length 1, and their superfamilies.

    Returns
    -------
    dict
        `measure` by level.
    """
    similarity = queries @ queries.T
    np.fill_diagonal(similarity, -np.inf)
    return rank_measures(similarity, codes, codes, tuple(LEVELS))


def rank_measures(
    similarity: NDArray[np.floating], codes: Codes, known_codes: Codes, levels: tuple[str, ...]
) -> dict[str, Any]:
    """Measure a matrix of similarities at several levels of CATH.

    Parameters
    ----------
    similarity
        ``query known``; minus infinity where a query must not find a domain.
    codes, known_codes
        Superfamilies of both.
    levels
        Of `LEVELS`.
    """
    order = np.argsort(-similarity, axis=1, kind="stable")
    possible = np.isfinite(np.take_along_axis(similarity, order, axis=1))
    families = np.unique(codes, return_inverse=True)[1]
    found = {}
    for level in levels:
        mine, theirs = (nodes(c, LEVELS[level]) for c in (codes, known_codes))
        right = (theirs[order] == mine[:, None]) & possible
        found[level] = measure(right, possible, families)
    return found


def measure(
    right: NDArray[np.bool_], possible: NDArray[np.bool_], families: NDArray[np.int64]
) -> dict[str, Any]:
    """Measure ranked lists.

    Parameters
    ----------
    right
        ``query rank``, whether the domain found there is of the query's own node.
    possible
        ``query rank``, whether a domain may be found there; these come first.
    families
        ``query`` int64; the intervals resample them whole.

    Returns
    -------
    dict
        Over queries with a relevant domain (``n``; ``n_alone`` have none):
        ``precision_at_1``; ``mean_average_precision``; ``sensitivity``, the share of
        all relevant domains that precede the first irrelevant one; each with a 95 % interval.
    """
    answerable = right.any(axis=1)
    hits = right[answerable]
    total = hits.sum(axis=1)
    ranks = np.arange(1, hits.shape[1] + 1)
    precision = np.cumsum(hits, axis=1) / ranks
    wrong = ~hits & possible[answerable]
    first = np.where(wrong.any(axis=1), wrong.argmax(axis=1), hits.shape[1])
    values = {
        "precision_at_1": hits[:, 0].astype(float),
        "mean_average_precision": (precision * hits).sum(axis=1) / total,
        "sensitivity": np.minimum(first, total) / total,
    }
    groups = families[answerable]
    return {
        "n": int(answerable.sum()),
        "n_alone": int((~answerable).sum()),
        "n_superfamilies": len(np.unique(groups)),
        **{name: float(v.mean()) for name, v in values.items()},
        "intervals": {name: bootstrap_interval(v, groups) for name, v in values.items()},
    }
