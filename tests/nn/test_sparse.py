"""Layers on lattice points, against those on a full grid and under rotations."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from e3nn import o3
from torch import nn

from protvox.nn import FieldNorm, SteerableConv3d, cube_rotations, export_network
from protvox.nn.equivariance import rotation_of_channels
from protvox.nn.export import export_sparse_convolution
from protvox.nn.moments import MomentEmbedding
from protvox.nn.plain_layers import PlainEmbedding, PlainNormGate
from protvox.nn.plain_sparse import PlainSparseConv
from protvox.nn.sparse import NormGate, SparseConv
from protvox.voxel.lattice.neighbours import coarsen, neighbours

IRREPS_IN = "3x0e+2x1e+1x2e"
IRREPS_OUT = "2x0e+1x1e+2x2e"
SHAPE = (5, 4, 7)

# Float64.
TOLERANCE = 1e-12


def box_of(shape):
    return np.indices(shape).reshape(3, -1).T.astype(np.int64)


def some_sites(seed=0):
    """Two fifths of the points of a box in any order, its corners among them."""
    rng = np.random.default_rng(seed)
    box = box_of(SHAPE)
    chosen = rng.random(len(box)) < 0.4
    chosen[[0, -1]] = True
    return rng.permutation(box[chosen])


def field_on(index, irreps=IRREPS_IN, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(index), o3.Irreps(irreps).dim, dtype=torch.float64, generator=generator)


def in_box(field, index):
    """Return the field on all points of the box, 0 at inactive points."""
    box = field.new_zeros(field.shape[1], *SHAPE)
    box[(slice(None), *torch.from_numpy(index.T))] = field.T
    return box[None]


def at(box, index):
    return box[0][(slice(None), *torch.from_numpy(index.T))].T


def tables(index):
    return torch.from_numpy(neighbours(index))


@pytest.fixture
def convolutions():
    """Return a convolution on points and one on voxels with the same weights."""
    torch.manual_seed(0)
    ours = SparseConv(IRREPS_IN, IRREPS_OUT).double()
    dense = SteerableConv3d(IRREPS_IN, IRREPS_OUT, 3, padding=1).double()
    dense.load_state_dict(ours.state_dict())
    return ours, dense


def test_on_a_full_box_it_equals_the_padded_convolution(convolutions):
    ours, dense = convolutions
    index = box_of(SHAPE)
    field = field_on(index)
    expected = at(dense(in_box(field, index)), index)
    assert expected.std() > 0.1
    assert (ours(field, tables(index)) - expected).abs().max() < TOLERANCE


def test_inactive_points_are_zeros(convolutions):
    ours, dense = convolutions
    index = some_sites()
    field = field_on(index)
    expected = at(dense(in_box(field, index)), index)
    assert (ours(field, tables(index)) - expected).abs().max() < TOLERANCE


def test_coarse_lattice_has_every_other_point(convolutions):
    ours, dense = convolutions
    index = some_sites()
    field = field_on(index)
    coarse, children = coarsen(index, 6)
    # Points of the coarse lattice may lie a step outside the box.
    wide = nn.functional.pad(in_box(field, index), (0, 2) * 3)
    expected = at(dense(wide), 2 * coarse)
    assert len(coarse) > 8
    assert (ours(field, torch.from_numpy(children)) - expected).abs().max() < TOLERANCE


@pytest.mark.parametrize("rotation", cube_rotations()[1::3], ids=lambda r: str(r.int().tolist()))
def test_cube_rotations_of_points_and_fields_commute(convolutions, rotation):
    ours, _ = convolutions
    index = some_sites()
    field = field_on(index)
    before, after = (rotation_of_channels(irreps, rotation) for irreps in (IRREPS_IN, IRREPS_OUT))
    moved = index @ rotation.numpy().astype(np.int64).T
    # By an even number of points, so that the coarse lattice lies on the same ones.
    shift = -2 * (moved.min(axis=0) // 2)
    moved += shift
    expected = ours(field, tables(index)) @ after.T
    assert (ours(field @ before.T, tables(moved)) - expected).abs().max() < TOLERANCE

    coarse, children = coarsen(index, 6)
    coarse_moved, children_moved = coarsen(moved, 6)
    row = {tuple(point): n for n, point in enumerate(coarse_moved.tolist())}
    coordinates = coarse @ rotation.numpy().astype(np.int64).T + shift // 2
    order = [row[tuple(point)] for point in coordinates.tolist()]
    assert sorted(order) == list(range(len(coarse_moved)))
    expected = ours(field, torch.from_numpy(children)) @ after.T
    got = ours(field @ before.T, torch.from_numpy(children_moved))[order]
    assert (got - expected).abs().max() < TOLERANCE


def test_field_of_other_irreps_is_rejected(convolutions):
    index = some_sites()
    with pytest.raises(ValueError, match="SparseConv"):
        convolutions[0](field_on(index, "1x0e"), tables(index))


def test_norm_gate_by_hand():
    gate = NormGate("2x0e+1x1e+1x2e")
    scalars, field1, field2 = [0.3, -1.2], [0.6, 0.0, 0.8], [2.0, -1.0, 0.0, 1.0, 0.5]
    gates = [0.7, -0.4]
    got = gate(torch.tensor([[*scalars, *gates, *field1, *field2]], dtype=torch.float64))[0]

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    lengths = [np.sqrt(np.mean(np.square(f)) + 1e-4) - 0.8 for f in (field1, field2)]
    expected = [
        *(x * sigmoid(x) for x in scalars),
        *lengths,
        *(np.array(field1) * sigmoid(0.7)),
        *(np.array(field2) * sigmoid(-0.4)),
    ]
    assert np.abs(got.numpy() - expected).max() < TOLERANCE
    assert gate.irreps_in == gate.irreps_out == o3.Irreps("4x0e+1x1e+1x2e")


@pytest.mark.parametrize("seed", range(3))
def test_norm_gate_commutes_with_any_rotation(seed):
    torch.manual_seed(seed)
    gate = NormGate("3x0e+2x1e+2x2e")
    rotation_matrix = rotation_of_channels(gate.irreps_in, o3.rand_matrix(dtype=torch.float64))
    field = field_on(range(20), gate.irreps_in, seed)
    expected = gate(field) @ rotation_matrix.T
    assert (expected - gate(field)).abs().max() > 0.1
    assert (gate(field @ rotation_matrix.T) - expected).abs().max() < 1e-10


def test_norm_gate_has_a_finite_gradient_where_fields_vanish():
    gate = NormGate("2x0e+1x1e")
    field = torch.zeros(3, gate.irreps_in.dim, requires_grad=True)
    gate(field).sum().backward()
    assert torch.isfinite(field.grad).all()
    assert field.grad.abs().max() > 0


class Two(nn.Module):
    """An embedding and a convolution on points, each with its norm and gate."""

    FEEDS = (("embedding", "steps.0.0"), ("convolution", "steps.1.0"))

    def __init__(self):
        super().__init__()
        first, second = NormGate("3x0e+2x1e+1x2e"), NormGate("4x0e+1x1e")
        self.embedding = MomentEmbedding((5, 4, 3), first.irreps_in)
        self.convolution = SparseConv(first.irreps_out, second.irreps_in)
        norms = [FieldNorm(gate.irreps_in, affine=True) for gate in (first, second)]
        for norm in norms:
            norm.running_mean.normal_()
            norm.running_square.uniform_(0.5, 2)
            norm.scale.data.uniform_(0.5, 2)
            norm.bias.data.normal_()
        steps = zip(norms, (first, second), strict=True)
        self.steps = nn.ModuleList([nn.Sequential(*step) for step in steps])

    def forward(self, moments, table):
        field = self.embedding(moments.T[None], (len(moments), 1, 1)).flatten(2)[0].T
        return self.steps[1](self.convolution(self.steps[0](field), table))


def test_exported_network_gives_the_same_output():
    torch.manual_seed(0)
    network = Two().double().eval()
    index = some_sites()
    moments = torch.randn(len(index), 5 + 3 * 4 + 5 * 3, dtype=torch.float64)
    with torch.no_grad():
        expected = network(moments, tables(index))
    exported = export_network(network)
    assert (
        exported(moments, tables(index)) - expected
    ).abs().max() < TOLERANCE * expected.abs().max()
    kinds = {type(m) for m in exported.modules()} - {Two, nn.ModuleList, nn.Sequential}
    assert kinds == {PlainEmbedding, PlainSparseConv, PlainNormGate, nn.ParameterList}
    # The original still has its norms.
    assert isinstance(network.steps[1][0], FieldNorm)


def test_single_convolution_is_exported_and_mismatched_norm_rejected(convolutions):
    ours, _ = convolutions
    index = some_sites()
    plain = export_sparse_convolution(ours)
    field = field_on(index)
    with torch.no_grad():
        expected = ours(field, tables(index))
    assert (plain(field, tables(index)) - expected).abs().max() < TOLERANCE
    with pytest.raises(ValueError, match="cannot merge a norm of irreps 1x0e"):
        export_sparse_convolution(ours, FieldNorm("1x0e"))


def test_plain_layers_need_no_e3nn():
    code = (
        "import sys; sys.modules['e3nn'] = None\n"
        "import torch; from protvox.nn.plain_layers import PlainNormGate\n"
        "from protvox.nn.plain_sparse import PlainSparseConv\n"
        "gate = PlainNormGate('2x0e+1x1e', activation='silu')\n"
        "table = torch.zeros(4, 27, dtype=torch.int64)\n"
        "print(gate(PlainSparseConv('5x0e', '3x0e+1x1e')(torch.ones(3, 5), table)).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "torch.Size([4, 6])", done.stderr


def test_loaded_weights_replace_the_first(convolutions):
    """The dense kernel is kept once it is there, and must not outlive its weights."""
    plain = export_sparse_convolution(convolutions[0])
    index = some_sites()
    field = field_on(index)
    with torch.inference_mode():
        before = plain(field, tables(index))
        doubled = {
            name: 2 * value
            for name, value in plain.state_dict().items()
            if not name.startswith("bases")
        }
        plain.load_state_dict(doubled, strict=False)
        after = plain(field, tables(index))
    assert before.abs().max() > 0.01
    assert (after - 2 * before).abs().max() < TOLERANCE
