"""Cards belong to the measured weights, and say what their experiment says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = {
    "environment": ROOT / "experiments" / "environments" / "results" / "metrics.json",
    "cath": ROOT / "experiments" / "cath" / "results" / "metrics.json",
}


def read_card(model: str) -> dict:
    return json.loads((ROOT / "models" / model / "card.json").read_text())


@pytest.mark.parametrize("model", RESULTS)
def test_card_belongs_to_the_measured_weights(model):
    metrics = json.loads(RESULTS[model].read_text())
    card = read_card(model)
    assert metrics["split"] == "test"
    assert metrics["sha256"] == card["sha256"]
    assert card["metrics"]["test"]["top1"] == metrics["top1"]


@pytest.mark.parametrize("model", RESULTS)
def test_readable_card_is_current(model, tmp_path):
    from protvox.registry.card import read_card
    from protvox.train.model_card import write_model_card

    folder = ROOT / "models" / model
    write_model_card(read_card(folder), tmp_path)
    written = (tmp_path / "MODEL_CARD.md").read_text()
    assert (folder / "MODEL_CARD.md").read_text() == written
    assert f"{json.loads(RESULTS[model].read_text())['top1']:.3f}" in written


@pytest.mark.parametrize(
    "path",
    [
        "search/results/metrics.json",
        "shrec17/results/domains.json",
    ],
)
def test_other_results_belong_to_the_released_weights(path):
    metrics = json.loads((ROOT / "experiments" / path).read_text())
    assert metrics["sha256"] in {read_card(model)["sha256"] for model in RESULTS}


def test_measured_model_is_that_of_the_card():
    card = read_card("cath")
    assert json.loads(RESULTS["cath"].read_text())["model"] == f"cath@{card['version']}"
    texts = tomllib.loads((ROOT / "experiments" / "cath" / "card.toml").read_text())
    assert texts["version"] == card["version"]
    assert texts["vote"] == card["vote"]
    assert texts["temperature"] == card["temperature"]
    assert texts["flatten_prior"] == card["training"]["flatten_prior"]


@pytest.mark.parametrize(("model", "folder"), [("cath", "cath"), ("environment", "environments")])
def test_cards_have_the_texts_of_their_experiment(model, folder):
    card = read_card(model)
    texts = tomllib.loads((ROOT / "experiments" / folder / "card.toml").read_text())
    assert (card["version"], card["summary"]) == (texts["version"], texts["summary"])
    assert {name: card["training"][name] for name in texts["training"]} == texts["training"]


def test_mutations_were_measured_with_the_released_models():
    path = ROOT / "experiments" / "mutations" / "results" / "metrics.json"
    metrics = json.loads(path.read_text())
    for model in ("environment", "backbone"):
        assert metrics["sha256"][model] == read_card(model)["sha256"]
    assert metrics["mixture"] == read_card("backbone")["mixture"]


def test_readable_card_of_the_backbone_model_is_current(tmp_path):
    from protvox.registry.card import read_card
    from protvox.train.model_card import write_model_card

    folder = ROOT / "models" / "backbone"
    write_model_card(read_card(folder), tmp_path)
    assert (folder / "MODEL_CARD.md").read_text() == (tmp_path / "MODEL_CARD.md").read_text()
