from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from protvox.predict.check.register import SHIFTS, find_runs, shift_odds
from protvox.predict.check.sequence import UNKNOWN, ChainModel, align


@pytest.mark.parametrize("seed", range(5))
def test_runs_have_the_largest_total_gain(seed):
    rng = np.random.default_rng(seed)
    gains, prices = rng.normal(0, 2, (7, 2)), np.array([1.0, 1.5])

    def total(states):
        value, before = 0.0, 0
        for i, state in enumerate(states):
            if state:
                value += gains[i, state - 1] - (prices[state - 1] if state != before else 0)
            before = state
        return value

    best = max(product(range(3), repeat=7), key=total)
    runs = find_runs(gains, prices)
    assert sum(r.log_odds - prices[r.state] for r in runs) == pytest.approx(total(best))
    for run in runs:
        assert set(best[run.first : run.last + 1]) == {run.state + 1}


def test_a_shift_reads_the_type_that_many_residues_before():
    types = np.arange(10)
    chain = ChainModel("A", types, types, types, types, declared=False)
    odds = np.random.default_rng(0).normal(size=(10, 20))
    gains = shift_odds(chain, odds)
    column = SHIFTS.index(3)
    assert np.isneginf(gains[:3, column]).all()
    expected = odds[np.arange(3, 10), np.arange(7)] - odds[np.arange(3, 10), np.arange(3, 10)]
    np.testing.assert_allclose(gains[3:, column], expected)


def test_alignment_with_missing_residues():
    sequence = np.random.default_rng(0).integers(0, 20, 60)
    model = np.concatenate([sequence[5:20], sequence[28:50]])
    expected = np.concatenate([np.arange(5, 20), np.arange(28, 50)])
    assert align(model, sequence).tolist() == expected.tolist()


def test_alignment_of_residues_that_the_sequence_lacks():
    sequence = np.random.default_rng(0).integers(0, 20, 40)
    model = np.concatenate([sequence[:20], [UNKNOWN] * 12, sequence[20:]])
    position = align(model, sequence)
    assert position[:20].tolist() == list(range(20))
    assert position[32:].tolist() == list(range(20, 40))
