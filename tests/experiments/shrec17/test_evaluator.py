"""The contest's measures against cases computed by hand and against the published table."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from experiments.shrec17.evaluator import LONGEST, Labels, evaluate, grade, measure
from protvox.errors import InputError

SPLIT = {
    "a1": Labels("a", "a-1"),
    "a2": Labels("a", "a-1"),
    "a3": Labels("a", "a-2"),
    "b1": Labels("b", ""),
    "b2": Labels("b", "b-1"),
}


@pytest.mark.parametrize(
    ("query", "model", "expected"),
    [
        (Labels("a", "x"), Labels("a", "x"), 3),
        (Labels("a", ""), Labels("a", "a"), 3),
        (Labels("a", "x"), Labels("a", ""), 2),
        (Labels("a", "a"), Labels("a", "x"), 2),
        (Labels("a", "x"), Labels("a", "y"), 1),
        (Labels("a", "x"), Labels("b", "x"), 0),
    ],
)
def test_grades(query, model, expected):
    assert grade(query, model) == expected


def test_one_list_by_hand():
    # Query a1 of a category of three: found a1, wrong b1, found a3; a2 is never found.
    found = measure(np.array([True, False, True]), np.array([3, 0, 1]), np.array([3, 3, 1, 0, 0]))
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.average_precision == pytest.approx((1 / 1 + 2 / 3) / 3)
    assert found.ndcg == pytest.approx((3 + 1 / 2) / (3 + 3 / log2(3) + 1 / 2))


def test_short_list_is_precise_but_not_complete():
    found = measure(np.array([True]), np.array([3]), np.array([3, 3, 3, 3, 0]))
    assert (found.precision, found.recall) == (1, 0.25)
    assert found.f1 == pytest.approx(0.4)
    assert found.average_precision == 0.25
    assert found.ndcg == pytest.approx(1 / (1 + 1 / log2(3) + 1 / 2 + 1 / log2(5)))


def test_empty_list_scores_zero():
    none = np.array([], dtype=bool)
    found = measure(none, np.array([], dtype=int), np.array([3, 1]))
    assert (found.precision, found.recall, found.f1) == (0, 0, 0)
    assert (found.average_precision, found.ndcg) == (0, 0)


def test_perfect_lists_score_one():
    lists = {
        "a1": ["a1", "a2", "a3"],
        "a2": ["a2", "a1", "a3"],
        "a3": ["a3", "a1", "a2"],
        "b1": ["b1", "b2"],
        "b2": ["b2", "b1"],
    }
    found = evaluate(lists, SPLIT)
    for kind in ("micro", "macro"):
        assert found[kind] == pytest.approx(dict.fromkeys(found[kind], 1.0))
    assert (found["total"], found["nearest"], found["n_missing"]) == (2, 1, 0)


def test_micro_counts_queries_and_macro_categories():
    # Category a (three queries) is retrieved perfectly, b (two queries) not at all.
    lists = {name: ["a1", "a2", "a3"] for name in ("a1", "a2", "a3")}
    found = evaluate(lists, SPLIT)
    assert found["micro"]["mAP"] == pytest.approx(3 / 5)
    assert found["macro"]["mAP"] == pytest.approx(1 / 2)
    assert found["micro"]["P@N"] == pytest.approx(3 / 5)
    assert found["total"] == pytest.approx(1.1)
    assert found["n_missing"] == 2


def test_without_the_query_itself():
    lists = {name: ["a1", "b1", "a2", "a3", "b2"] for name in SPLIT}
    found = evaluate(lists, SPLIT, with_query=False)
    # a1: b1 a2 a3 b2; a2: a1 b1 a3 b2; a3: a1 b1 a2 b2; b1: a1 a2 a3 b2; b2: a1 b1 a2 a3.
    by_hand = {
        "a1": (1 / 2 + 2 / 3) / 2,
        "a2": (1 + 2 / 3) / 2,
        "a3": (1 + 2 / 3) / 2,
        "b1": 1 / 4,
        "b2": 1 / 2,
    }
    assert found["micro"]["mAP"] == pytest.approx(sum(by_hand.values()) / 5)
    mean_a = sum(by_hand[name] for name in ("a1", "a2", "a3")) / 3
    mean_b = sum(by_hand[name] for name in ("b1", "b2")) / 2
    assert found["macro"]["mAP"] == pytest.approx((mean_a + mean_b) / 2)
    assert found["nearest"] == pytest.approx(2 / 5)


def test_lone_models_cannot_be_found_without_themselves():
    found = evaluate(
        {"x": ["y"]}, {"x": Labels("x"), "y": Labels("y"), "z": Labels("y")}, with_query=False
    )
    assert found["n_queries"] == 2


def test_average_precision_agrees_with_the_area_under_the_steps():
    # Another way to the same number: the area under precision against recall, in steps.
    rng = np.random.default_rng(0)
    for _ in range(20):
        relevant = rng.random(50) < 0.3
        grades = relevant * rng.integers(1, 4, 50)
        area, hits = 0.0, 0
        for rank, hit in enumerate(relevant, start=1):
            hits += hit
            area += hits / rank * hit / relevant.sum()
        assert measure(relevant, grades, grades).average_precision == pytest.approx(area)


@pytest.mark.parametrize(
    ("micro", "macro", "total"),
    [
        (0.661, 0.449, 1.11),  # steerable CNN (Weiler et al. 2018)
        (0.656, 0.476, 1.13),  # Furuya, as listed there
        (0.696, 0.418, 1.11),  # Tatsuma
    ],
)
def test_published_totals_come_from_their_averages(micro, macro, total):
    # Lists are complete or empty, so that mAP is the share of complete ones. Two
    # categories of which a share a of the large and b of the small one are complete:
    # macro = (a + b) / 2 and micro = (n a + m b) / (n + m).
    n, m = 900, 100
    a = ((n + m) * micro - 2 * m * macro) / (n - m)
    b = 2 * macro - a
    labels = {f"a{i:03d}": Labels("a") for i in range(n)}
    labels |= {f"b{i:03d}": Labels("b") for i in range(m)}
    members = {one: [name for name in labels if name[0] == one] for one in "ab"}
    answered = {"a": round(n * a), "b": round(m * b)}
    lists = {name: members[name[0]] if int(name[1:]) < answered[name[0]] else [] for name in labels}
    found = evaluate(lists, labels)
    assert found["micro"]["mAP"] == pytest.approx(micro, abs=0.003)
    assert found["macro"]["mAP"] == pytest.approx(macro, abs=0.003)
    assert found["total"] == pytest.approx(total, abs=0.005 + 0.003)


@pytest.mark.parametrize(
    ("ranked", "why"),
    [(["a1", "a1"], "twice"), (["nobody"], "not a model")],
)
def test_bad_lists_are_refused(ranked, why):
    with pytest.raises(InputError, match=why):
        evaluate({"a1": ranked}, SPLIT)


def test_lists_longer_than_the_contest_allows_are_refused():
    labels = {f"m{i}": Labels("a") for i in range(LONGEST + 1)}
    with pytest.raises(InputError, match="more than 1000"):
        evaluate({"m0": list(labels)}, labels)


def test_list_of_an_unknown_model_is_refused():
    with pytest.raises(InputError, match="not a model of the split"):
        evaluate({"stranger": ["a1"]}, SPLIT)
