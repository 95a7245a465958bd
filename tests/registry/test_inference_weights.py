"""Exported networks on disk predict as the trained ones do, and load without e3nn."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from protvox.errors import ModelError
from protvox.networks.cath import CathConfig, CathNet, DomainBatch, featurize_domain
from protvox.networks.config import ConvConfig
from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.networks.layers import PlainLayers
from protvox.nn import FieldNorm
from protvox.nn.paths import PlainPathConv
from protvox.nn.plain_layers import PlainEmbedding, PlainGate, PlainNormGate
from protvox.nn.plain_sparse import PlainSparseConv
from protvox.registry import installed
from protvox.registry.build import load_trained
from protvox.registry.card import read_card, write_card
from protvox.registry.inference_weights import (
    INFERENCE_FILE,
    load_inference_network,
    save_inference_weights,
)
from protvox.registry.weights import load_weights
from protvox.structure.geometry.ca_trace import trace_chain

CATH = CathConfig(
    labels=("1.10", "2.40", "3.30"),
    fine="4x0e+2x1e+1x2e",
    coarse="6x0e+2x1e",
    features=8,
    fine_layers=2,
)
ENVIRONMENT = EnvironmentConfig(
    size=5, embedding="4x0e+2x1e+1x2e", convolutions=(ConvConfig("6x0e+2x1e"),), hidden=(8, 9)
)

KINDS = {
    CathNet: {PlainEmbedding, PlainSparseConv, PlainNormGate},
    EnvironmentNet: {PlainEmbedding, PlainGate, PlainPathConv},
}


def stirred(network: nn.Module) -> nn.Module:
    """Give norms statistics worth folding."""
    torch.manual_seed(1)
    for norm in network.modules():
        if isinstance(norm, FieldNorm | nn.BatchNorm1d):
            for name, value in norm.state_dict().items():
                if value.is_floating_point():
                    value.uniform_(0.5, 2) if "mean" not in name else value.normal_()
    return network.eval()


def answers(network: nn.Module) -> torch.Tensor:
    torch.manual_seed(2)
    if isinstance(network, CathNet):
        walk = np.random.default_rng(0).normal(0, 3, (2, 50, 3)).cumsum(axis=1)
        offset = np.full(3, 0.3)
        drawn = [featurize_domain(trace_chain(ca), offset, network.config) for ca in walk]
        batch = DomainBatch.join(drawn)
    else:
        spec = network.config.moments
        batch = torch.rand(2, spec.n_features, spec.n_points)
    with torch.inference_mode():
        return network(batch).softmax(dim=1)


def exported_model(tmp_path, tiny_models, task):
    """A tiny model with inference weights in a folder of its own."""
    card = read_card(tiny_models / task)
    network = stirred(load_trained(card, tiny_models / task))
    digest = save_inference_weights(network, tmp_path / INFERENCE_FILE)
    card = replace(card, inference=INFERENCE_FILE, inference_sha256=digest)
    write_card(card, tmp_path)
    return card, network


@pytest.mark.parametrize("network", [CathNet(CATH), EnvironmentNet(ENVIRONMENT)])
def test_exported_weights_fit_the_network_of_plain_layers(network, tmp_path):
    expected = answers(stirred(network))
    save_inference_weights(network, tmp_path / INFERENCE_FILE)
    plain = type(network)(network.config, PlainLayers())
    load_weights(plain, tmp_path / INFERENCE_FILE)
    assert (answers(plain.eval()) - expected).abs().max() <= 1e-5
    ours = {type(m) for m in plain.modules() if type(m).__module__.startswith("protvox.nn")}
    assert ours == KINDS[type(network)]


@pytest.mark.parametrize("task", ["cath", "environment"])
def test_exported_and_trained_networks_agree(task, tmp_path, tiny_models):
    card, network = exported_model(tmp_path, tiny_models, task)
    ready = load_inference_network(read_card(tmp_path), tmp_path)
    assert (answers(ready) - answers(network)).abs().max() <= 1e-5
    assert card.inference == INFERENCE_FILE


def test_model_without_exported_weights_is_exported_when_loaded(tiny_models):
    card, network = installed.load_folder(tiny_models / "cath")
    assert card.inference is None
    trained = load_trained(card, tiny_models / "cath")
    assert (answers(network) - answers(trained)).abs().max() <= 1e-5
    assert not any(isinstance(module, FieldNorm) for module in network.modules())


def test_damaged_exported_weights_are_refused(tmp_path, tiny_models):
    card, _ = exported_model(tmp_path, tiny_models, "cath")
    path = tmp_path / INFERENCE_FILE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_inference_network(card, tmp_path)
    assert caught.value.code == "model.hash"


def test_prediction_does_not_import_e3nn(tmp_path, tiny_models, data_dir):
    for task in ("cath", "environment"):
        (tmp_path / task).mkdir()
        exported_model(tmp_path / task, tiny_models, task)
    code = (
        "import sys; from protvox.structure.io.read import read_structure\n"
        "from protvox.predict.classify import classify\n"
        "answer = classify(read_structure(sys.argv[1]))\n"
        "assert answer.domains and len(answer.residues)\n"
        "print(sorted({'e3nn', 'torch._dynamo', 'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(data_dir / "1ubi.pdb")],
        env={**os.environ, "PROTVOX_MODEL_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr
