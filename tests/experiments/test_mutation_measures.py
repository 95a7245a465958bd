from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, pearsonr, spearmanr

ROOT = Path(__file__).parents[2]


@pytest.fixture
def measures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.mutations import measures

    return measures


@pytest.fixture
def sample():
    """Scores and changes with ties, and how often each is drawn."""
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(0, 1, 500), 1)
    changes = np.round(scores + rng.normal(0, 1, 500), 1)
    return scores, changes, rng.integers(0, 4, 500)


def test_weights_are_repetitions(measures, sample):
    """Against scipy on the resample written out."""
    scores, changes, times = sample
    x, y = np.repeat(scores, times), np.repeat(changes, times)
    weights = times.astype(float)
    assert measures.spearman(scores, changes, weights) == pytest.approx(spearmanr(x, y)[0])
    assert measures.pearson(scores, changes, weights) == pytest.approx(pearsonr(x, y)[0])
    above = y > measures.DESTABILISING
    u = mannwhitneyu(x[above], x[~above]).statistic / (above.sum() * (~above).sum())
    assert measures.auc(scores, changes, weights) == pytest.approx(u)


def test_a_constant_side_has_no_correlation(measures):
    ones = np.ones(9)
    assert np.isnan(measures.spearman(ones, np.arange(9.0), ones))
    assert np.isnan(measures.auc(np.arange(9.0), ones, ones))


def test_rows_without_a_score_are_ignored_and_counted(measures, sample):
    scores, changes, _ = sample
    proteins = np.arange(500) // 20
    holes = scores.copy()
    holes[:100] = np.nan
    found = measures.summarise(holes, changes, proteins)
    assert (found["n"], found["n_proteins"]) == (400, 20)
    assert found["spearman"] == pytest.approx(spearmanr(scores[100:], changes[100:])[0])
    low, high = found["intervals"]["spearman"]
    assert low < found["spearman"] < high
    assert found["per_protein_spearman"]["n_proteins"] == 20


def test_a_better_score_has_a_positive_difference(measures, sample):
    scores, changes, _ = sample
    proteins = np.arange(500) // 20
    noise = scores + np.random.default_rng(1).normal(0, 3, 500)
    found = measures.difference(scores, noise, changes, proteins)
    assert found["interval"][0] > 0
    same = measures.difference(scores, scores, changes, proteins)
    assert same["spearman"] == 0
    assert same["interval"] == [0, 0]
