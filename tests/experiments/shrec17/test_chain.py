"""The whole chain on a data set of a few models: meshes, training, lists, measures."""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest

pytest.importorskip("trimesh")

from experiments.shrec17 import __main__ as command
from experiments.shrec17.synthetic import CLASSES, generate
from experiments.shrec17.training import ShapeConfig
from protvox.errors import UsageError
from protvox.train.config import read_config
from protvox.zoo.config import from_mapping

TINY = """
[architecture]
grid = 11
points = 100
poses = "normal"
turn = true
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
        data=tmp_path / "data", name="tiny", config=tmp_path / "tiny.toml", kinds=command.KINDS,
        runs=tmp_path / "runs", time_limit=None, device="cpu",
    )  # fmt: skip


def test_from_meshes_to_measures(options, tmp_path):
    metrics = command.run(options)
    assert metrics["models"]["test_perturbed"] == 2 * len(CLASSES) - 1
    assert metrics["broken"] == {"train": 0, "test_normal": 0, "test_perturbed": 1}
    for kind in command.KINDS:
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
    from experiments.tetris.networks import SteerableNet

    network = SteerableNet(config.network(55))
    assert sum(weight.numel() for weight in network.parameters()) == pytest.approx(
        142_000, rel=0.01
    )


def test_the_synthetic_configuration_is_smaller():
    config, _ = read_config(command.HERE / "synthetic.toml", ShapeConfig)
    assert config.grid <= 32
    assert replace(config, turn=True) != config
    assert from_mapping(ShapeConfig, vars(config), "copy") == config
