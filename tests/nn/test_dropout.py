"""Dropout removes whole irreps everywhere and keeps the mean."""

import pytest
import torch

from protvox.nn import IrrepDropout


def test_whole_fields_are_dropped_everywhere():
    torch.manual_seed(0)
    dropout = IrrepDropout("4x0e+3x1e+2x2e", 0.5)
    output = dropout(torch.ones(200, 23, 2, 3, 2))
    flat = output.flatten(2)
    assert torch.equal(flat.amin(2), flat.amax(2))
    fields = torch.cat(
        [flat[:, :4, None, 0], flat[:, 4:13, 0].unflatten(1, (3, 3)).flatten(2)[:, :, :1]], dim=1
    )
    assert set(fields.unique().tolist()) == {0.0, 2.0}
    vectors = flat[:, 4:13, 0].unflatten(1, (3, 3))
    tensors = flat[:, 13:, 0].unflatten(1, (2, 5))
    assert torch.equal(vectors.amin(2), vectors.amax(2))
    assert torch.equal(tensors.amin(2), tensors.amax(2))
    # Irreps and samples are dropped independently of each other.
    assert not torch.equal(vectors[:, 0, 0], vectors[:, 1, 0])
    assert abs(float(fields.mean()) - 1) < 0.1


def test_evaluation_and_zero_probability_do_not_drop():
    field = torch.randn(2, 4, 3, 3, 3)
    assert IrrepDropout("1x0e+1x1e", 0.9).eval()(field) is field
    assert IrrepDropout("1x0e+1x1e", 0.0)(field) is field


def test_dtype_is_kept():
    field = torch.randn(2, 4, 3, 3, 3, dtype=torch.float64)
    assert IrrepDropout("1x0e+1x1e", 0.5)(field).dtype == torch.float64


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
def test_invalid_probabilities_are_rejected(p):
    with pytest.raises(ValueError, match="below 1"):
        IrrepDropout("1x0e", p)
