from __future__ import annotations

import pytest
import torch
from torch import nn

from protvox.errors import ModelError
from protvox.nn import FieldNorm, PathConv3d
from protvox.nn.moments import MomentEmbedding
from protvox.train.loop import LoopConfig, make_optimizers
from protvox.train.muon import Muon, mixing_matrices, orthogonalise


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (8, 8)])
def test_singular_values_come_near_one_and_directions_stay(shape):
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(shape, generator=generator, dtype=torch.float64)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    result = orthogonalise(matrix)
    found = (left.T @ result @ right.T).diagonal()
    assert values.max() / values.min() > 1.8
    # The band that the quintic iteration of Jordan et al. leaves.
    assert found.min() > 0.6
    assert found.max() < 1.3
    torch.testing.assert_close(left @ torch.diag(found) @ right, result, atol=1e-9, rtol=0)


def test_a_step_has_the_size_of_one_of_adam():
    torch.manual_seed(0)
    matrix = nn.Parameter(torch.zeros(40, 10))
    optimizer = Muon([matrix], lr=0.1, weight_decay=0.0)
    matrix.grad = 1e-4 * torch.randn(40, 10)
    optimizer.step()
    assert matrix.detach().square().mean().sqrt().item() == pytest.approx(0.1 * 0.2, rel=0.2)


def test_it_solves_least_squares():
    torch.manual_seed(0)
    inputs, target = torch.randn(200, 12), torch.randn(12, 5)
    matrix = nn.Parameter(torch.zeros(12, 5))
    optimizer = Muon([matrix], lr=0.2, weight_decay=0.0)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 200)
        loss = (inputs @ (matrix - target)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 1e-3


def test_matrices_that_mix_fields_get_muon_and_all_else_adam():
    network = nn.Sequential(
        MomentEmbedding((4, 4), "3x0e+2x1e"),
        FieldNorm("3x0e+2x1e", affine=True),
        PathConv3d("3x0e+2x1e", "5x0e", 3),
        nn.Linear(5, 2),
    )
    assert len(mixing_matrices(network)) == 3
    adam, muon = make_optimizers(network, LoopConfig(mixing_rate=4.0, learning_rate=0.01))
    assert len(muon.param_groups[0]["params"]) == 3
    assert muon.param_groups[0]["lr"] == pytest.approx(0.04)
    assert len(adam.param_groups[0]["params"]) == 4
    (alone,) = make_optimizers(network, LoopConfig())
    assert len(alone.param_groups[0]["params"]) == 7


def test_weights_without_a_gradient_stay():
    matrix = nn.Parameter(torch.ones(3, 2))
    Muon([matrix], lr=0.1, weight_decay=0.1).step()
    torch.testing.assert_close(matrix.detach(), torch.ones(3, 2))


@pytest.mark.parametrize("values", [{"beta2": 1.0}, {"mixing_rate": -1.0}])
def test_invalid_values_are_refused(values):
    with pytest.raises(ModelError):
        LoopConfig(**values)
