"""The results behind the comparison with the paper are complete and as good as claimed."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

RESULTS = Path(__file__).resolve().parents[2] / "experiments"
EPOCHS = {1: 4, 2: 8, 4: 15, 8: 30, 16: 30}


def read(path: str) -> dict:
    return json.loads((RESULTS / path).read_text())


def test_synthetic_networks_are_trained_upright():
    metrics = read("shrec17/results/metrics.json")
    assert (metrics["data"], metrics["train_poses"]) == ("synthetic", "normal")
    rotated = {
        kind: metrics[kind]["test_perturbed"]["total"] for kind in ("steerable", "conventional")
    }
    assert rotated["steerable"] > 5 * rotated["conventional"]


def test_modelnet10_is_as_told():
    metrics = read("modelnet10/results/metrics.json")
    assert metrics["models"] == {"train": 3592, "val": 399, "test": 908}
    gaps = {
        (name, label): one["intervals"]["top1"]
        for name, found in metrics["networks"].items()
        for label, one in found["differences"].items()
    }
    ahead, lost = "rotated: steerable - conventional_augmented", "steerable: upright - rotated"
    assert gaps["smooth-20", ahead][0] > 0
    assert gaps["smooth-20", lost][1] < gaps["small-20", lost][0]
    assert gaps["small-20", ahead][1] < 0
    for found in metrics["networks"].values():
        upright, rotated = (found["conventional"][one]["top1"] for one in ("upright", "rotated"))
        assert rotated < upright / 2
        upright, cube = (found["steerable"][one]["top1"] for one in ("upright", "cube"))
        assert cube == pytest.approx(upright, abs=0.01)


def test_retrieved_domains_are_those_of_the_released_model():
    card = json.loads((RESULTS.parent / "models" / "cath" / "card.json").read_text())
    assert read("shrec17/results/domains.json")["sha256"] == card["sha256"]


def test_weights_are_counted():
    pytest.importorskip("trimesh")
    from docs.generate.paper import SHREC17_WEIGHTS
    from experiments.shrec17.__main__ import HERE
    from experiments.shrec17.networks import build
    from experiments.shrec17.training import ShapeConfig
    from protvox.train.config import read_config

    config, _ = read_config(HERE / "config.toml", ShapeConfig)
    for kind, count in SHREC17_WEIGHTS.items():
        weights = sum(w.numel() for w in build(kind, config.network(55), 0).parameters())
        assert weights == count


def test_tetris_is_learned_in_every_pose():
    metrics = read("tetris/results/metrics.json")
    assert len(metrics["steerable"]["seeds"]) == len(metrics["conventional"]["seeds"]) == 17
    assert metrics["steerable"]["mean"] >= 0.99
    assert metrics["steerable"]["worst"] >= 0.95
    assert metrics["conventional"]["mean"] < metrics["without_low_pass"]["mean"]


def test_predictions_in_the_residue_frame_do_not_depend_on_the_pose():
    metrics = read("environments/results/compare/metrics.json")
    for kind in ("steerable", "conventional"):
        assert metrics[kind]["frame"]["rotation"]["changed"] == 0


def test_every_fraction_of_the_domains_was_trained():
    points = [json.loads(p.read_text()) for p in (RESULTS / "cath/results/paper").glob("*.json")]
    assert sorted((p["network"], p["fraction"]) for p in points) == sorted(
        product(("steerable", "resnet34-half"), EPOCHS)
    )
    for point in points:
        assert (point["spacing"], point["schedule"]["epochs"]) == (4.0, EPOCHS[point["fraction"]])
