"""The training of the backbone network: it learns, and resumes where it stopped."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import protvox
from experiments.mutations.backbone.features import load_residues, save_residues
from experiments.mutations.backbone.train import TrainConfig, Training, load_network
from protvox.networks.backbone.network import BackboneConfig
from protvox.networks.backbone.residues import Residues, residues_of

SMALL = BackboneConfig(width=16, layers=2, heads=2, expansion=2)


@pytest.fixture(scope="module")
def structure(example_path):
    return protvox.read_structure(example_path)


def test_arrays_survive_their_file(structure, tmp_path):
    residues = residues_of(structure)
    save_residues(residues, tmp_path / "residues.safetensors")
    again = load_residues(tmp_path / "residues.safetensors")
    for field in dataclasses.fields(Residues):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(residues, field.name))


def test_resumed_training_is_the_same_training(structure, tmp_path):
    residues = residues_of(structure)
    config = TrainConfig(network=SMALL, batch=32, warm_up=3, withheld=0.3)
    whole = Training(config, residues)
    whole.descent = (8, 14)
    losses = [whole.advance() for _ in range(14)]

    first = Training(config, residues)
    first.descent = (8, 14)
    for _ in range(9):
        first.advance()
    first.save(tmp_path / "checkpoint.safetensors")
    second = Training(config, residues)
    second.load(tmp_path / "checkpoint.safetensors")
    assert [second.advance() for _ in range(5)] == losses[9:]
    for mine, theirs in zip(second.average.parameters(), whole.average.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_training_learns(structure):
    residues = residues_of(structure)
    training = Training(TrainConfig(network=SMALL, batch=64, warm_up=5), residues)
    losses = [training.advance() for _ in range(60)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.15


def test_a_file_of_another_configuration_is_refused(structure, tmp_path):
    residues = residues_of(structure)
    training = Training(TrainConfig(network=SMALL, batch=32), residues)
    training.save(tmp_path / "checkpoint.safetensors")
    other = Training(TrainConfig(network=SMALL, batch=32, noise=0.2), residues)
    with pytest.raises(SystemExit, match="another configuration"):
        other.load(tmp_path / "checkpoint.safetensors")
    assert load_network(tmp_path / "checkpoint.safetensors").config == SMALL
