"""Field normalisation: statistics, gradients, and torch's batch norm as the oracle."""

import pytest
import torch
from torch import nn

from protvox.nn import FieldNorm

IRREPS = "3x0e+2x1e+1x2e"


def field(dtype: torch.dtype = torch.float32, last: bool = False) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(4, 14, 5, 6, 7, generator=generator, dtype=dtype)
    values = values * torch.linspace(0.5, 3, 14, dtype=dtype).view(1, -1, 1, 1, 1) + 0.7
    return values.contiguous(memory_format=torch.channels_last_3d) if last else values


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_statistics_of_the_output(dtype, last):
    output = FieldNorm(IRREPS).to(dtype)(field(dtype, last))
    scalars, vectors, tensors = output.split([3, 6, 5], dim=1)
    assert torch.allclose(scalars.mean((0, 2, 3, 4)), torch.zeros(3, dtype=dtype), atol=1e-5)
    assert torch.allclose(scalars.var((0, 2, 3, 4)), torch.ones(3, dtype=dtype), atol=2e-3)
    lengths = vectors.unflatten(1, (2, 3)).square().mean((0, 2, 3, 4, 5))
    assert torch.allclose(lengths, torch.ones(2, dtype=dtype), atol=1e-4)
    assert abs(float(tensors.square().mean()) - 1) < 1e-4
    assert output.dtype == dtype


def test_direction_is_kept():
    values = field()
    output = FieldNorm(IRREPS)(values)
    cosine = nn.functional.cosine_similarity(values[:, 3:6], output[:, 3:6], dim=1)
    assert torch.allclose(cosine, torch.ones_like(cosine), atol=1e-5)


def test_scalars_agree_with_batch_norm():
    norm, oracle = FieldNorm("5x0e", affine=True), nn.BatchNorm3d(5)
    values = field()[:, :5]
    assert torch.allclose(norm(values), oracle(values), atol=1e-5)
    assert torch.allclose(norm.running_mean, oracle.running_mean, atol=1e-6)
    # BatchNorm3d keeps the unbiased variance.
    n = values.numel() / 5
    biased = 0.9 + (oracle.running_var - 0.9) * (n - 1) / n
    assert torch.allclose(norm.running_square, biased, atol=1e-5)


def test_evaluation_uses_running_statistics():
    norm = FieldNorm(IRREPS, momentum=1.0)
    trained = norm(field())
    assert torch.allclose(norm.eval()(field()), trained, atol=1e-5)
    single = field()[:1]
    assert torch.allclose(norm(single), trained[:1], atol=1e-5)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_gradients(training, affine, last):
    norm = FieldNorm("2x0e+1x1e", affine=affine).to(torch.float64).train(training)
    norm.running_square += 0.3
    values = torch.randn(2, 5, 3, 2, 2, dtype=torch.float64)
    if last:
        values = values.contiguous(memory_format=torch.channels_last_3d)
    assert torch.autograd.gradcheck(norm, (values.requires_grad_(),))


def test_layouts_agree_and_are_kept():
    norm = FieldNorm(IRREPS)
    plain, last = norm(field()), norm(field(last=True))
    assert torch.allclose(plain, last, atol=1e-5)
    assert last.is_contiguous(memory_format=torch.channels_last_3d)
    assert plain.is_contiguous()


def test_pooled_features_are_normalised_too():
    output = FieldNorm(IRREPS)(torch.randn(64, 14) * 3)
    assert torch.allclose(output[:, :3].var(0, correction=0), torch.ones(3), atol=1e-3)


def test_constant_field_stays_finite():
    output = FieldNorm(IRREPS)(torch.full((2, 14, 3, 3, 3), 4.0))
    assert torch.isfinite(output).all()
    assert output[:, :3].abs().max() < 1e-3


def test_names_of_the_state():
    assert set(FieldNorm(IRREPS, affine=True).state_dict()) == {
        "running_mean",
        "running_square",
        "scale",
        "bias",
    }
