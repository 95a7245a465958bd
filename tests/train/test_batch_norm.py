"""Running statistics become the means over the batches given."""

from __future__ import annotations

import torch
from torch import nn

from protvox.nn import FieldNorm
from protvox.train.batch_norm import reestimate_batch_norm


def test_statistics_of_both_kinds_of_norms_are_estimated_again():
    torch.manual_seed(0)
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    network[0].running_mean.fill_(100.0)
    batches = [torch.randn(8, 3) + shift for shift in (0.0, 1.0, 5.0)]
    reestimate_batch_norm(network, batches)
    means = torch.stack([batch.mean(dim=0) for batch in batches])
    variances = torch.stack([batch.var(dim=0) for batch in batches])
    assert torch.allclose(network[0].running_mean, means.mean(dim=0), atol=1e-5)
    assert torch.allclose(network[0].running_var, variances.mean(dim=0), atol=1e-5)
    assert network[0].momentum == 0.1
    assert not any(part.training for part in network.modules())


def test_field_norms_are_included():
    torch.manual_seed(0)
    norm = FieldNorm("2x0e+1x1e", momentum=0.05)
    batches = [torch.randn(4, 5, 3, 3, 3) + shift for shift in (0.0, 2.0)]
    reestimate_batch_norm(norm, batches)
    scalars = torch.stack([batch[:, :2].mean(dim=(0, 2, 3, 4)) for batch in batches])
    assert torch.allclose(norm.running_mean, scalars.mean(dim=0), atol=1e-5)
    assert norm.momentum == 0.05
    assert not norm.training
