"""Recipes of trainings on more domains, a small training and its measures."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from experiments.cath import choose
from experiments.cath.choice_measures import Predictions, difference, measures
from experiments.cath.choose import read_recipes
from experiments.cath.traces import pack_traces
from protvox.train.shard import write_shard

RECIPES = """
[[recipe]]
name = "few"
train = ["learn"]
sse = { members = 2, width = 8, layers = 1, features = 4 }
loop = { steps = 4, batch_size = 4, evaluate_every = 2 }

[[recipe]]
name = "alike"
train = ["learn", "more"]
sse = { members = 1, width = 8, layers = 1, features = 4 }
loop = { steps = 2, batch_size = 4, evaluate_every = 2, balance = 1.0 }
"""


def helix(length, seed):
    """Return a slightly distorted helix."""
    turn = np.arange(length) * np.deg2rad(100)
    points = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(length)], axis=1)
    return (points + np.random.default_rng(seed).normal(0, 0.1, points.shape)).astype(np.float32)


def predictions(logits, families, sets=None):
    n = len(logits)
    return Predictions(
        np.array(sets or ["val"] * n),
        np.array(logits, dtype=np.float32),
        np.zeros(n, dtype=np.int64),
        np.array(families),
        np.array(["1.10", "2.40", "6.10"]),
        1.0,
    )


def test_recipe_changes_only_the_values_it_names(tmp_path):
    path = tmp_path / "recipes.toml"
    path.write_text(RECIPES)
    few, alike = read_recipes(path)
    network, loop = alike.config()
    assert (network.sse.members, network.sse.dropout) == (1, 0.3)
    assert (loop.steps, loop.balance, loop.learning_rate) == (2, 1.0, 3e-3)
    assert few.config()[1].balance == 0.4
    assert not few.lattice


def test_measures_weight_superfamilies_equally_and_restrict_to_the_ten():
    right, wrong, other = [9.0, 0, 0], [0, 9.0, 0], [1.0, 0, 9.0]
    one = predictions([right, right, right, wrong, other], list("aaabc"), list("oooon"))
    found = measures(one)
    assert found["all"]["top1"] == 0.6
    assert found["all"]["family_top1"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["all"]["ten"] == 0.8
    assert found["all"]["class"] == 0.6
    assert (found["n"]["n"], found["n"]["top1"]) == (1, 0.0)
    assert (found["o"]["n_groups"], found["o"]["top1"]) == (2, 0.75)


def test_difference_is_paired_by_domain():
    before = predictions([[0, 1.0, 0]] * 4, list("aabc"))
    after = predictions([[2.0, 0, 0], [2.0, 0, 0], [0, 1.0, 0], [0, 1.0, 0]], list("aabc"))
    found = difference(after, before)
    assert found["top1"][0] == 0.5
    assert found["family_top1"][0] == pytest.approx(1 / 3)
    assert found["top1"][1] <= 0.5 <= found["top1"][2]
    assert found["nll"][0] < 0
    assert difference(before, before)["nll"] == [0.0, 0.0, 0.0]


def test_recipes_are_trained_and_measured_once(tmp_path, monkeypatch):
    for name, seed in (("learn", 0), ("more", 10), ("val", 20)):
        chains = [helix(20 + 3 * k, seed + k) for k in range(6)]
        codes = ["1.10.8.10", "1.10.8.20", "1.20.5.10", "1.20.5.20", "2.60.40.10", "2.60.40.20"]
        (tmp_path / name).mkdir()
        shard = pack_traces(chains, [f"{name}{k}" for k in range(6)], codes)
        write_shard(shard, tmp_path / name / "shard-0000.npz")
    (tmp_path / "recipes.toml").write_text(RECIPES)
    arguments = [
        "choose",
        str(tmp_path / "recipes.toml"),
        "--shards",
        str(tmp_path),
        "--check",
        "val",
        "--runs",
        str(tmp_path / "runs"),
        "-o",
        str(tmp_path / "out.json"),
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    choose.main()
    first = json.loads((tmp_path / "out.json").read_text())
    assert [row["name"] for row in first["rows"]] == ["few", "alike"]
    assert first["rows"][0]["val"]["n"] == 6
    assert first["rows"][0]["less_first"]["nll"] == [0.0, 0.0, 0.0]
    assert first["rows"][1]["less_first"]["nll"] != [0.0, 0.0, 0.0]
    monkeypatch.setattr(choose, "train_sses", None)
    choose.main()
    assert json.loads((tmp_path / "out.json").read_text()) == first
