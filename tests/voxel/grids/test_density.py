"""The CPU voxelizer against the definition of the density."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protvox.errors import ModelError
from protvox.voxel.grids import density_loops
from protvox.voxel.grids.density import SKIP, voxelize, window_width
from protvox.voxel.grids.grid import GridSpec

SPECS = [
    GridSpec(20, 1.0, 1.0),
    GridSpec(18, 1.0, 0.6),
    GridSpec((14, 22, 9), 2.0, 1.0),
    GridSpec((24, 16, 30), 0.8, 1.0),
    GridSpec(12, 1.0, 0.25),
]


def one_grid(coordinates, channel, spec, n_channels, **options):
    offsets = np.array([0, len(coordinates)], dtype=np.int64)
    return voxelize(
        np.asarray(coordinates, dtype=np.float32),
        np.asarray(channel, dtype=np.uint8),
        offsets,
        spec,
        n_channels,
        **options,
    )[0]


def random_atoms(spec, n, n_channels, seed, reach=0.65):
    rng = np.random.default_rng(seed)
    coordinates = (rng.uniform(-reach, reach, (n, 3)) * spec.extent).astype(np.float32)
    return coordinates, rng.integers(0, n_channels, n).astype(np.uint8)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_equals_the_windowed_definition(spec, direct_density):
    coordinates, channel = random_atoms(spec, 200, 3, seed=1)
    expected = direct_density(coordinates, channel, spec, 3, window=window_width(spec))
    assert np.abs(one_grid(coordinates, channel, spec, 3) - expected).max() < 4e-5


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_error_of_the_window_is_below_its_bound(spec, direct_density):
    coordinates, channel = random_atoms(spec, 1, 1, seed=2, reach=0.2)
    full = direct_density(coordinates, channel, spec, 1)
    bound = math.exp(-((window_width(spec) / 2 * spec.spacing / spec.sigma) ** 2) / 2)
    assert bound < 1.1e-3
    assert np.abs(one_grid(coordinates, channel, spec, 1) - full).max() < bound + 4e-5


def test_real_protein_equals_the_definition(example, direct_density):
    spec = GridSpec(20, 1.0, 1.0)
    centre = example.coordinates.mean(axis=0)
    near = np.abs(example.coordinates - centre).max(axis=1) < 15
    coordinates, channel = example.coordinates[near] - centre, example.atom_type[near]
    assert near.sum() > 400
    density = one_grid(coordinates, channel, spec, 15)
    full = direct_density(coordinates, channel, spec, 15)
    # Every voxel lacks the tails of a few atoms of its channel, each below 3.4e-4.
    assert np.abs(density - full).max() < 2e-3
    assert np.corrcoef(density.ravel(), full.ravel())[0, 1] > 0.999999


def test_peak_is_one_at_a_voxel_centre():
    density = one_grid([[2.0, 0.0, -4.0]], [0], GridSpec(21, 1.0, 1.0), 1)
    assert density[0, 12, 10, 6] == pytest.approx(1.0, abs=1e-6)
    assert density[0, 13, 10, 6] == pytest.approx(math.exp(-0.5), abs=1e-6)
    assert density[0].argmax() == np.ravel_multi_index((12, 10, 6), density[0].shape)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_normalized_atoms_inside_sum_to_one(spec, direct_density):
    coordinates, channel = random_atoms(spec, 50, 2, seed=3, reach=0.5)
    density = one_grid(coordinates, channel, spec, 2, normalize=True)
    for kind in range(2):
        assert density[kind].sum() == pytest.approx((channel == kind).sum(), rel=1e-5)
    expected = direct_density(
        coordinates, channel, spec, 2, normalize=True, window=window_width(spec)
    )
    assert np.abs(density - expected).max() < 4e-5


def test_normalized_atom_outside_is_a_tail():
    spec = GridSpec(20, 1.0, 1.0)
    sums = [
        one_grid([[x, 0.0, 0.0]], [0], spec, 1, normalize=True).sum()
        for x in (9.99, 10.01, 11.0, 12.0, 14.0)
    ]
    assert sums[0] == pytest.approx(1, abs=1e-5)
    assert sums[1] == pytest.approx(1, abs=0.02)
    assert sums[1] > sums[2] > sums[3] > sums[4] == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, (2, 30, 3), (30, 3, 30), (30, 30, 5)])
@pytest.mark.parametrize("normalize", [False, True])
def test_grids_smaller_than_the_window(size, normalize, direct_density):
    spec = GridSpec(size, 1.0, 1.0)
    coordinates, channel = random_atoms(spec, 40, 2, seed=4, reach=0.5)
    density = one_grid(coordinates, channel, spec, 2, normalize=normalize)
    expected = direct_density(
        coordinates, channel, spec, 2, normalize=normalize, window=window_width(spec)
    )
    assert np.abs(density - expected).max() < 4e-5


def test_quarter_turn_of_the_atoms_rotates_the_grid():
    spec = GridSpec((16, 20, 24), 1.0, 1.0)
    coordinates, channel = random_atoms(spec, 150, 3, seed=5)
    density = one_grid(coordinates, channel, spec, 3)
    rotated = coordinates[:, [1, 0, 2]] * np.array([-1, 1, 1], dtype=np.float32)
    expected = np.flip(density.swapaxes(1, 2), axis=1)
    got = one_grid(rotated, channel, GridSpec((20, 16, 24), 1.0, 1.0), 3)
    assert np.abs(got - expected).max() < 1e-5


def test_shift_by_whole_voxels_shifts_the_grid():
    spec = GridSpec(24, 0.5, 0.5)
    coordinates, channel = random_atoms(spec, 100, 2, seed=6, reach=0.7)
    move = np.array([1.5, -1.0, 0.5], dtype=np.float32)
    before = one_grid(coordinates, channel, spec, 2)
    after = one_grid(coordinates + move, channel, spec, 2)
    # Equal up to the faces: the content of a window does not depend on the edge of the grid.
    assert np.abs(after[:, 3:, :-2, 1:] - before[:, :-3, 2:, :-1]).max() < 1e-5


def test_smaller_grid_is_a_crop_of_the_larger():
    coordinates, channel = random_atoms(GridSpec(20, 1.0, 1.0), 300, 2, seed=7)
    large = one_grid(coordinates, channel, GridSpec((30, 32, 28), 1.0, 1.0), 2)
    small = one_grid(coordinates, channel, GridSpec((10, 12, 14), 1.0, 1.0), 2)
    assert np.abs(large[:, 10:20, 10:22, 7:21] - small).max() < 1e-5


def test_skipped_and_invalid_atoms_are_ignored():
    spec = GridSpec(12, 1.0, 1.0)
    coordinates, channel = random_atoms(spec, 20, 2, seed=8)
    expected = one_grid(coordinates, channel, spec, 2)
    bad = [[math.nan, 0, 0], [0, math.inf, 0], [0, 0, -math.inf], [1e30, 0, 0], [0, -200, 0]]
    rows = np.concatenate([coordinates, np.array([*bad, [0, 0, 0]], dtype=np.float32)])
    kinds = np.concatenate([channel, np.array([0, 1, 0, 1, 0, SKIP], dtype=np.uint8)])
    assert np.array_equal(one_grid(rows, kinds, spec, 2), expected)


def test_grids_are_independent_and_threads_do_not_matter():
    spec = GridSpec(16, 1.0, 1.0)
    parts = [random_atoms(spec, n, 4, seed=n) for n in (30, 0, 1, 77, 12)]
    offsets = np.cumsum([0] + [len(kind) for _, kind in parts])
    coordinates = np.concatenate([xyz for xyz, _ in parts])
    channel = np.concatenate([kind for _, kind in parts])
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        serial = voxelize(coordinates, channel, offsets, spec, 4)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        threaded = voxelize(coordinates, channel, offsets, spec, 4)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(serial, threaded)
    for grid, (xyz, kind) in zip(serial, parts, strict=True):
        assert np.array_equal(grid, one_grid(xyz, kind, spec, 4))
    assert not serial[1].any()


def test_concurrent_calls_are_independent():
    spec = GridSpec(16, 1.0, 1.0)
    coordinates, channel = random_atoms(spec, 600, 2, seed=11)
    offsets = np.arange(0, 601, 30)
    expected = voxelize(coordinates, channel, offsets, spec, 2)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(voxelize, coordinates, channel, offsets, spec, 2) for _ in range(16)]
        assert all(np.array_equal(call.result(), expected) for call in calls)


def test_works_without_a_cache_folder(monkeypatch):
    compile_plain = numba.njit

    def without_cache(*arguments, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_plain(*arguments, **options)

    spec = GridSpec(12, 1.0, 0.25)
    coordinates, channel = random_atoms(spec, 20, 2, seed=12)
    expected = one_grid(coordinates, channel, spec, 2)
    density_loops.grid_filler.cache_clear()
    try:
        monkeypatch.setattr(numba, "njit", without_cache)
        assert np.array_equal(one_grid(coordinates, channel, spec, 2), expected)
    finally:
        density_loops.grid_filler.cache_clear()


def test_out_is_overwritten_and_returned():
    spec = GridSpec(10, 1.0, 1.0)
    coordinates, channel = random_atoms(spec, 20, 2, seed=9)
    out = np.full((1, 2, 10, 10, 10), np.nan, dtype=np.float32)
    got = voxelize(coordinates, channel, np.array([0, 20]), spec, 2, out=out)
    assert got is out
    assert np.array_equal(out[0], one_grid(coordinates, channel, spec, 2))


def test_no_grids_is_an_empty_array():
    empty = np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=np.uint8)
    assert voxelize(*empty, np.zeros(1, dtype=np.int64), SPECS[0], 3).shape == (0, 3, 20, 20, 20)


@pytest.mark.parametrize(
    "change",
    [
        {"coordinates": np.zeros((3, 2), np.float32)},
        {"coordinates": np.zeros((4, 3), np.float32)},
        {"offsets": np.array([0, 4])},
        {"offsets": np.array([1, 3])},
        {"offsets": np.array([0, 3, 2, 3])},
        {"offsets": np.zeros(0, np.int64)},
        {"channel": np.array([0, 1, 2], np.uint8)},
        {"n_channels": 0},
        {"n_channels": 255},
        {"out": np.zeros((1, 2, 10, 10, 10), np.float64)},
        {"out": np.zeros((1, 2, 10, 10, 11), np.float32)},
        {"out": np.zeros((1, 2, 10, 10, 20), np.float32)[..., ::2]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_inconsistent_arrays_are_rejected(change):
    arguments = {
        "coordinates": np.zeros((3, 3), np.float32),
        "channel": np.zeros(3, np.uint8),
        "offsets": np.array([0, 3]),
        "spec": GridSpec(10, 1.0, 1.0),
        "n_channels": 2,
    }
    with pytest.raises(ModelError) as error:
        voxelize(**(arguments | change))
    assert error.value.code == "voxel.arrays"


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(*[st.integers(1, 24)] * 3),
    spacing=st.floats(0.3, 3),
    ratio=st.sampled_from([0.25, 0.4, 0.54, 0.8, 1.0, 1.25]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_grid_equals_the_windowed_definition(size, spacing, ratio, seed, direct_density):
    spec = GridSpec(size, spacing, ratio * spacing)
    coordinates, channel = random_atoms(spec, 12, 2, seed, reach=1.0)
    density = one_grid(coordinates, channel, spec, 2)
    # Rounding decides whether an atom at the edge of a window reaches a voxel.
    width = window_width(spec)
    low, high = (
        direct_density(coordinates, channel, spec, 2, window=width + slack)
        for slack in (-1e-4, 1e-4)
    )
    assert np.all(density > low - 4e-5)
    assert np.all(density < high + 4e-5)


def test_all_48_cube_rotations_and_mirrors_agree():
    spec = GridSpec(14, 1.0, 1.0)
    coordinates, channel = random_atoms(spec, 60, 1, seed=10)
    density = one_grid(coordinates, channel, spec, 1)[0]
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            rotated = coordinates[:, order] * np.array(signs, dtype=np.float32)
            expected = density.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
            assert np.abs(one_grid(rotated, channel, spec, 1)[0] - expected).max() < 1e-5
