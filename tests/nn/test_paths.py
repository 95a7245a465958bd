"""Convolutions path by path, against the dense convolution with the same weights."""

from __future__ import annotations

import subprocess
import sys

import numba
import pytest
import torch
from e3nn import o3
from torch import nn
from torch.nn import functional

from protvox.nn import FieldNorm, Gate, PathConv3d, SteerableConv3d, export_network
from protvox.nn.equivariance import assert_equivariant
from protvox.nn.export import export_path_convolution
from protvox.nn.kernel import kernel_basis
from protvox.nn.paths import PlainPathConv, count_paths

IRREPS_IN = "3x0e+2x1e+1x2e"
IRREPS_OUT = "4x0e+3x1e+2x2e"

# Single precision, sums of up to 400 products of numbers around 1.
TOLERANCE = 2e-5


def field(irreps=IRREPS_IN, shape=(7, 6, 7), batch=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, o3.Irreps(irreps).dim, *shape, generator=generator)


def convolution(irreps_in=IRREPS_IN, irreps_out=IRREPS_OUT, size=3, **options):
    torch.manual_seed(0)
    return PathConv3d(irreps_in, irreps_out, size, **options)


def as_steerable(ours: PathConv3d) -> SteerableConv3d:
    """The convolution of `protvox.nn.conv` with the same weights, sorted by pairs of blocks."""
    layout = ours.layout
    dense = SteerableConv3d(
        ours.irreps_in, ours.irreps_out, layout.size, stride=layout.stride, padding=ours.padding
    )
    weights = iter(dense.kernel.weights)
    for out, weight in zip(ours.irreps_out, ours.weights, strict=True):
        first = 0
        for i in ours.irreps_in:
            paths = count_paths(i.ir.l, out.ir.l, layout.size)
            part = weight.detach()[first : first + i.mul * paths].view(i.mul, paths, out.mul)
            next(weights).data = part.permute(2, 0, 1).reshape(out.mul * i.mul, paths)
            first += i.mul * paths
    return dense


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(3, 1, 0), (3, 2, 0), (3, 2, 1), (5, 1, 2), (1, 1, 0)]
)
def test_equals_the_dense_steerable_convolution(size, stride, padding):
    ours = convolution(size=size, stride=stride, padding=padding)
    dense = as_steerable(ours)
    torch.testing.assert_close(ours.weight(), dense.weight(), atol=1e-6, rtol=0)
    torch.testing.assert_close(ours(field()), dense(field()), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("size", [1, 3])
def test_gradients_are_those_of_the_dense_convolution(size):
    ours, inputs = convolution(size=size, stride=2), field().requires_grad_()
    downstream = torch.randn(ours(inputs).shape, generator=torch.Generator().manual_seed(2))
    names = [inputs, *ours.weights]
    by_paths = torch.autograd.grad(ours(inputs), names, downstream)
    dense = functional.conv3d(inputs, ours.weight(), stride=2)
    for one, other in zip(by_paths, torch.autograd.grad(dense, names, downstream), strict=True):
        torch.testing.assert_close(one, other, atol=TOLERANCE, rtol=1e-5)


def test_double_precision_uses_the_dense_kernel():
    ours = convolution()
    exact = ours.double()(field().double())
    torch.testing.assert_close(convolution()(field()).double(), exact, atol=TOLERANCE, rtol=0)


def test_samples_are_independent_for_any_number_of_threads():
    ours, inputs = convolution(), field(batch=5)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = torch.cat([ours(one[None]) for one in inputs])
        numba.set_num_threads(min(2, before))
        together = ours(inputs)
    finally:
        numba.set_num_threads(before)
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


def test_layout_in_memory_does_not_matter():
    ours, inputs = convolution(), field()
    channels_last = inputs.contiguous(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(ours(channels_last), ours(inputs), atol=0, rtol=0)


def test_commutes_with_the_rotations_of_the_cube():
    assert_equivariant(convolution(stride=2).double(), size=7, tolerance=1e-10)


@pytest.mark.parametrize(("l_in", "l_out", "size"), [(0, 0, 3), (1, 2, 3), (2, 2, 5), (1, 2, 1)])
def test_number_of_paths_equals_the_size_of_the_basis(l_in, l_out, size):
    assert count_paths(l_in, l_out, size) == len(kernel_basis(l_in, l_out, size))


def test_exported_with_its_norm_it_gives_the_same_output():
    gate = Gate("4x0e+3x1e+2x2e")
    torch.manual_seed(0)
    layers = nn.Sequential(
        PathConv3d(IRREPS_IN, gate.irreps_in, 3, padding=1),
        FieldNorm(gate.irreps_in, affine=True, momentum=1.0),
        gate,
    )
    nn.init.normal_(layers[1].bias)
    layers(field())
    exported = export_network(layers)
    assert isinstance(exported[0], PlainPathConv)
    assert len(exported) == 2
    expected = layers.eval()(field())
    torch.testing.assert_close(exported(field()), expected, atol=TOLERANCE, rtol=0)
    inner = exported[0]
    empty = PlainPathConv(IRREPS_IN, "9x0e+3x1e+2x2e", 3, padding=1)
    empty.load_state_dict(inner.state_dict())
    torch.testing.assert_close(empty(field()), inner(field()), atol=0, rtol=0)


def test_export_rejects_a_norm_of_other_irreps():
    with pytest.raises(ValueError, match="cannot merge a norm"):
        export_path_convolution(convolution(), FieldNorm("4x0e"))


def test_field_smaller_than_the_kernel_is_rejected():
    with pytest.raises(ValueError, match="smaller than 3"):
        convolution()(field(shape=(2, 5, 5)))


def test_even_kernel_is_rejected():
    with pytest.raises(ValueError, match="even"):
        PathConv3d("1x0e", "1x0e", 2)


def test_inference_needs_no_e3nn():
    code = "import sys, protvox.nn.paths; sys.exit('e3nn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
