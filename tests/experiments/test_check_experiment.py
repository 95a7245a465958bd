from __future__ import annotations

import numpy as np
import pytest

from experiments.check.benchmark import summary
from experiments.check.calibrate import fit_tail, without_overlaps
from experiments.check.chains import Chain
from experiments.check.wrong_models import reverse_types, shift_types
from protvox.predict.check.segments import Finding


@pytest.fixture
def chain():
    position = np.concatenate([np.arange(10), np.arange(15, 35)])
    return Chain(
        name="x",
        features=np.zeros((30, 4), dtype=np.float32),
        rows=np.arange(30),
        types=np.arange(30) % 20,
        position=position,
        backbone=np.zeros((30, 4, 3), dtype=np.float32),
        probabilities=None,
    )


def test_a_shifted_segment_has_the_types_further_on(chain):
    types = shift_types(chain, 12, 6, 2)
    assert types[12:18].tolist() == chain.types[14:20].tolist()
    assert types[:12].tolist() == chain.types[:12].tolist()
    assert types[18:].tolist() == chain.types[18:].tolist()


def test_a_shift_into_missing_residues_does_not_exist(chain):
    assert shift_types(chain, 5, 4, 2) is None
    assert shift_types(chain, 26, 4, 1) is None


def test_a_reversed_segment(chain):
    assert reverse_types(chain, 3, 4)[3:7].tolist() == chain.types[3:7][::-1].tolist()


def test_an_exponential_tail_is_recovered():
    rng = np.random.default_rng(0)
    scores = rng.exponential(1 / 0.7, 20_000)
    intercept, slope = fit_tail(scores, 100_000)
    assert slope == pytest.approx(0.7, rel=0.25)
    assert np.exp(intercept - slope * 7.5) == pytest.approx(0.2 * np.exp(-0.7 * 7.5), rel=0.3)


def test_only_the_strongest_of_overlapping_findings_is_kept():
    ends = [(0, 5, 3.0), (4, 9, 8.0), (10, 12, 1.0)]
    findings = [Finding("register", first, last, odds, "") for first, last, odds in ends]
    assert [one.log_odds for one in without_overlaps(findings)] == [8.0, 1.0]


def test_shares_by_length():
    cases = [
        {"chain": str(i % 3), "length": 8 + 4 * (i % 2), "found": i % 2 == 0, "touched": True}
        for i in range(12)
    ]
    ranges = summary(cases)["range"]
    assert ranges["8-11"]["found"] == 1.0
    assert ranges["12 and more"]["found"] == 0.0
    assert ranges["8-11"]["n"] == 6
