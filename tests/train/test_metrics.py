from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from protvox.train.calibrate import fit_temperature
from protvox.train.metrics import (
    balanced_interval,
    bootstrap_interval,
    classification_summary,
    confusion_matrix,
    expected_calibration_error,
    log_softmax,
    reliability,
)


def test_log_softmax_is_scipys():
    logits = np.random.default_rng(0).normal(0, 50, (7, 5))
    assert np.allclose(log_softmax(logits), special.log_softmax(logits, axis=1), atol=1e-12)


def test_summary_of_a_case_worked_by_hand():
    p = np.array(
        [
            [0.7, 0.1, 0.1, 0.1],  # right
            [0.4, 0.3, 0.2, 0.1],  # second
            [0.1, 0.2, 0.3, 0.4],  # last: not among three
            [0.1, 0.6, 0.2, 0.1],  # right
        ]
    )
    labels = np.array([0, 1, 0, 1])
    found = classification_summary(np.log(p) + 3.0, labels)
    assert found["top1"] == pytest.approx(0.5)
    assert found["top3"] == pytest.approx(0.75)
    assert found["balanced"] == pytest.approx(0.5)
    assert found["nll"] == pytest.approx(-np.log([0.7, 0.3, 0.1, 0.6]).mean())
    # Four predictions in three bins: 0.7 right; 0.4 and 0.4 wrong; 0.6 right.
    assert found["ece"] == pytest.approx((0.3 + 0.8 + 0.4) / 4)


def test_balanced_is_the_mean_over_the_classes_that_occur():
    logits = np.eye(3)[[0, 0, 0, 0, 0]] * 5.0
    assert classification_summary(logits, np.array([0, 0, 0, 0, 1]))["balanced"] == 0.5


def test_calibration_error_of_known_cases():
    certain = np.log(np.array([[1.0, 1e-300], [1.0, 1e-300]]))
    assert expected_calibration_error(certain, np.array([0, 0])) == pytest.approx(0)
    assert expected_calibration_error(certain, np.array([0, 1])) == pytest.approx(0.5)
    counts, confidence, accuracy = reliability(certain, np.array([0, 1]), bins=4)
    assert counts.tolist() == [0, 0, 0, 2]
    assert confidence.tolist() == [0, 0, 0, 1]
    assert accuracy.tolist() == [0, 0, 0, 0.5]


def test_confusion_rows_are_true_classes():
    found = confusion_matrix(np.array([0, 1, 1, 2]), np.array([0, 0, 0, 2]), 3)
    assert found.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_bootstrap_of_single_samples_is_the_normal_interval():
    values = np.random.default_rng(0).normal(3, 2, 2000)
    low, high = bootstrap_interval(values, np.arange(2000), repeats=2000)
    half = stats.norm.ppf(0.975) * values.std() / np.sqrt(2000)
    assert low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_bootstrap_of_equal_groups_counts_groups_not_samples():
    per_group = np.random.default_rng(0).normal(0, 1, 100)
    groups = np.repeat(np.arange(100), 20)
    wide = bootstrap_interval(per_group[groups], groups)
    alone = bootstrap_interval(per_group, np.arange(100))
    assert wide == pytest.approx(alone)
    narrow = bootstrap_interval(per_group[groups], np.arange(2000))
    assert (wide[1] - wide[0]) > 3 * (narrow[1] - narrow[0])


def test_balanced_interval():
    correct = np.array([True] * 50 + [False] * 50 + [True] * 100)
    labels = np.array([0] * 100 + [1] * 100)
    alone = np.arange(200)
    low, high = balanced_interval(correct, labels, alone)
    # Class 1 is always right; class 0 has a standard error of 0.05, halved by the mean.
    assert low == pytest.approx(0.75 - 1.96 * 0.025, abs=0.01)
    assert high == pytest.approx(0.75 + 1.96 * 0.025, abs=0.01)
    # Ten copies of ten independent samples say no more than the ten.
    copies = np.concatenate([np.arange(100) // 10, 10 + np.arange(100) // 10])
    wide_low, wide_high = balanced_interval(correct, labels, copies)
    assert wide_high - wide_low > 2.5 * (high - low)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_recovered(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (5000, 5))
    p = special.softmax(logits, axis=1)
    labels = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1).clip(max=4)
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.06)


def test_temperature_minimises_the_loss():
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 3, (500, 4)), rng.integers(0, 4, 500)
    logits[np.arange(500), labels] += 2
    best = fit_temperature(logits, labels)

    def nll(t):
        return classification_summary(logits / t, labels)["nll"]

    assert nll(best) < min(nll(best * 1.02), nll(best / 1.02))


def test_temperature_stays_finite():
    right = np.array([[9.0, 0.0]])
    assert 0.05 <= fit_temperature(right, np.array([0])) < 0.5
    assert fit_temperature(right, np.array([1])) == pytest.approx(20, rel=1e-3)
