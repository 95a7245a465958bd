"""From a training to a model folder."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch

from protvox.train.release import flatten_label_prior
from protvox.zoo.cath import CathConfig, CathNet
from protvox.zoo.elements import ElementConfig


def test_half_of_the_label_frequencies_is_divided_out():
    network = CathNet(CathConfig(labels=("1.10", "3.40")))
    before = network.classifier[-1].bias.detach().clone()
    # Three domains of the first label, one of the second, and one of neither.
    domains = SimpleNamespace(labels=np.array([0, 0, 0, 1, -1]), rows=np.arange(4))
    flatten_label_prior(network, domains, 0.5)
    change = network.classifier[-1].bias.detach() - before
    assert torch.allclose(change, torch.tensor([0.75, 0.25]).log() * -0.5, atol=1e-6)


def test_every_reader_loses_the_frequencies_once():
    shape = ElementConfig(members=2, width=4, layers=1, features=3)
    network = CathNet(CathConfig(labels=("1.10", "3.40"), elements=shape))
    last = [network.classifier[-1], *network.elements.classifiers]
    before = [layer.bias.detach().clone() for layer in last]
    domains = SimpleNamespace(labels=np.array([0, 0, 0, 1]), rows=np.arange(4))
    flatten_label_prior(network, domains, 1.0)
    for layer, bias in zip(last, before, strict=True):
        change = layer.bias.detach() - bias
        assert torch.allclose(change, -torch.tensor([0.75, 0.25]).log(), atol=1e-6)
