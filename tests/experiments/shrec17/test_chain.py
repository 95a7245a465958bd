"""The whole pipeline on a data set of a few models: meshes, training, lists, measures."""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("trimesh")

from experiments.shrec17 import __main__ as command
from experiments.shrec17.lists import read_lists
from experiments.shrec17.meshes import draw
from experiments.shrec17.networks import BallWindow, build
from experiments.shrec17.synthetic import CLASSES, generate
from experiments.shrec17.training import KINDS, ShapeConfig
from protvox.errors import UsageError
from protvox.networks.config import from_mapping
from protvox.nn import cube_rotations
from protvox.train.config import read_config
from protvox.voxel.rotation import random_rotations

TINY = """
[architecture]
grid = 11
points = 100
poses = "normal"
rotate = false
multiplicities = [[2, 1], [4, 1]]
sizes = [3, 3]
strides = [2, 1]

[loop]
steps = 2
batch_size = 4
evaluate_every = 2
"""


@pytest.fixture
def options(tmp_path):
    generate(tmp_path / "data", {"train": 1, "val": 1, "test": 2})
    (tmp_path / "data" / "test_perturbed" / "000033.obj").write_text("nothing")
    (tmp_path / "tiny.toml").write_text(TINY)
    return argparse.Namespace(
        data=tmp_path / "data",
        name="tiny",
        config=tmp_path / "tiny.toml",
        kinds=KINDS,
        runs=tmp_path / "runs",
        time_limit=None,
        device="cpu",
    )


def test_from_meshes_to_measures(options, tmp_path):
    metrics = command.run(options)
    assert metrics["models"]["test_perturbed"] == 2 * len(CLASSES) - 1
    assert metrics["broken"] == {"train": 0, "test_normal": 0, "test_perturbed": 1}
    for kind in KINDS:
        for poses in ("test_normal", "test_perturbed"):
            found = metrics[kind][poses]
            assert found["n_missing"] == 0
            assert 0 < found["total"] <= 2
            assert found["total"] == found["micro"]["mAP"] + found["macro"]["mAP"]
        lists = tmp_path / "runs" / kind / "lists" / "test_perturbed"
        assert len(list(lists.iterdir())) == 2 * len(CLASSES) - 1
    assert metrics["steerable"]["parameters"] < metrics["conventional"]["parameters"]


def test_without_data_the_command_says_where_to_get_it(options):
    options.data = None
    with pytest.raises(UsageError, match=r"shapenet\.org"):
        command.run(options)


def test_the_contest_network_has_eight_layers_and_142000_weights():
    config, _ = read_config(command.HERE / "config.toml", ShapeConfig)
    assert (config.grid, len(config.multiplicities), len(config.sizes)) == (64, 8, 8)
    network = build("steerable", config.network(55), 0)
    weights = sum(weight.numel() for weight in network.parameters())
    assert weights == pytest.approx(142_000, rel=0.01)


@pytest.mark.slow
def test_a_few_meshes_pass_through_the_contest_network(tmp_path, monkeypatch):
    """The official layout with one table and synset numbers, 64^3 voxels, eight layers."""
    monkeypatch.setattr("experiments.shrec17.training.SETTLING_BATCHES", 1)
    data = tmp_path / "shapenet"
    generate(data, {"train": 1, "val": 1, "test": 1})
    kept = []
    for split in ("train", "val", "test"):
        with (data / f"{split}.csv").open() as file:
            kept += list(csv.DictReader(file))[:2]
        (data / f"{split}.csv").unlink()
    synsets = {"box": "02691156", "ellipsoid": "02747177"}
    with (data / "all.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, kept[0])
        table.writeheader()
        for row in kept:
            table.writerow(row | {"synsetId": synsets[row["synsetId"]]})
    text = (command.HERE / "config.toml").read_text()
    few = text.replace("steps = 60000", "steps = 1").replace("batch_size = 32", "batch_size = 2")
    assert few != text
    (tmp_path / "config.toml").write_text(few)
    metrics = command.run(
        argparse.Namespace(
            data=data,
            name=None,
            config=tmp_path / "config.toml",
            kinds=["steerable"],
            runs=tmp_path / "runs",
            time_limit=None,
            device="cpu",
        )
    )
    assert metrics["train_poses"] == "perturbed"
    assert metrics["models"] == dict.fromkeys(("train", "val", "test_normal", "test_perturbed"), 2)
    for split in ("test_normal", "test_perturbed"):
        lists = read_lists(tmp_path / "runs" / "steerable" / "lists" / split)
        assert set(lists) == {row["id"] for row in kept if row["split"] == "test"}
        assert metrics["steerable"][split]["n_missing"] == 0


def test_rotations_of_the_cube_do_not_change_the_steerable_network():
    config, _ = read_config(command.HERE / "synthetic.toml", ShapeConfig)
    points = np.random.default_rng(0).normal(0, 9000, (2, 200, 3)).clip(-18000, 18000)
    rotation = cube_rotations()[7].numpy()
    rotated = (points @ rotation.T).astype(np.int16)
    change = {}
    for kind in ("steerable", "conventional"):
        network = build(kind, config.network(16), 0).eval()
        with torch.inference_mode():
            here = network(draw(points.astype(np.int16), config.grid))
            there = network(draw(rotated, config.grid))
        change[kind] = float((here - there).norm() / here.std(dim=0).norm())
    assert change["steerable"] < 1e-2 < 0.1 < change["conventional"]


def test_the_synthetic_configuration_is_smaller():
    config, _ = read_config(command.HERE / "synthetic.toml", ShapeConfig)
    assert config.grid <= 32
    assert replace(config, rotate=True) != config
    assert from_mapping(ShapeConfig, vars(config), "copy") == config


def test_window_is_a_ball_invariant_to_rotations_of_the_grid():
    field = BallWindow()(torch.ones(1, 1, 9, 9, 9))[0, 0]
    assert float(field[4, 4, 0]) == float(field[4, 4, 4]) == 1
    assert float(field[0, 0, 0]) == float(field[0, 0, 4]) == 0
    assert torch.equal(field, field.rot90(dims=(0, 1)))


def change_by_rotation(widths: tuple[float, ...]) -> float:
    """Return the change of features under rotations, relative to their spread over models."""
    rng = np.random.default_rng(0)
    # Surfaces of boxes along the axes, of different shapes.
    points = rng.uniform(-1, 1, (8, 1024, 3))
    axes = rng.integers(3, size=(8, 1024, 1))
    np.put_along_axis(points, axes, rng.choice([-1.0, 1.0], axes.shape), axis=2)
    points *= rng.uniform(3000, 15000, (8, 1, 3))
    clouds, rotations = points.astype(np.int16), random_rotations(8, rng)
    config, _ = read_config(command.HERE.parent / "modelnet10" / "small-20.toml", ShapeConfig)
    network = build("steerable", replace(config, widths=widths).network(10), 0).train()
    with torch.no_grad():
        here, there = (draw(clouds, config.grid, turned) for turned in (None, rotations))
        for _ in range(10):
            network(here)
        network.eval()
        here, there = network.features(here), network.features(there)
    return float((here - there).norm() / (here - here.mean(0)).norm())


def test_smooth_filters_that_the_kernels_cube_does_not_cut_lose_less_by_rotation():
    assert change_by_rotation((1.0,) * 5) < 0.7 * change_by_rotation(())
