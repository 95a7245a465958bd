"""Low-pass pooling against torch's average pooling."""

import pytest
import torch
from torch.nn import functional

from protvox.nn import LowPassPool


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("shape", [(9, 9, 9), (8, 8, 8), (7, 8, 10), (3, 4, 5)])
def test_equals_average_pooling(shape, last):
    field = torch.randn(2, 5, *shape)
    window = [3 if n % 2 else 4 for n in shape]
    expected = functional.avg_pool3d(field, window, stride=2, padding=1)
    if last:
        field = field.contiguous(memory_format=torch.channels_last_3d)
    pooled = LowPassPool("2x0e+1x1e")(field)
    assert pooled.shape == expected.shape
    assert torch.allclose(pooled, expected, atol=1e-6)


def test_single_voxel_at_the_border():
    pooled = LowPassPool("1x0e")(torch.full((1, 1, 1, 1, 1), 27.0))
    assert pooled.shape == (1, 1, 1, 1, 1)
    assert torch.allclose(pooled, torch.ones(1))


def test_gradients():
    field = torch.randn(1, 3, 3, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(LowPassPool("1x1e"), (field,))


def test_only_stride_two_is_accepted():
    with pytest.raises(ValueError, match="stride must be 2"):
        LowPassPool("1x0e", stride=3)
