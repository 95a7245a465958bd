from __future__ import annotations

import dataclasses

import pytest

from protvox.errors import ModelError
from protvox.train.config import read_config
from protvox.train.loop import LoopConfig
from protvox.zoo.cath import CathConfig
from protvox.zoo.config import ConvConfig, from_mapping
from protvox.zoo.environment import EnvironmentConfig

CONFIG = """
[architecture]
labels = ["3.40", "1.10"]
spacing = 4
convolutions = [{irreps = "8x0e", stride = 2}, {irreps = "16x0e", padding = 1}]

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
    assert architecture.convolutions == (
        ConvConfig("8x0e", stride=2),
        ConvConfig("16x0e", padding=1),
    )
    assert architecture.shells == CathConfig(()).shells
    assert loop == LoopConfig(steps=7, learning_rate=1e-3)


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
        "[architecture]\nlabels = ['3.40']\nconvolutions = [{stride = 2}]",
        "[architecture]\nlabels = ['3.40']\nconvolutions = [3]",
    ],
)
def test_bad_configs_say_where(tmp_path, text):
    with pytest.raises(ModelError) as caught:
        read_config(write(tmp_path, text), CathConfig)
    assert "config.toml" in str(caught.value)
