"""The model that scores cuts."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.structure.splitting.cut_model import CutModel, load_cut_model
from protvox.structure.splitting.features import FEATURES


@pytest.fixture
def model():
    return CutModel(
        ("a", "b"),
        np.array([1.0, 0.0]),
        np.array([2.0, 1.0]),
        np.array([1.0, -1.0]),
        0.5,
        np.array([[0.3, 0.1]]),
        np.array([0.2]),
        np.array([2.0]),
        0.5,
    )


def test_score_by_hand(model):
    score = model.score(np.array([[3.0, 0.5]]))
    assert score == pytest.approx([1.0 - 0.5 + 0.5 + 2 * np.tanh(0.3 + 0.05 + 0.2)])


def test_large_values_are_clipped(model):
    assert model.score(np.array([[100.0, 0.0]])) == model.score(np.array([[9.0, 0.0]]))


def test_best_cut_is_chosen(model):
    rows = np.array([[-5.0, 2.0], [3.0, 0.0], [2.0, 0.0]])
    assert model.score(rows).argmax() == 1
    assert model.probability(rows[:2]) > model.threshold
    assert model.probability(rows[:1]) < model.threshold
    assert model.probability(rows[:0]) == 0


def test_many_uncertain_cuts_count_like_one_certain_cut(model):
    """A piece is cut when all cuts together are more probable than none."""
    uncertain = np.array([[-0.6, 1.5]])
    assert model.probability(uncertain) < model.threshold
    assert model.probability(np.repeat(uncertain, 40, axis=0)) > model.threshold


def test_released_model_matches_the_features():
    model = load_cut_model()
    n = len(FEATURES)
    assert model.features == FEATURES
    assert model.hidden.shape[1] == n
    assert len(model.hidden) == len(model.hidden_bias) == len(model.output)
    assert 0 < model.threshold < 1
    assert (model.scale > 0).all()
    assert model.mean.shape == model.scale.shape == model.linear.shape == (n,)
