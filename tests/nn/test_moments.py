"""The learned mixing of moments, against e3nn's linear layer."""

import numpy as np
import pytest
import torch
from e3nn import o3

from protvox.nn import cube_rotations, rotate_field
from protvox.nn.moments import MomentEmbedding
from protvox.voxel.moments.moments import MomentSpec, environment_moments

PAIRS = (8, 6, 4)
IRREPS = "5x0e+2x2e+3x1e+1x0e"
SHAPE = (2, 3, 4)


def as_field(moments, degrees):
    """Convert the layout ``degree (component pair)`` into e3nn's ``degree (pair component)``."""
    parts, first = [], 0
    for degree, pairs in enumerate(degrees):
        n = (2 * degree + 1) * pairs
        part = moments[:, first : first + n].unflatten(1, (2 * degree + 1, pairs))
        parts.append(part.transpose(1, 2).flatten(1, 2))
        first += n
    return torch.cat(parts, dim=1)


def as_moments(field, degrees):
    """Undo `as_field`."""
    parts, first = [], 0
    for degree, pairs in enumerate(degrees):
        n = (2 * degree + 1) * pairs
        part = field[:, first : first + n].unflatten(1, (pairs, 2 * degree + 1))
        parts.append(part.transpose(1, 2).flatten(1, 2))
        first += n
    return torch.cat(parts, dim=1)


def moments_of(coordinates, kind, spec):
    """Moments around the origin, in a frame that belongs to no residue."""
    return environment_moments(
        coordinates,
        kind,
        np.zeros(len(kind)),
        [[0, len(kind)]],
        [-1],
        np.zeros((1, 3)),
        np.eye(3)[None],
        spec,
    )


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return MomentEmbedding(PAIRS, IRREPS).double()


@pytest.fixture
def moments(layer):
    torch.manual_seed(1)
    return torch.randn(3, layer.irreps_in.dim, 24, dtype=torch.float64)


def test_equals_e3nns_linear_layer(layer, moments):
    linear = o3.Linear(layer.irreps_in, layer.irreps_out).double()
    with torch.no_grad():
        for instruction, weight in zip(
            sorted(linear.instructions, key=lambda i: i.i_out), layer.weights, strict=True
        ):
            index = linear.instructions.index(instruction)
            linear.weight_view_for_instruction(index).copy_(weight / instruction.path_weight)
    expected = linear(as_field(moments, PAIRS).transpose(1, 2)).transpose(1, 2)
    got = layer(moments, SHAPE)
    assert got.shape == (3, layer.irreps_out.dim, *SHAPE)
    assert (got.flatten(2) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_rotated_moments_give_the_rotated_field(layer, moments, seed):
    torch.manual_seed(seed)
    rotation = o3.rand_matrix(dtype=torch.float64)
    rotated = layer.irreps_in.D_from_matrix(rotation) @ as_field(moments, PAIRS)
    got = layer(as_moments(rotated, PAIRS), SHAPE).flatten(2)
    expected = layer.irreps_out.D_from_matrix(rotation) @ layer(moments, SHAPE).flatten(2)
    assert (got - expected).abs().max() < 1e-10


def test_equals_the_first_steerable_convolution_of_the_atoms():
    # Atoms at voxel centres are densities of single voxels, so a convolution with kernels
    # radial x harmonic is a sum over atoms, as the moments are.
    spec = MomentSpec(5, 1.0, (0.0, 1.0), 0.6, 2, 2)
    rng = np.random.default_rng(3)
    density = (rng.random((1, 2, 9, 9, 9)) < 0.1).astype(np.float32)
    kind, *position = np.nonzero(density[0])
    atoms = np.stack(position, axis=1).astype(np.float32) - 4
    moments = moments_of(atoms, kind, spec)
    # The kernel of the convolution is the response to one atom of each type.
    layer = MomentEmbedding((4, 2, 2), "3x0e+1x1e+1x2e")
    kernel = []
    for channel in range(2):
        single = moments_of(np.zeros((1, 3)), np.array([channel]), spec)
        # The response at a point to an atom is the response of the atom at the mirrored point.
        kernel.append(layer(torch.from_numpy(single), spec.shape)[0].flip(1, 2, 3))
    weight = torch.stack(kernel, dim=1)
    expected = torch.nn.functional.conv3d(torch.from_numpy(density), weight)
    assert spec.cutoff < 3
    assert (layer(torch.from_numpy(moments), spec.shape) - expected).abs().max() < 1e-4
    # That kernel obeys the constraint of steerable kernels: it is invariant to rotation.
    field = weight.transpose(0, 1)
    for rotation in cube_rotations():
        assert (rotate_field(field, layer.irreps_out, rotation) - field).abs().max() < 1e-5


def test_weights_learn(layer, moments):
    layer(moments, SHAPE).square().sum().backward()
    assert all(weight.grad.abs().max() > 0 for weight in layer.weights)


def test_names_and_shapes_of_the_weights_are_kept():
    state = MomentEmbedding((64, 48, 48), "32x0e+8x1e+8x2e").state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == {
        "weights.0": (64, 32),
        "weights.1": (48, 8),
        "weights.2": (48, 8),
    }


def test_repr_is_one_line_with_the_irreps(layer):
    assert repr(layer).startswith("MomentEmbedding(")
    assert "8x0e+6x1e+4x2e -> 5x0e+2x2e+3x1e+1x0e" in layer.extra_repr()


def test_degrees_without_moments_are_rejected():
    with pytest.raises(ValueError, match="up to l=2"):
        MomentEmbedding(PAIRS, "1x3e")


def test_moments_of_another_shape_are_rejected(layer, moments):
    with pytest.raises(ValueError, match=f"{layer.irreps_in.dim} features x 8 points"):
        layer(moments, (2, 2, 2))
