"""Steerable moments against e3nn's harmonics in float64."""

import math

import numba
import numpy as np
import pytest
import torch
from e3nn import o3
from hypothesis import given, settings
from hypothesis import strategies as st

from protvox.errors import ModelError
from protvox.nn import cube_rotations, rotate_field
from protvox.voxel.moments import moment_loops
from protvox.voxel.moments.moments import MomentSpec, environment_moments, radial_table
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES
from protvox.voxel.rotation import random_rotations

RELEASED = MomentSpec(7, 2.0, (0.0, 1.0, 2.0, 3.0), 0.55, 2, N_ENVIRONMENT_TYPES)
SPECS = [
    MomentSpec((4, 6, 5), 3.0, (0.0, 1.75, 3.5, 5.25), 1.0, 2, 3),
    MomentSpec(4, 1.5, (1.0, 2.0, 3.5), 0.7, 2, 2),
    MomentSpec(5, 1.0, (0.0, 1.5), 0.6, 1, 2),
    MomentSpec(3, 2.0, (0.0,), 0.8, 0, 1),
]
ONE = SPECS[0]

# Float32 against float64.
TOLERANCE = 3e-5


def without_centre(coordinates, kind, ranges, axes, spec):
    """Return the moments in frames that belong to no residue, so that no atom is ignored."""
    nobody = np.full(len(ranges), -1)
    origin, residues = np.zeros((len(ranges), 3)), np.zeros(len(kind))
    return environment_moments(coordinates, kind, residues, ranges, nobody, origin, axes, spec)


def one_domain(coordinates, kind, spec, axes=None):
    axes = np.eye(3, dtype=np.float32) if axes is None else axes
    return without_centre(coordinates, kind, [[0, len(kind)]], axes[None], spec)[0]


def as_field(moments, spec):
    """Convert the layout ``degree (component pair)`` to e3nn's ``degree (pair component)``."""
    fields, irreps, first = [], [], 0
    for degree in spec.degrees:
        pairs = spec.n_types * len(spec.shells_of(degree))
        part = moments[first : first + (2 * degree + 1) * pairs]
        first += len(part)
        fields.append(part.reshape(2 * degree + 1, pairs, -1).swapaxes(0, 1).reshape(len(part), -1))
        irreps.append((pairs, (degree, 1)))
    field = torch.from_numpy(np.concatenate(fields).astype(np.float64))
    return field.unflatten(1, spec.shape)[None], o3.Irreps(irreps)


def random_atoms(spec, n, seed):
    rng = np.random.default_rng(seed)
    size = np.array(spec.shape) * spec.spacing + 2 * spec.cutoff
    coordinates = (rng.uniform(-0.5, 0.5, (n, 3)) * size).astype(np.float32)
    return coordinates, rng.integers(0, spec.n_types, n).astype(np.uint8)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_equals_the_definition(spec, direct_moments):
    coordinates, kind = random_atoms(spec, 120, seed=1)
    expected = direct_moments(coordinates, kind, spec)
    got = one_domain(coordinates, kind, spec)
    assert got.shape == (spec.n_features, spec.n_points)
    assert np.abs(expected).max() > 0.5
    assert np.abs(got - expected).max() < TOLERANCE


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_any_atoms_in_any_frame_equal_the_definition(direct_moments, seed, n):
    coordinates, kind = random_atoms(ONE, n, seed)
    axes = random_rotations(1, np.random.default_rng(seed))[0]
    expected = direct_moments(coordinates @ axes.T, kind, ONE)
    assert np.abs(one_domain(coordinates, kind, ONE, axes) - expected).max() < TOLERANCE


def test_radial_table_is_the_gaussian_shell_that_ends_smoothly():
    table = radial_table(RELEASED)
    r = np.sqrt(np.linspace(0, RELEASED.cutoff**2, table.shape[1]))
    for shell, row in zip(RELEASED.shells, table, strict=True):
        end = 1 - (r / RELEASED.cutoff) ** 6
        expected = np.exp(-((r - shell) ** 2) / (2 * 0.55**2)) * end
        assert np.abs(row - expected).max() < 1e-6
        assert row[-1] == 0


def test_cube_rotations_of_the_atoms_rotate_the_field():
    spec = MomentSpec(5, 3.0, ONE.shells, ONE.sigma, 2, 3)
    coordinates, kind = random_atoms(spec, 100, seed=4)
    field, irreps = as_field(one_domain(coordinates, kind, spec), spec)
    for rotation in cube_rotations().double():
        matrix = rotation.numpy().astype(np.float32)
        expected = rotate_field(field, irreps, rotation)
        for got in (
            one_domain(coordinates @ matrix.T, kind, spec),
            one_domain(coordinates, kind, spec, axes=matrix),
        ):
            assert (as_field(got, spec)[0] - expected).abs().max() < 1e-4


