"""Pooling and invariants, by hand."""

import torch
from e3nn import o3

from protvox.nn import CentrePool, GlobalAveragePool, Invariants


def test_average_over_everything():
    field = torch.randn(2, 4, 3, 4, 5)
    expected = field.mean((2, 3, 4))
    assert torch.allclose(GlobalAveragePool("1x0e+1x1e")(field), expected, atol=1e-6)


def test_masked_voxels_are_ignored():
    field = torch.randn(2, 4, 6, 6, 6)
    mask = torch.zeros(2, 6, 6, 6, dtype=torch.bool)
    mask[0, :3, :4, :5] = True
    pooled = GlobalAveragePool("1x0e+1x1e")(field, mask)
    assert torch.allclose(pooled[0], field[0, :, :3, :4, :5].mean((1, 2, 3)), atol=1e-6)
    assert torch.equal(pooled[1], torch.zeros(4))
    last = field.contiguous(memory_format=torch.channels_last_3d)
    assert torch.allclose(GlobalAveragePool("1x0e+1x1e")(last, mask), pooled, atol=1e-6)


def test_centre_of_odd_and_even_grids():
    field = torch.randn(2, 4, 5, 5, 5)
    assert torch.equal(CentrePool("1x0e+1x1e")(field), field[:, :, 2, 2, 2])
    even = CentrePool("1x0e+1x1e")(field[..., :4, :4, :4])
    assert torch.allclose(even, field[..., 1:3, 1:3, 1:3].mean((2, 3, 4)))


def test_invariants_of_a_rotated_vector():
    module = Invariants("2x0e+2x1e+1x2e")
    assert str(module.irreps_out) == "2x0e+2x0e+1x0e"
    features = torch.randn(3, 13, dtype=torch.float64)
    rotation = module.irreps_in.D_from_matrix(o3.rand_matrix(dtype=torch.float64))
    assert torch.allclose(module(features @ rotation.T), module(features), atol=1e-9)
    assert torch.allclose(module(features)[:, 2], features[:, 2:5].norm(dim=1))
    assert torch.allclose(module(features)[:, 4], features[:, 8:].norm(dim=1))


def test_invariants_of_zero_have_a_finite_gradient():
    features = torch.zeros(1, 3, requires_grad=True)
    Invariants("1x1e")(features).sum().backward()
    assert torch.isfinite(features.grad).all()
