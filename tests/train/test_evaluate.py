"""Measures of a released model, before and after its calibration."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.registry.card import Card, write_card
from protvox.train.evaluate import Answers, measure
from protvox.train.metrics import classification_summary
from protvox.train.release import record

CARD = Card("environment", "9", "environment", "", {}, "w", "0", temperature=2.0)


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    logits = 4.0 * np.eye(3)[labels] + rng.normal(0, 3, (300, 3))
    return Answers(
        logits.astype(np.float32),
        labels,
        np.arange(300) // 10,
        ("ALA", "CYS", "GLY"),
        np.arange(300),
    )


def test_both_calibration_errors_are_reported(answers):
    found = measure(answers, CARD)
    raw = classification_summary(answers.logits, answers.labels)
    scaled = classification_summary(answers.logits / 2.0, answers.labels)
    assert found["temperature"] == 2.0
    assert found["uncalibrated"] == {"nll": raw["nll"], "ece": raw["ece"]}
    assert found["ece"] == scaled["ece"] != raw["ece"]
    assert found["top1"] == raw["top1"]


def test_model_card_reports_the_error_before_calibration(answers, tmp_path):
    write_card(CARD, tmp_path)
    found = measure(answers, CARD)
    record(tmp_path, "test", found)
    text = (tmp_path / "MODEL_CARD.md").read_text()
    before = found["uncalibrated"]["ece"]
    assert (
        f"| test | 300 | expected calibration error before calibration | {before:.3f} | |" in text
    )
