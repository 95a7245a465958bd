"""The measures of the SHREC17 contest, on ranked lists of retrieved models.

Savva et al., "SHREC'17 Track: Large-Scale 3D Shape Retrieval from ShapeNet Core55" (2017),
section 4. Every model of a split is a query against the whole split, itself included, and
retrieves a list of at most 1,000 models. N is the length of that list.

The report leaves two choices open, which are made here as follows: recall and average
precision count all models of the category, also those beyond the 1,000th, and the ideal list
of NDCG is as long as a list may be, so that a short list is not ideal by being short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import InputError

LONGEST: Final = 1000
"""Most models in a list."""


@dataclass(frozen=True)
class Labels:
    """Category of a model.

    Attributes
    ----------
    category
        WordNet synset of ShapeNet, or any other name of a class.
    subcategory
        Finer class within it; the category again, or nothing, where there is none.
    """

    category: str
    subcategory: str = ""


@dataclass(frozen=True)
class Measures:
    """The five measures of one list, or their mean over lists.

    Attributes
    ----------
    precision, recall, f1
        Of the whole list: P@N, R@N, F1@N. A model is relevant if it is of the category of
        the query.
    average_precision
        Mean over the relevant models of the precision of the list down to each; those that
        were not retrieved count 0. Its mean over lists is mAP.
    ndcg
        Discounted cumulative gain with the grades of `grade`, over that of the ideal list.
    """

    precision: float
    recall: float
    f1: float
    average_precision: float
    ndcg: float


NAMES: Final = {
    "precision": "P@N",
    "recall": "R@N",
    "f1": "F1@N",
    "average_precision": "mAP",
    "ndcg": "NDCG",
}
"""Contest names of the measures."""


@lru_cache(maxsize=1 << 16)
def grade(query: Labels, model: Labels) -> int:
    """Return the grade of a retrieved model for a query.

    Parameters
    ----------
    query, model
        Their categories.

    Returns
    -------
    int
        3 for the same category and subcategory, 2 for the same category where one of them has
        no subcategory of its own, 1 for different subcategories of the category, else 0.
    """
    if query.category != model.category:
        return 0
    own = [labels.subcategory or labels.category for labels in (query, model)]
    if own[0] == own[1]:
        return 3
    return 2 if query.category in own else 1


def measure(
    relevant: NDArray[np.bool_], grades: NDArray[np.integer], ideal: NDArray[np.integer]
) -> Measures:
    """Measure one list.

    Parameters
    ----------
    relevant
        ``rank`` bool, whether a retrieved model is relevant, best first.
    grades
        ``rank``, from `grade`.
    ideal
        ``model``, the grades of all models there are, in any order; the relevant ones are
        those above 0.

    Returns
    -------
    Measures
        All 0 for an empty list, or if nothing is relevant.
    """
    n_relevant = int((ideal > 0).sum())
    n_found = int(relevant.sum())
    if not n_found or not n_relevant:
        return Measures(0.0, 0.0, 0.0, 0.0, 0.0)
    precision, recall = n_found / len(relevant), n_found / n_relevant
    down_to = np.cumsum(relevant) / np.arange(1, len(relevant) + 1)
    best = np.sort(ideal)[::-1][:LONGEST]
    return Measures(
        precision,
        recall,
        2 * precision * recall / (precision + recall),
        float(down_to[relevant].sum() / n_relevant),
        float(discounted(grades) / discounted(best)),
    )


def discounted(grades: NDArray[np.integer]) -> float:
    """Return the discounted cumulative gain of a list.

    Parameters
    ----------
    grades
        ``rank``, best first.

    Notes
    -----
    Järvelin and Kekäläinen (2002): the grade at rank k counts ``1 / log2(k + 1)``.
    """
    return float((grades / np.log2(np.arange(2, len(grades) + 2))).sum())


def evaluate(
    lists: Mapping[str, Sequence[str]], labels: Mapping[str, Labels], *, with_query: bool = True
) -> dict[str, Any]:
    """Measure the lists of a split.

    Parameters
    ----------
    lists
        Retrieved models, best first, by query. A model of ``labels`` without a list counts as
        a query with an empty list.
    labels
        Category of every model of the split.
    with_query
        The contest retrieves from all models, the query included. False removes it from the
        lists and from the relevant models, as is usual elsewhere; queries whose category has no
        other model are then excluded from the means.

    Returns
    -------
    dict
        ``micro`` (mean over queries) and ``macro`` (mean over categories of the mean over
        their queries), each with the names of `NAMES`; ``total``, the sum of both mAP;
        ``nearest``, the share of queries whose first retrieved model other than themselves
        is relevant; ``n_queries`` and ``n_missing`` (models without a list).

    Raises
    ------
    InputError
        If a list is too long, or names a model twice or one that is not in the split.
    """
    names = sorted(labels)
    row_of = {name: index for index, name in enumerate(names)}
    category = np.array([labels[name].category for name in names])
    measured: list[Measures] = []
    of_category: list[str] = []
    nearest: list[bool] = []
    unknown = sorted(set(lists) - set(row_of))
    if unknown:
        raise _bad(f"{unknown[0]} is not a model of the split", f"list of {unknown[0]}")
    for name in names:
        found = _rows(lists.get(name, ()), row_of, name)
        relevant = category == category[row_of[name]]
        others = found[found != row_of[name]]
        if not with_query:
            found = others[:LONGEST]
            relevant[row_of[name]] = False
            if not relevant.any():
                continue
        ideal = np.zeros(len(names), dtype=np.int64)
        for row in np.flatnonzero(relevant):
            ideal[row] = grade(labels[name], labels[names[row]])
        measured.append(measure(relevant[found], ideal[found], ideal))
        of_category.append(labels[name].category)
        nearest.append(bool(len(others)) and bool(relevant[others[0]]))
    table = np.array([[getattr(one, field.name) for field in fields(Measures)] for one in measured])
    means = {
        "micro": table.mean(axis=0),
        "macro": np.mean(
            [table[np.array(of_category) == one].mean(axis=0) for one in sorted(set(of_category))],
            axis=0,
        ),
    }
    named = {
        kind: {NAMES[key]: float(value) for key, value in asdict(Measures(*row)).items()}
        for kind, row in means.items()
    }
    return {
        **named,
        "total": named["micro"]["mAP"] + named["macro"]["mAP"],
        "nearest": float(np.mean(nearest)),
        "n_queries": len(measured),
        "n_missing": len(set(row_of) - set(lists)),
    }


def _rows(found: Sequence[str], row_of: Mapping[str, int], query: str) -> NDArray[np.int64]:
    strange = [name for name in found if name not in row_of]
    if strange:
        raise _bad(f"{strange[0]} is not a model of the split", f"list of {query}")
    if len(set(found)) < len(found):
        raise _bad("a model is named twice", f"list of {query}")
    if len(found) > LONGEST:
        raise _bad(f"{len(found)} models are more than {LONGEST}", f"list of {query}")
    return np.array([row_of[name] for name in found], dtype=np.int64)


def _bad(what: str, where: str) -> InputError:
    return InputError(what, where=where, remedy="Correct the list", code="shrec17.list")
