"""Convolution: shapes, low-pass, dtypes, messages."""

import pytest
import torch
from e3nn import o3
from torch.nn import functional

from protvox.nn import GlobalAveragePool, SteerableConv3d, blur_field, gaussian_kernel


def gaussians(centres: torch.Tensor, size: int, sigma: float) -> torch.Tensor:
    axis = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    parts = [torch.exp(-0.5 * ((axis - centres[:, d, None]) / sigma) ** 2) for d in range(3)]
    return torch.einsum("ax,ay,az->xyz", *parts)[None, None].float()


def rotation_error(low_pass: float | None) -> float:
    """Return the change of pooled rectified scalars under rotations by 5 to 40 degrees."""
    torch.manual_seed(1)
    convolution = SteerableConv3d("1x0e", "16x0e", 3, stride=2, low_pass=low_pass)
    pool = GlobalAveragePool("16x0e")
    centres = 4 * torch.rand(12, 3, dtype=torch.float64) - 2
    size = 24 + convolution.weight().shape[-1]

    def features(atoms: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return pool(functional.relu(convolution(gaussians(atoms, size, 0.5))))

    reference = features(centres)
    errors = []
    for step in range(1, 9):
        axis = torch.nn.functional.normalize(torch.randn(3, dtype=torch.float64), dim=0)
        angle = torch.tensor(step * torch.pi / 36, dtype=torch.float64)
        rotation = o3.axis_angle_to_matrix(axis, angle)
        rotated = features(centres @ rotation.T)
        errors.append(float((rotated - reference).norm() / reference.norm()))
    return sum(errors) / len(errors)


def test_low_pass_before_a_stride_reduces_aliasing():
    assert rotation_error(1.0) < 0.4 * rotation_error(None)


def test_low_pass_is_a_blur_after_the_convolution():
    convolution = SteerableConv3d("2x0e+1x1e", "1x0e+1x1e", 3, stride=2, low_pass=0.6)
    field = torch.randn(2, 5, 15, 15, 15)
    sharp = functional.conv3d(field, convolution.kernel())
    blur = gaussian_kernel(0.6).expand(4, 1, -1, -1, -1)
    expected = functional.conv3d(sharp, blur, groups=4, stride=2)
    assert torch.allclose(convolution(field), expected, atol=1e-5)


def test_equals_conv3d_with_its_own_weight_in_any_layout():
    convolution = SteerableConv3d("2x0e+1x2e", "1x0e+2x1e", 3, padding=1)
    field = torch.randn(2, 7, 6, 5, 4)
    expected = functional.conv3d(field, convolution.weight().contiguous(), padding=1)
    last = field.contiguous(memory_format=torch.channels_last_3d)
    assert torch.allclose(convolution(field), expected, atol=1e-5)
    assert torch.allclose(convolution(last), expected, atol=1e-5)


def test_layout_is_set_by_the_first_layer():
    def channels_last(field: torch.Tensor) -> bool:
        return field.is_contiguous(memory_format=torch.channels_last_3d)

    first = SteerableConv3d("1x0e", "8x0e+4x1e", 3)
    wide = SteerableConv3d("8x0e+4x1e", "8x0e+4x1e", 3)
    field = torch.randn(2, 1, 9, 9, 9)
    assert channels_last(first(field))
    assert channels_last(wide(first(field)))
    assert channels_last(wide.export()(first.export()(field)))
    assert wide(torch.randn(2, 20, 9, 9, 9)).is_contiguous()
    assert first.to(torch.float64)(field.double()).is_contiguous()


def test_casting_to_float64_samples_the_blur_again():
    convolution = SteerableConv3d("1x0e", "1x0e", 3, low_pass=0.8).to(torch.float64)
    assert torch.equal(convolution.blur, gaussian_kernel(0.8, dtype=torch.float64))
    assert abs(float(convolution.blur.sum()) - 1) < 1e-14


def test_repr_is_one_line():
    text = repr(SteerableConv3d("1x0e", "2x1e", 3, stride=2, low_pass=0.5))
    assert text == ("SteerableConv3d(1x0e -> 2x1e, size=3, stride=2, padding=0, low_pass=0.5)")


def test_wrong_channels_are_explained_with_the_irreps():
    with pytest.raises(ValueError, match=r"SteerableConv3d takes a field of irreps 1x0e\+1x1e, 4"):
        SteerableConv3d("1x0e+1x1e", "1x0e", 3)(torch.zeros(1, 5, 4, 4, 4))


def test_state_holds_weights_only():
    names = set(SteerableConv3d("1x0e+1x1e", "2x0e", 3, low_pass=0.5).state_dict())
    assert names == {"kernel.weights.0", "kernel.weights.1"}


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("padding", [0, 2, 6])
def test_low_pass_axis_by_axis_equals_the_merged_kernel(padding, last):
    convolution = SteerableConv3d(
        "2x0e+1x1e", "1x0e+1x1e", 3, stride=2, padding=padding, low_pass=1.1
    ).to(torch.float64)
    field = torch.randn(2, 5, 13, 11, 12, dtype=torch.float64)
    expected = functional.conv3d(field, convolution.weight(), stride=2, padding=padding)
    if last:
        field = field.contiguous(memory_format=torch.channels_last_3d)
    assert torch.allclose(convolution(field), expected, rtol=0, atol=1e-12)


def test_blur_keeps_constant_fields_and_the_layout():
    field = torch.ones(1, 3, 9, 9, 9).contiguous(memory_format=torch.channels_last_3d)
    blurred = blur_field(field, 0.7)
    assert blurred.shape == (1, 3, 5, 5, 5)
    assert blurred.is_contiguous(memory_format=torch.channels_last_3d)
    assert torch.allclose(blurred, torch.ones_like(blurred))
