"""README's table of what the paper shows and what protvox measures has no empty cell."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "experiments"
HEADING = "## What the paper shows, what protvox measures"


def table() -> dict[str, tuple[str, str]]:
    """What the paper and protvox have, by the first words of the experiment."""
    section = (ROOT / "README.md").read_text().split(HEADING)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(row) for row in cells} == {3}
    return {first: (paper, own) for first, paper, own in cells}


def row(start: str) -> str:
    """Protvox's cell of the row that starts with these words."""
    (found,) = [own for first, (_, own) in table().items() if first.startswith(start)]
    return found


def totals(measured: dict) -> str:
    micro, macro = measured["micro"]["mAP"], measured["macro"]["mAP"]
    return f"{micro:.3f} + {macro:.3f} = {measured['total']:.3f}"


def test_no_cell_is_empty_and_what_is_missing_has_a_reason():
    assert len(table()) >= 10
    for cells in table().values():
        for cell in cells:
            assert cell == "not done" or len(cell) > 3
            if "not measured" in cell:
                assert len(cell.split("not measured")[1]) > 20


def test_synthetic_shapes_are_retrieved_as_measured():
    metrics = json.loads((RESULTS / "shrec17" / "results" / "metrics.json").read_text())
    assert (metrics["data"], metrics["train_poses"]) == ("synthetic", "normal")
    n_models = metrics["models"]["test_perturbed"]
    own = row(f"the same chain on {n_models} synthetic shapes of {metrics['classes']} classes")
    for kind in ("steerable", "conventional"):
        assert f"{kind} {totals(metrics[kind]['test_perturbed'])}" in own
        assert f"{kind} {metrics[kind]['test_normal']['total']:.3f}" in own
        assert f"{metrics[kind]['parameters']:,}" in row("trained weights, synthetic")
    augmented = metrics["conventional_augmented"]["test_perturbed"]
    assert f"turned in training {totals(augmented)}" in own


def test_domains_are_retrieved_as_measured():
    metrics = json.loads((RESULTS / "shrec17" / "results" / "domains.json").read_text())
    card = json.loads((ROOT / "models" / "cath" / "card.json").read_text())
    assert metrics["sha256"] == card["sha256"]
    own = row("the same measures")
    for level in ("architecture", "topology"):
        assert f"{level} {totals(metrics[level]['embedding'])}" in own
        assert f"in random order {metrics[level]['random']['total']:.3f}" in own
    assert any(first.startswith(f"the same measures on {metrics['domains']}") for first in table())


@pytest.mark.parametrize(
    ("start", "path", "where"),
    [
        ("amino-acid environments", "environments/results/metrics.json", ("top1",)),
        ("CATH, right of ten", "cath/results/metrics.json", ("paper", "top1")),
    ],
)
def test_released_models_are_as_good_as_measured(start, path, where):
    value = json.loads((RESULTS / path).read_text())
    for key in where:
        value = value[key]
    assert f"{value:.3f} by the released" in row(start)


def test_weights_are_counted():
    pytest.importorskip("trimesh")
    from experiments.shrec17.__main__ import HERE
    from experiments.shrec17.networks import build
    from experiments.shrec17.training import ShapeConfig
    from protvox.train.config import read_config

    config, _ = read_config(HERE / "config.toml", ShapeConfig)
    for kind in ("steerable", "conventional"):
        weights = sum(w.numel() for w in build(kind, config.network(55), 0).parameters())
        assert f"{weights:,}" in row("trained weights, SHREC17")


def test_tetris_is_as_good_as_measured():
    metrics = json.loads((RESULTS / "tetris" / "results" / "metrics.json").read_text())
    assert len(metrics["steerable"]["seeds"]) == len(metrics["conventional"]["seeds"]) == 17
    assert metrics["steerable"]["mean"] >= 0.99 and metrics["steerable"]["worst"] >= 0.95
    own = row("Tetris")
    steerable, conventional = metrics["steerable"], metrics["conventional"]
    assert f"steerable {steerable['mean']:.3f} (worst of 17 seeds {steerable['worst']:.3f})" in own
    assert f"conventional {conventional['mean']:.3f};" in own
    assert own.endswith(f"{metrics['without_low_pass']['mean']:.3f}")


def test_environments_are_compared_as_measured():
    path = RESULTS / "environments" / "results" / "compare" / "metrics.json"
    metrics = json.loads(path.read_text())
    own = row("amino-acid environments")
    for setting in ("rotated", "frame"):
        steerable, conventional = (
            metrics[kind][setting]["test"]["top1"] for kind in ("steerable", "conventional")
        )
        assert f"{steerable:.3f} and {conventional:.3f}" in own


def test_the_papers_networks_on_domains_are_as_good_as_measured():
    points = [json.loads(p.read_text()) for p in (RESULTS / "cath/results/paper").glob("*.json")]
    parts = {1: 4, 2: 8, 4: 15, 8: 30, 16: 30}
    assert sorted((p["network"], p["fraction"]) for p in points) == sorted(
        product(("steerable", "resnet34-half"), parts)
    )
    words = (RESULTS / "README.md").read_text()
    for point in points:
        assert (point["spacing"], point["schedule"]["epochs"]) == (4.0, parts[point["fraction"]])
        own = row("CATH with 1/2" if point["fraction"] > 1 else "CATH, right of ten")
        low, high = point["test"]["intervals"]["top1"]
        measured = f"{point['test']['top1']:.3f} ({low:.3f} to {high:.3f})"
        assert measured in own
        validation = f"{point['validation']['top1']:.3f}"
        assert f"| {measured} | {point['test']['balanced']:.3f} | {validation} |" in words
        assert f"{point['parameters']:,} weights" in words
