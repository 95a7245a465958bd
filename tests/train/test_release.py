"""From a training to a model folder."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch

from protvox.train.release import flatten_label_prior
from protvox.zoo.cath import CathConfig, CathNet


def test_half_of_the_label_frequencies_is_divided_out():
    network = CathNet(CathConfig(labels=("1.10", "3.40")))
    before = network.classifier[-1].bias.detach().clone()
    # Three domains of the first label, one of the second, and one of neither.
    domains = SimpleNamespace(labels=np.array([0, 0, 0, 1, -1]), rows=np.arange(4))
    flatten_label_prior(network, domains, 0.5)
    change = network.classifier[-1].bias.detach() - before
    assert torch.allclose(change, torch.tensor([0.75, 0.25]).log() * -0.5, atol=1e-6)
