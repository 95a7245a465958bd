from __future__ import annotations

import json
import shutil

import pytest
import torch

from protvox.errors import ModelError
from protvox.networks.cath import CathNet
from protvox.networks.environment import EnvironmentNet
from protvox.registry import installed
from protvox.registry.build import load_trained


@pytest.fixture
def models(tmp_path, tiny_models, monkeypatch):
    """A copy of the tiny models that a test may damage."""
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(folder))
    return folder


def change_card(folder, **values):
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_own_models_come_first(models):
    assert installed.find("cath").folder == models / "cath"
    assert installed.find("cath@9").folder == models / "cath"
    names = [model.name for model in installed.available()]
    assert names == sorted(names)


def test_another_version_does_not_replace_a_model(models):
    shutil.copytree(models / "cath", models / "cath-old")
    change_card(models / "cath-old", version="8")
    assert installed.find("cath@8").folder == models / "cath-old"
    assert installed.find("cath@9").folder == models / "cath"


def test_load_returns_the_exported_network(models):
    card, network = installed.load("environment")
    assert isinstance(network, EnvironmentNet)
    assert not network.training
    trained = load_trained(card, models / "environment")
    spec = network.config.moments
    moments = torch.rand(2, spec.n_features, spec.n_points)
    assert torch.allclose(network(moments), trained(moments), atol=1e-5)
    assert isinstance(installed.load("cath")[1], CathNet)


@pytest.mark.parametrize("name", ["catch", "", "cath@77", "../cath"])
def test_unknown_names_list_the_known(models, name):
    with pytest.raises(ModelError, match=r"cath@9.*environment@9") as caught:
        installed.find(name)
    assert caught.value.code == "model.unknown"


def test_weights_with_another_hash_are_refused(models):
    path = models / "cath" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for call in (installed.verify, installed.load):
        with pytest.raises(ModelError) as caught:
            call("cath")
        assert caught.value.code == "model.hash"
    installed.verify("environment")


def test_missing_weights(models):
    (models / "cath" / "model.safetensors").unlink()
    with pytest.raises(ModelError) as caught:
        installed.verify("cath")
    assert caught.value.code == "model.weights"


def test_weights_of_another_architecture(models):
    info = installed.find("cath")
    change_card(info.folder, architecture={**info.card.architecture, "embedding": "8x0e"})
    with pytest.raises(ModelError) as caught:
        installed.load("cath")
    assert caught.value.code == "model.architecture"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"architecture": {}}, "model.architecture"),
        ({"architecture": {"labels": ["3.40"], "no_such_option": 1}}, "model.architecture"),
        ({"architecture": {"labels": ["3.40"], "embedding": "4x0y"}}, "model.architecture"),
        ({"task": "folding"}, "model.task"),
    ],
)
def test_cards_that_cannot_be_built(models, values, code):
    change_card(models / "cath", **values)
    with pytest.raises(ModelError) as caught:
        installed.load("cath")
    assert caught.value.code == code


def test_model_dir_must_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(ModelError) as caught:
        installed.available()
    assert caught.value.code == "model.dir"


def test_model_card_for_people(models):
    with pytest.raises(ModelError):
        installed.find("cath").card_text()
    (models / "cath" / "MODEL_CARD.md").write_text("# cath@9\n")
    assert installed.find("cath").card_text() == "# cath@9\n"
