"""From a training to a model folder."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from protvox.errors import ModelError
from protvox.networks.cath import CathConfig, CathNet
from protvox.networks.sse import SSEConfig
from protvox.registry.card import Vote, read_card
from protvox.structure.io.read import read_structure
from protvox.tasks.cath import learner as learner_module
from protvox.tasks.cath.finish import adjust_logits
from protvox.tasks.cath.task import TASK
from protvox.train.config import read_config
from protvox.train.release import release
from protvox.train.run import train_task
from protvox.train.shard import join, pack, write_shard
from protvox.train.words import CardWords

CONFIG = """
[architecture]
labels = ["1.10", "3.10"]
fine = "4x0e+1x1e"
coarse = "4x0e"
features = 4

[loop]
steps = 1
batch_size = 2
warmup = 0
"""


def test_power_of_the_label_frequencies_is_divided_out():
    network = CathNet(CathConfig(labels=("1.10", "3.40")))
    before = network.classifier[-1].bias.detach().clone()
    # Three domains of the first label, one of the second, and one of neither.
    domains = SimpleNamespace(labels=np.array([0, 0, 0, 1, -1]), rows=np.arange(4))
    adjust_logits(network, domains, 0.5)
    change = network.classifier[-1].bias.detach() - before
    assert torch.allclose(change, torch.tensor([0.75, 0.25]).log() * -0.5, atol=1e-6)


def test_frequencies_are_divided_out_of_each_readout_once():
    shape = SSEConfig(members=2, width=4, layers=1, features=3)
    network = CathNet(CathConfig(labels=("1.10", "3.40"), sse=shape))
    last = [network.classifier[-1], *network.elements.classifiers]
    before = [layer.bias.detach().clone() for layer in last]
    domains = SimpleNamespace(labels=np.array([0, 0, 0, 1]), rows=np.arange(4))
    adjust_logits(network, domains, 1.0)
    for layer, bias in zip(last, before, strict=True):
        change = layer.bias.detach() - bias
        assert torch.allclose(change, -torch.tensor([0.75, 0.25]).log(), atol=1e-6)


@pytest.fixture
def training(data_dir, tmp_path, monkeypatch):
    """A training of one step: its folder, configuration and shards."""
    monkeypatch.setattr(learner_module, "SETTLING_BATCHES", 2)
    parts = []
    for name, code in (("1ubi.pdb", "3.10.20.90"), ("1a8o.pdb", "1.10.1200.30")) * 2:
        structure = read_structure(data_dir / name)
        structure = structure.select(structure.is_protein)
        parts.append(pack(structure, np.zeros(structure.n_residues, dtype=bool), code))
    write_shard(join(parts), tmp_path / "shard-000.npz")
    (tmp_path / "config.toml").write_text(CONFIG)
    shards = [tmp_path / "shard-000.npz"]
    architecture, loop = read_config(tmp_path / "config.toml", CathConfig)
    train_task(
        TASK,
        shards,
        [],
        tmp_path / "run",
        architecture=architecture,
        loop=loop,
        device=torch.device("cpu"),
        report=lambda _: None,
    )
    return tmp_path / "run", tmp_path / "config.toml", shards


def publish(training, folder, validation, **more):
    run, config, shards = training
    return release(
        run,
        config,
        folder,
        task="cath",
        train_shards=shards,
        validation_shards=validation,
        words=CardWords("9", "a test", {"data": "two chains"}, **more),
        device=torch.device("cpu"),
    )


def test_temperature_of_an_earlier_training_is_used(training, tmp_path):
    vote = {"superfamilies": 5, "temperature": 0.2, "weight": 0.3}
    card = publish(training, tmp_path / "last", [], temperature=1.25, options={"vote": vote})
    assert read_card(tmp_path / "last").temperature == 1.25
    assert card.temperature == 1.25
    assert card.vote == Vote(**vote)
    assert card.n_residues == (70, 76)
    assert not card.metrics
    words = (tmp_path / "last" / "MODEL_CARD.md").read_text()
    assert "temperature 1.250, taken from an earlier version" in words


def test_validation_takes_precedence_over_a_given_temperature(training, tmp_path):
    card = publish(training, tmp_path / "checked", training[2], temperature=1.25)
    assert card.temperature != 1.25
    assert card.metrics["validation"]["n"] == 4
    assert "validation split\n" in (tmp_path / "checked" / "MODEL_CARD.md").read_text()


def test_model_without_temperature_is_refused(training, tmp_path):
    with pytest.raises(ModelError, match="no validation data") as caught:
        publish(training, tmp_path / "none", [])
    assert caught.value.code == "release.temperature"
    assert not (tmp_path / "none").exists()