def test_structures_of_a_batch_are_independent():
    parts = [random_atoms(ONE, n, seed=n) for n in (150, 0, 33, 70)]
    ends = np.cumsum([0] + [len(kind) for _, kind in parts])
    got = without_centre(
        np.concatenate([xyz for xyz, _ in parts]),
        np.concatenate([kind for _, kind in parts]),
        np.stack([ends[:-1], ends[1:]], axis=1),
        np.tile(np.eye(3), (4, 1, 1)),
        ONE,
    )
    for moments, (xyz, kind) in zip(got, parts, strict=True):
        assert np.array_equal(moments, one_domain(xyz, kind, ONE))
    assert not got[1].any()


def test_works_without_a_cache_folder(monkeypatch):
    compile_plain = numba.njit

    def without_cache(*arguments, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_plain(*arguments, **options)

    spec = SPECS[-1]
    coordinates, kind = random_atoms(spec, 20, seed=6)
    expected = one_domain(coordinates, kind, spec)
    moment_loops.moment_filler.cache_clear()
    try:
        monkeypatch.setattr(numba, "njit", without_cache)
        assert np.allclose(one_domain(coordinates, kind, spec), expected, atol=1e-6)
    finally:
        moment_loops.moment_filler.cache_clear()


def test_atoms_and_frames_that_are_not_finite_contribute_nothing():
    coordinates, kind = random_atoms(ONE, 40, seed=7)
    expected = one_domain(coordinates, kind, ONE)
    bad = np.array([[math.nan, 0, 0], [0, math.inf, 0], [0, 0, 1e30], [0, 0, 0]], np.float32)
    more = np.concatenate([coordinates, bad]), np.concatenate([kind, [0, 1, 2, 255]])
    assert np.array_equal(one_domain(*more, ONE), expected)
    lost = np.full((3, 3), math.nan, dtype=np.float32)
    assert not one_domain(coordinates, kind, ONE, lost).any()


def test_atom_at_a_point_has_no_direction():
    spec = MomentSpec(3, 2.0, (0.0, 1.5), 0.6, 2, 1)
    moments = one_domain(np.zeros((1, 3), np.float32), np.zeros(1, np.uint8), spec)
    assert moments[0, 13] == pytest.approx(1)
    assert not moments[2:, 13].any()


def test_out_is_overwritten_and_may_be_empty():
    coordinates, kind = random_atoms(ONE, 40, seed=8)
    out = np.full((1, ONE.n_features, ONE.n_points), np.nan, dtype=np.float32)
    arguments = (
        coordinates,
        kind,
        np.zeros(40),
        [[0, 40]],
        [-1],
        np.zeros((1, 3)),
        np.eye(3)[None],
        ONE,
    )
    assert environment_moments(*arguments, out=out) is out
    assert np.array_equal(out[0], one_domain(coordinates, kind, ONE))
    none = without_centre(coordinates, kind, np.zeros((0, 2)), np.zeros((0, 3, 3)), ONE)
    assert none.shape == (0, ONE.n_features, ONE.n_points)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"atom_type": np.zeros(9)}, "atom_type has shape"),
        ({"atom_range": [[0, 41]]}, "within the 40 atoms"),
        ({"atom_range": [[-1, 40]]}, "within the 40 atoms"),
        ({"atom_range": [[30, 20]]}, "within the 40 atoms"),
        ({"origin": np.zeros((2, 3))}, "origin has shape"),
        ({"out": np.zeros((1, 2, 3), np.float32)}, "out has shape"),
        ({"out": np.zeros((1, ONE.n_features, ONE.n_points))}, "C-contiguous float32"),
    ],
)
def test_inconsistent_arrays_are_rejected(change, message):
    coordinates, kind = random_atoms(ONE, 40, seed=9)
    arguments = {
        "coordinates": coordinates,
        "atom_type": kind,
        "atom_residue": np.zeros(40),
        "atom_range": [[0, 40]],
        "residue": [-1],
        "origin": np.zeros((1, 3)),
        "axes": np.eye(3)[None],
        "spec": ONE,
    } | change
    with pytest.raises(ModelError, match=message) as caught:
        environment_moments(**arguments)
    assert caught.value.code == "voxel.arrays"


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"spacing": 0.0},
        {"sigma": -1.0},
        {"n_types": 0},
        {"max_degree": 3},
        {"shells": ()},
        {"shells": (2.0, 1.0)},
        {"shells": (-1.0, 1.0)},
    ],
)
def test_invalid_specifications_are_rejected(change):
    good = {
        "size": 3,
        "spacing": 1.0,
        "shells": (0.0,),
        "sigma": 1.0,
        "max_degree": 1,
        "n_types": 1,
    }
    MomentSpec(**good)
    with pytest.raises(ModelError):
        MomentSpec(**good | change)
