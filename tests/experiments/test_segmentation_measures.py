from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def measures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.segmentation import measures

    return measures


def test_equal_domains_agree(measures):
    labels = np.repeat([1, 2, 1], [40, 30, 50])
    found = measures.compare(labels, labels - 1)
    assert (found.n_true, found.n_found, found.iou) == (2, 2, 1.0)
    assert found.boundary_errors == (0, 0)
    assert found.found_near == found.n_boundaries == 2


def test_overlap_by_hand(measures):
    """Domains of 60 and 40; found whole: 60/100 for the larger, nothing for the other."""
    true = np.repeat([1, 2], [60, 40])
    assert measures.intersection_over_union(true, np.zeros(100, int)) == pytest.approx(0.6 * 0.6)
    shifted = np.repeat([0, 1], [50, 50])
    expected = 0.6 * 50 / 60 + 0.4 * 40 / 50
    assert measures.intersection_over_union(true, shifted) == pytest.approx(expected)


def test_pairing_maximises_the_overlap(measures):
    rng = np.random.default_rng(0)
    true, found = rng.integers(1, 4, 60), rng.integers(0, 3, 60)
    table = [
        [((true == a) & (found == b)).sum() / ((true == a) | (found == b)).sum() for b in range(3)]
        for a in (1, 2, 3)
    ]
    best = max(permutations(range(3)), key=lambda p: sum(table[i][p[i]] for i in range(3)))
    weights = [(true == a).sum() for a in (1, 2, 3)]
    expected = np.average([table[i][best[i]] for i in range(3)], weights=weights)
    assert measures.intersection_over_union(true, found) == pytest.approx(expected)


def test_residues_outside_domains_count_in_unions(measures):
    true = np.repeat([1, 0], [50, 10])
    assert measures.intersection_over_union(true, np.zeros(60, int)) == pytest.approx(50 / 60)


def test_boundaries_lie_in_the_middle_of_linkers(measures):
    assert measures.boundaries(np.repeat([1, 0, 2], [10, 4, 10])).tolist() == [12]
    assert measures.boundaries(np.repeat([0, 1, 0], [3, 10, 3])).tolist() == []
    found = measures.compare(np.repeat([1, 2], 50), np.repeat([0, 1], [62, 38]))
    assert found.boundary_errors == (12,)
    assert found.found_near == 0


def test_weights_are_repetitions(measures):
    true = [np.repeat([1, 2], 50), np.ones(80, int), np.repeat([1, 2], [30, 60])]
    found = [np.repeat([0, 1], [55, 45]), np.repeat([0, 1], 40), np.zeros(90, int)]
    agreements = [measures.compare(t, f) for t, f in zip(true, found, strict=True)]
    weighted = measures.measures(measures.columns(agreements), np.array([2.0, 1.0, 3.0]))
    written_out = [agreements[i] for i in (0, 0, 1, 2, 2, 2)]
    again = measures.measures(measures.columns(written_out), np.ones(6))
    assert weighted == pytest.approx(again)
    assert again["right_count"] == pytest.approx(2 / 6)
    assert again["right_count_multi"] == pytest.approx(2 / 5)


def test_intervals_contain_the_value(measures):
    rng = np.random.default_rng(1)
    chains = []
    for _ in range(60):
        cut = int(rng.integers(40, 60))
        chains.append(measures.compare(np.repeat([1, 2], 50), np.repeat([0, 1], [cut, 100 - cut])))
    summary = measures.summarise(chains, [np.array([2 * i, 2 * i + 1]) for i in range(30)])
    low, high = summary["intervals"]["iou_multi"]
    assert low < summary["iou_multi"] < high
    assert summary["n"] == summary["n_multi"] == 60
    assert summary["n_files"] == 30
    assert summary["domains_true_found"] == {"2 as 2": 60}
