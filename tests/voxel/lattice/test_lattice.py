"""Moments at active points against e3nn's harmonics in float64, by direct summation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from e3nn import o3
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from protvox.errors import InputError, ModelError
from protvox.nn import cube_rotations
from protvox.structure.geometry.ca_trace import trace_chain
from protvox.structure.io.read import read_structure
from protvox.voxel.lattice.lattice import STATES, SparseGrid, active_points
from protvox.voxel.rotation import random_rotations

SPECS = [
    SparseGrid(6.0, 4.5, (0.0, 1.75, 3.5, 5.25), 1.0, (0.0, 4.0), 2.0, 8.5),
    SparseGrid(4.0, 5.0, (1.0, 3.0), 0.8, (2.0,), 1.5, 6.0),
    SparseGrid(5.0, 3.0, (0.0,), 1.5, (0.0, 2.0, 4.0), 1.0, 7.0),
]
RELEASED = SPECS[0]
OFFSET = np.array([0.3, -0.2, 0.45])

# Float32 against float64, for sums of about ten terms of up to 4.
TOLERANCE = 2e-4


@pytest.fixture(scope="module")
def ca(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    points = structure.backbone()[:, 1]
    points = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    return points - points.mean(axis=0)


def chain(seed, n):
    """Return a random walk with bonds of 3.8 Å and a break in the middle."""
    steps = np.random.default_rng(seed).normal(size=(n, 3))
    steps *= 3.8 / np.linalg.norm(steps, axis=1, keepdims=True)
    steps[n // 2] *= 2
    return np.cumsum(steps, axis=0)


def lattice_coordinates(active, coordinates, offset, spec):
    """Return the coordinates of active points on the infinite lattice."""
    low = np.floor(
        (coordinates.astype(np.float32).min(axis=0) - spec.max_ca_distance) / spec.spacing - offset
    )
    return active.index + low.astype(np.int64)


def harmonics(degree, vectors):
    vectors = torch.from_numpy(np.asarray(vectors, dtype=np.float64))
    return o3.spherical_harmonics(degree, vectors, True, "component").numpy()


def direct_moments(trace, points, spec):
    """Return ``point component moment`` for every degree, from the definition."""
    vectors = trace.coordinates.astype(np.float64) - points[:, None]
    distance = np.linalg.norm(vectors, axis=2)
    fade = np.where(distance < spec.cutoff, 1 - (distance / spec.cutoff) ** 6, 0)

    def on_shells(shells, sigma):
        radii = np.array(shells)[:, None, None]
        return np.exp(-0.5 * ((distance - radii) / sigma) ** 2) * fade

    shells = on_shells(spec.shells, spec.sigma)
    outer = shells[[radius > 0 for radius in spec.shells]]
    on_directions = on_shells(spec.direction_shells, spec.direction_sigma)
    state = np.eye(STATES)[trace.secondary]
    known = state * trace.directed[:, None]
    moments = []
    for degree in range(3):
        y = harmonics(degree, vectors)
        radial = shells if degree == 0 else outer
        blocks = [np.einsum("spr,prm,rt->pmts", radial, y, state)]
        directions = [(), (trace.tangent,), (trace.tangent, trace.normal)][degree]
        for direction in directions:
            y = harmonics(degree, direction)
            blocks.append(np.einsum("spr,rm,rt->pmts", on_directions, y, known))
        parts = [block.reshape(len(points), 2 * degree + 1, -1) for block in blocks]
        moments.append(np.concatenate(parts, axis=2))
    return moments


def by_degree(moments, spec):
    """Split ``point feature`` into ``point component moment`` for every degree."""
    widths = [(2 * degree + 1) * n for degree, n in enumerate(spec.degrees)]
    parts = np.split(moments, np.cumsum(widths)[:-1], axis=1)
    return [p.reshape(len(p), 2 * degree + 1, -1) for degree, p in enumerate(parts)]


def assert_same(got, expected):
    for one, two in zip(got, expected, strict=True):
        assert one.shape == two.shape
        assert np.abs(two).max() > 0.5
        assert np.abs(one - two).max() < TOLERANCE


def rotated(moments, rotation):
    """Rotate moments by the matrices of their degrees."""
    matrices = [o3.Irrep(d, 1).D_from_matrix(torch.from_numpy(rotation)) for d in range(3)]
    return [np.einsum("mn,snp->smp", d.numpy(), m) for d, m in zip(matrices, moments, strict=True)]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_moments_of_a_real_chain_equal_the_definition(ca, spec):
    trace = trace_chain(ca)
    assert len(set(trace.secondary.tolist())) == STATES
    active = active_points(trace, OFFSET, spec)
    points = (lattice_coordinates(active, ca, OFFSET, spec) + OFFSET) * spec.spacing
    assert active.moments.shape == (len(points), spec.n_features)
    assert_same(by_degree(active.moments, spec), direct_moments(trace, points, spec))


@given(st.integers(0, 2**32 - 1), st.integers(1, 25))
@settings(max_examples=20, deadline=None)
def test_moments_of_any_chain_equal_the_definition(seed, n):
    ca = chain(seed, n)
    offset = np.random.default_rng(seed).uniform(-0.5, 0.5, 3)
    trace, spec = trace_chain(ca), SPECS[1]
    active = active_points(trace, offset, spec)
    points = (lattice_coordinates(active, ca, offset, spec) + offset) * spec.spacing
    expected = direct_moments(trace, points, spec)
    for one, two in zip(by_degree(active.moments, spec), expected, strict=True):
        assert np.abs(one - two).max(initial=0) < TOLERANCE


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_active_points_are_all_points_near_a_ca_atom(ca, spec):
    active = active_points(trace_chain(ca), OFFSET, spec)
    found = {tuple(point) for point in lattice_coordinates(active, ca, OFFSET, spec).tolist()}
    line = np.arange(-15, 16)
    everything = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    distance, _ = cKDTree(ca).query((everything + OFFSET) * spec.spacing)
    # No point is so close to the limit that rounding matters.
    assert np.abs(distance - spec.max_ca_distance).min() > 1e-4
    assert found == {tuple(point) for point in everything[distance < spec.max_ca_distance].tolist()}
    assert len(found) == len(active.index)
    assert active.index.min() >= 0


def test_cube_rotations_rotate_points_and_moments(ca):
    first = active_points(trace_chain(ca), OFFSET, RELEASED)
    coordinates = lattice_coordinates(first, ca, OFFSET, RELEASED)
    moments = by_degree(first.moments, RELEASED)
    for rotation in cube_rotations().numpy()[1::5]:
        moved, offset = ca @ rotation.T, OFFSET @ rotation.T
        second = active_points(trace_chain(moved), offset, RELEASED)
        found = lattice_coordinates(second, moved, offset, RELEASED).tolist()
        row = {tuple(point): n for n, point in enumerate(found)}
        order = [
            row[tuple(point)] for point in np.rint(coordinates @ rotation.T).astype(int).tolist()
        ]
        assert sorted(order) == list(range(len(found)))
        got = [part[order] for part in by_degree(second.moments, RELEASED)]
        assert_same(got, rotated(moments, rotation))


def test_rotation_about_a_point_rotates_its_moments(ca):
    no_offset = np.zeros(3)

    def at_origin(coordinates):
        active = active_points(trace_chain(coordinates), no_offset, RELEASED)
        points = lattice_coordinates(active, coordinates, no_offset, RELEASED)
        (row,) = np.flatnonzero((points == 0).all(axis=1))
        return by_degree(active.moments[row : row + 1], RELEASED)

    for residue, rotation in zip(
        (5, 30, 60), random_rotations(3, np.random.default_rng(1)), strict=True
    ):
        shifted = ca - ca[residue] + [1.0, -1.5, 0.5]
        expected = rotated(at_origin(shifted), rotation.astype(np.float64))
        assert_same(at_origin(shifted @ rotation.T.astype(np.float64)), expected)


def test_mirrored_chain_has_different_moments(ca):
    mirror = np.array([1, 1, -1])
    first, second = (
        active_points(trace_chain(points), offset, RELEASED)
        for points, offset in ((ca, OFFSET), (ca * mirror, OFFSET * mirror))
    )
    # l = 0 depends on handedness only through the states: mirrored helices are not assigned.
    total = [by_degree(active.moments, RELEASED)[0].sum(axis=(0, 1)) for active in (first, second)]
    assert np.abs(total[0] - total[1]).max() > 1


def test_contributions_vanish_at_the_cutoff():
    spec = SparseGrid(30.0, 12.0, (0.0, 8.0), 1.0, (8.0,), 1.0, 8.5)

    def largest_moment(distance):
        trace = trace_chain(np.array([[distance, 0, 0]]))
        active = active_points(trace, np.zeros(3), spec)
        (row,) = np.flatnonzero(
            (lattice_coordinates(active, trace.coordinates, np.zeros(3), spec) == 0).all(axis=1)
        )
        return np.abs(active.moments[row]).max()

    assert largest_moment(8.0) > 0.3
    assert 0 < largest_moment(8.499) < 2e-3
    assert largest_moment(8.501) == 0


def test_moments_are_continuous(ca):
    """A shift of 0.001 Å changes moments little, although points become active or inactive."""
    spec = dataclasses.replace(RELEASED, max_ca_distance=7.0)
    first, second = (active_points(trace_chain(ca + dx), OFFSET, spec) for dx in (0, 1e-3))
    coordinates = [
        lattice_coordinates(s, ca + dx, OFFSET, spec) for s, dx in ((first, 0), (second, 1e-3))
    ]
    row = {tuple(point): n for n, point in enumerate(coordinates[1].tolist())}
    pairs = [(n, row[tuple(p)]) for n, p in enumerate(coordinates[0].tolist()) if tuple(p) in row]
    one, two = np.array(pairs).T
    difference = np.abs(first.moments[one] - second.moments[two])
    assert len(one) > 100
    assert 0 < difference.max() < 0.02


def test_empty_and_very_large_domains_are_rejected(ca):
    with pytest.raises(InputError) as caught:
        active_points(trace_chain(np.zeros((0, 3))), OFFSET, RELEASED, name="x.pdb, A")
    assert caught.value.code == "domain.empty"
    assert "x.pdb, A" in str(caught.value)
    box = active_points(trace_chain(ca), OFFSET, RELEASED).index.max(axis=0) + 1
    points = int((box + 2).prod())
    active_points(trace_chain(ca), OFFSET, RELEASED, maximum=points)
    for coordinates, most in ((ca, 50), (ca * 1e12, 10**5), (ca * 1e18, 10**5)):
        with pytest.raises(InputError) as caught:
            active_points(trace_chain(coordinates), OFFSET, RELEASED, maximum=most, name="x.pdb, A")
        assert caught.value.code == "domain.too_large"
        assert "x.pdb, A" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"spacing": 0.0},
        {"max_ca_distance": -1.0},
        {"sigma": 0.0},
        {"direction_sigma": 0.0},
        {"cutoff": 0.0},
        {"shells": ()},
        {"shells": (2.0, 1.0)},
        {"shells": (1.0, 1.0)},
        {"direction_shells": (-1.0,)},
    ],
)
def test_invalid_specifications_are_rejected(change):
    with pytest.raises(ModelError):
        dataclasses.replace(RELEASED, **change)
