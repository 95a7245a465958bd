"""Moments on sites against e3nn's harmonics in float64, every residue at every point."""

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

# Float32 against float64, sums of some ten terms of up to 4.
TOLERANCE = 2e-4


@pytest.fixture(scope="module")
def ca(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    points = structure.backbone()[:, 1]
    points = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    return points - points.mean(axis=0)


def chain(seed, n):
    """A random walk with bonds of 3.8 Å and a break in the middle."""
    steps = np.random.default_rng(seed).normal(size=(n, 3))
    steps *= 3.8 / np.linalg.norm(steps, axis=1, keepdims=True)
    steps[n // 2] *= 2
    return np.cumsum(steps, axis=0)


def lattice_places(sites, coordinates, offset, spec):
    """Places of sites on the whole lattice, rather than from the corner of their box."""
    low = np.floor(
        (coordinates.astype(np.float32).min(axis=0) - spec.max_ca_distance) / spec.spacing - offset
    )
    return sites.index + low.astype(np.int64)


def harmonics(degree, vectors):
    vectors = torch.from_numpy(np.asarray(vectors, dtype=np.float64))
    return o3.spherical_harmonics(degree, vectors, True, "component").numpy()


def direct_moments(trace, points, spec):
    """Return a list of ``site component moment`` by degree, from the definition."""
    way = trace.coordinates.astype(np.float64) - points[:, None]
    distance = np.linalg.norm(way, axis=2)
    fade = np.where(distance < spec.cutoff, 1 - (distance / spec.cutoff) ** 6, 0)

    def on_shells(shells, sigma):
        radii = np.array(shells)[:, None, None]
        return np.exp(-0.5 * ((distance - radii) / sigma) ** 2) * fade

    shells = on_shells(spec.shells, spec.sigma)
    outer = shells[[radius > 0 for radius in spec.shells]]
    ways = on_shells(spec.direction_shells, spec.direction_sigma)
    state = np.eye(STATES)[trace.secondary]
    known = state * trace.directed[:, None]
    moments = []
    for degree in range(3):
        y = harmonics(degree, way)
        radial = shells if degree == 0 else outer
        blocks = [np.einsum("spr,prm,rt->pmts", radial, y, state)]
        directions = [(), (trace.tangent,), (trace.tangent, trace.normal)][degree]
        for direction in directions:
            y = harmonics(degree, direction)
            blocks.append(np.einsum("spr,rm,rt->pmts", ways, y, known))
        parts = [block.reshape(len(points), 2 * degree + 1, -1) for block in blocks]
        moments.append(np.concatenate(parts, axis=2))
    return moments


def by_degree(moments, spec):
    """Split ``site feature`` into ``site component moment`` for every degree."""
    widths = [(2 * degree + 1) * n for degree, n in enumerate(spec.degrees)]
    parts = np.split(moments, np.cumsum(widths)[:-1], axis=1)
    return [p.reshape(len(p), 2 * degree + 1, -1) for degree, p in enumerate(parts)]


def assert_same(got, expected):
    for one, two in zip(got, expected, strict=True):
        assert one.shape == two.shape
        assert np.abs(two).max() > 0.5
        assert np.abs(one - two).max() < TOLERANCE


def turned(moments, rotation):
    """Rotate moments by the matrices of their degrees."""
    matrices = [o3.Irrep(d, 1).D_from_matrix(torch.from_numpy(rotation)) for d in range(3)]
    return [np.einsum("mn,snp->smp", d.numpy(), m) for d, m in zip(matrices, moments, strict=True)]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_moments_of_a_real_chain_equal_the_definition(ca, spec):
    trace = trace_chain(ca)
    assert len(set(trace.secondary.tolist())) == STATES
    sites = active_points(trace, OFFSET, spec)
    points = (lattice_places(sites, ca, OFFSET, spec) + OFFSET) * spec.spacing
    assert sites.moments.shape == (len(points), spec.n_features)
    assert_same(by_degree(sites.moments, spec), direct_moments(trace, points, spec))


@given(st.integers(0, 2**32 - 1), st.integers(1, 25))
@settings(max_examples=20, deadline=None)
def test_moments_of_any_chain_equal_the_definition(seed, n):
    ca = chain(seed, n)
    offset = np.random.default_rng(seed).uniform(-0.5, 0.5, 3)
    trace, spec = trace_chain(ca), SPECS[1]
    sites = active_points(trace, offset, spec)
    points = (lattice_places(sites, ca, offset, spec) + offset) * spec.spacing
    expected = direct_moments(trace, points, spec)
    for one, two in zip(by_degree(sites.moments, spec), expected, strict=True):
        assert np.abs(one - two).max(initial=0) < TOLERANCE


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_sites_are_all_points_within_reach(ca, spec):
    sites = active_points(trace_chain(ca), OFFSET, spec)
    found = {tuple(place) for place in lattice_places(sites, ca, OFFSET, spec).tolist()}
    line = np.arange(-15, 16)
    everything = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    distance, _ = cKDTree(ca).query((everything + OFFSET) * spec.spacing)
    # No point lies so close to the border that rounding could decide.
    assert np.abs(distance - spec.max_ca_distance).min() > 1e-4
    assert found == {tuple(place) for place in everything[distance < spec.max_ca_distance].tolist()}
    assert len(found) == len(sites.index)
    assert sites.index.min() >= 0


def test_cube_rotations_turn_sites_and_moments(ca):
    first = active_points(trace_chain(ca), OFFSET, RELEASED)
    places = lattice_places(first, ca, OFFSET, RELEASED)
    moments = by_degree(first.moments, RELEASED)
    for rotation in cube_rotations().numpy()[1::5]:
        moved, offset = ca @ rotation.T, OFFSET @ rotation.T
        second = active_points(trace_chain(moved), offset, RELEASED)
        found = lattice_places(second, moved, offset, RELEASED).tolist()
        row = {tuple(place): n for n, place in enumerate(found)}
        order = [row[tuple(place)] for place in np.rint(places @ rotation.T).astype(int).tolist()]
        assert sorted(order) == list(range(len(found)))
        got = [part[order] for part in by_degree(second.moments, RELEASED)]
        assert_same(got, turned(moments, rotation))


def test_any_rotation_about_a_site_turns_its_moments(ca):
    nowhere = np.zeros(3)

    def at_origin(coordinates):
        sites = active_points(trace_chain(coordinates), nowhere, RELEASED)
        places = lattice_places(sites, coordinates, nowhere, RELEASED)
        (row,) = np.flatnonzero((places == 0).all(axis=1))
        return by_degree(sites.moments[row : row + 1], RELEASED)

    for place, rotation in zip(
        (5, 30, 60), random_rotations(3, np.random.default_rng(1)), strict=True
    ):
        shifted = ca - ca[place] + [1.0, -1.5, 0.5]
        expected = turned(at_origin(shifted), rotation.astype(np.float64))
        assert_same(at_origin(shifted @ rotation.T.astype(np.float64)), expected)


def test_a_mirrored_chain_has_other_moments_than_a_turned_one(ca):
    mirror = np.array([1, 1, -1])
    first, second = (
        active_points(trace_chain(points), offset, RELEASED)
        for points, offset in ((ca, OFFSET), (ca * mirror, OFFSET * mirror))
    )
    # l = 0 knows handedness only by the states: mirrored helices are none.
    total = [by_degree(sites.moments, RELEASED)[0].sum(axis=(0, 1)) for sites in (first, second)]
    assert np.abs(total[0] - total[1]).max() > 1


def test_residues_fade_away_at_the_cutoff():
    spec = SparseGrid(30.0, 12.0, (0.0, 8.0), 1.0, (8.0,), 1.0, 8.5)

    def seen(distance):
        trace = trace_chain(np.array([[distance, 0, 0]]))
        sites = active_points(trace, np.zeros(3), spec)
        (row,) = np.flatnonzero(
            (lattice_places(sites, trace.coordinates, np.zeros(3), spec) == 0).all(axis=1)
        )
        return np.abs(sites.moments[row]).max()

    assert seen(8.0) > 0.3
    assert 0 < seen(8.499) < 2e-3
    assert seen(8.501) == 0


def test_moments_change_gently_as_the_chain_moves(ca):
    """A step of 0.001 Å changes no moment by a jump, though sites come and go."""
    spec = dataclasses.replace(RELEASED, max_ca_distance=7.0)
    first, second = (active_points(trace_chain(ca + dx), OFFSET, spec) for dx in (0, 1e-3))
    places = [lattice_places(s, ca + dx, OFFSET, spec) for s, dx in ((first, 0), (second, 1e-3))]
    row = {tuple(place): n for n, place in enumerate(places[1].tolist())}
    pairs = [(n, row[tuple(p)]) for n, p in enumerate(places[0].tolist()) if tuple(p) in row]
    one, two = np.array(pairs).T
    difference = np.abs(first.moments[one] - second.moments[two])
    assert len(one) > 100
    assert 0 < difference.max() < 0.02


def test_no_atom_and_too_wide_a_domain(ca):
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
def test_specifications_that_make_no_sense_are_refused(change):
    with pytest.raises(ModelError):
        dataclasses.replace(RELEASED, **change)
