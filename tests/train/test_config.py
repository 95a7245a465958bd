from __future__ import annotations

import dataclasses

import pytest

from protvox.errors import ModelError
from protvox.networks.cath import CathConfig
from protvox.networks.config import ConvConfig, from_mapping
from protvox.networks.environment import EnvironmentConfig
from protvox.train.config import read_config
from protvox.train.loop import LoopConfig

CONFIG = """
[architecture]
labels = ["3.40", "1.10"]
spacing = 4
shells = [0, 2.5]
fine = "8x0e+2x1e"
fine_layers = 2

[loop]
steps = 7
learning_rate = 1e-3
"""


def write(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_values_and_defaults(tmp_path):
    architecture, loop = read_config(write(tmp_path, CONFIG), CathConfig)
    assert architecture.labels == ("3.40", "1.10")
    assert architecture.spacing == 4.0
    assert isinstance(architecture.spacing, float)
    assert architecture.shells == (0.0, 2.5)
    assert architecture.lattice.shells == (0.0, 2.5)
    assert (architecture.fine, architecture.fine_layers) == ("8x0e+2x1e", 2)
    assert architecture.coarse == CathConfig(()).coarse
    assert loop == LoopConfig(steps=7, learning_rate=1e-3)


def test_tables_in_a_list_become_layers(tmp_path):
    text = """[architecture]
    convolutions = [{irreps = "8x0e", stride = 2}, {irreps = "16x0e", padding = 1}]"""
    architecture, _ = read_config(write(tmp_path, text), EnvironmentConfig)
    assert architecture.convolutions == (
        ConvConfig("8x0e", stride=2),
        ConvConfig("16x0e", padding=1),
    )


def test_empty_config_is_all_defaults(tmp_path):
    assert read_config(write(tmp_path, ""), EnvironmentConfig) == (
        EnvironmentConfig(),
        LoopConfig(),
    )


def test_round_trip_through_plain_values():
    config = EnvironmentConfig(convolutions=(ConvConfig("4x0e"),), hidden=(8, 4))
    assert from_mapping(EnvironmentConfig, dataclasses.asdict(config), "card") == config


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[optimizer]\nname = 'adam'",
        "[loop]\nsteps = 'many'",
        "[loop]\nsteps = true",
        "[loop]\nstep = 5",
        "[architecture]\nlabels = '3.40'",
        "[architecture]\nspacing = 4.0",
        "[architecture]\nlabels = ['3.40']\nfine_layers = 1.5",
        "[architecture]\nlabels = ['3.40']\nconvolutions = []",
    ],
)
def test_bad_configs_say_where(tmp_path, text):
    with pytest.raises(ModelError) as caught:
        read_config(write(tmp_path, text), CathConfig)
    assert "config.toml" in str(caught.value)


@pytest.mark.parametrize("layers", ["[{stride = 2}]", "[3]"])
def test_bad_tables_in_a_list_say_where(tmp_path, layers):
    text = f"[architecture]\nconvolutions = {layers}"
    with pytest.raises(ModelError) as caught:
        read_config(write(tmp_path, text), EnvironmentConfig)
    assert "config.toml [architecture] convolutions" in str(caught.value)
