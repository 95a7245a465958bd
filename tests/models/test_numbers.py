"""Numbers in README and cards are those that a committed command wrote."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
RESULTS = {
    "environment": ROOT / "experiments" / "environments" / "results" / "metrics.json",
    "cath": ROOT / "experiments" / "cath" / "results" / "metrics.json",
}


def with_interval(value: float, interval: list[float]) -> str:
    low, high = interval
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def rows(metrics: dict) -> list[str]:
    intervals = metrics["intervals"]
    out = [with_interval(metrics[name], intervals[name]) for name in ("top1", "balanced")]
    if "paper" in metrics:
        paper = metrics["paper"]
        names = ("top1", "balanced")
        out += [with_interval(paper[name], paper["intervals"][name]) for name in names]
        by_class = metrics["class_accuracy"]
        out += [with_interval(by_class["top1"], by_class["intervals"]["top1"])]
    return out


@pytest.mark.parametrize("model", RESULTS)
def test_readme_says_what_was_measured(model):
    metrics = json.loads(RESULTS[model].read_text())
    assert metrics["split"] == "test"
    assert f"{metrics['n']:,}" in README
    for text in rows(metrics):
        assert text in README


def test_readme_says_how_well_chains_are_split():
    results = ROOT / "experiments" / "segmentation" / "results" / "metrics.json"
    metrics = json.loads(results.read_text())
    assert metrics["split"] == "test"
    ours = metrics["methods"]["protvox"]
    assert f"{ours['n']:,} chains" in README
    for name in ("right_count", "iou_multi"):
        assert with_interval(ours[name], ours["intervals"][name]) in README


def test_readme_says_how_well_the_search_finds():
    metrics = json.loads((ROOT / "experiments" / "search" / "results" / "metrics.json").read_text())
    for part, node in (("train", "architecture"), ("itself", "superfamily")):
        found = metrics[part][node]
        assert f"{found['n']:,}" in README
        measured = with_interval(found["precision_at_1"], found["intervals"]["precision_at_1"])
        assert measured in README


@pytest.mark.parametrize("model", RESULTS)
def test_card_belongs_to_the_measured_weights(model):
    metrics = json.loads(RESULTS[model].read_text())
    card = json.loads((ROOT / "models" / model / "card.json").read_text())
    assert metrics["sha256"] == card["sha256"]
    assert card["metrics"]["test"]["top1"] == metrics["top1"]
    words = (ROOT / "models" / model / "MODEL_CARD.md").read_text()
    assert f"{metrics['top1']:.3f}" in words


def test_the_measured_answer_is_that_of_the_card():
    card = json.loads((ROOT / "models" / "cath" / "card.json").read_text())
    assert json.loads(RESULTS["cath"].read_text())["model"] == f"cath@{card['version']}"
    words = tomllib.loads((ROOT / "experiments" / "cath" / "card.toml").read_text())
    assert words["version"] == card["version"]
    assert words["vote"] == card["vote"]
    assert words["temperature"] == card["temperature"]
    assert words["flatten_prior"] == card["training"]["flatten_prior"]


@pytest.mark.parametrize(("model", "folder"), [("cath", "cath"), ("environment", "environments")])
def test_cards_say_what_their_experiment_says(model, folder):
    card = json.loads((ROOT / "models" / model / "card.json").read_text())
    words = tomllib.loads((ROOT / "experiments" / folder / "card.toml").read_text())
    assert card["version"] == words["version"]
    assert {name: card["training"][name] for name in words["training"]} == words["training"]
