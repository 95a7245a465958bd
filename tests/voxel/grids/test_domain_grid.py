"""Whole domains on grids of their own size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protvox.errors import InputError
from protvox.voxel.grids.channels import domain_channels
from protvox.voxel.grids.density import SKIP
from protvox.voxel.grids.domain_grid import PAPER_GRID, DomainGrids, domain_grid
from protvox.voxel.rotation import random_rotations


def random_domains(seed, lengths=(40, 90, 150, 1), **options):
    rng = np.random.default_rng(seed)
    domains = [
        (
            (rng.normal(size=(n, 3)) * rng.uniform(3, 9, 3) + 50).astype(np.float32),
            rng.integers(0, 2, n).astype(np.uint8),
        )
        for n in lengths
    ]
    return domains, DomainGrids.from_domains(domains, **options)


def test_domain_is_centred_in_its_grid():
    (coordinates, _), *_ = random_domains(0)[0]
    centred, spec = domain_grid(coordinates, 2.0, 4.0, 4, sigma=1.0)
    assert np.abs(centred.max(axis=0) + centred.min(axis=0)).max() < 1e-4
    moves = centred - coordinates
    assert np.ptp(moves, axis=0).max() < 1e-4
    for size, extent, reach in zip(
        spec.shape, spec.extent, np.ptp(coordinates, axis=0) + 8.0, strict=True
    ):
        assert size % 4 == 0
        assert reach <= extent < reach + 4 * 2.0
    assert (spec.spacing, spec.sigma) == (2.0, 1.0)


def test_real_domain_keeps_every_atom(example):
    channel = domain_channels(example.atom_type, "backbone")
    grids = DomainGrids.from_domains(
        [(example.coordinates, channel)], spacing=2.0, sigma=1.0, names=("1pwc",)
    ).centre()
    assert len(grids.channel) == (channel != SKIP).sum()
    spec = grids.common_spec()
    density = grids.voxelize(spec, 4, normalize=True)
    per_channel = density.sum(axis=(0, 2, 3, 4))
    assert np.allclose(per_channel, np.bincount(grids.channel), rtol=1e-4)
    # The margin of two spacings holds the Gaussians too: nothing changes in a larger grid.
    larger = grids.voxelize(type(spec)(tuple(n + 8 for n in spec.shape), 2.0, 1.0), 4)
    assert larger.sum() == pytest.approx(grids.voxelize(spec, 4).sum(), rel=1e-4)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    spacing=st.floats(0.5, 3),
    margin=st.floats(0, 8),
    multiple=st.integers(1, 16),
    shift=st.floats(0, 3),
)
def test_grid_contains_any_rotated_and_shifted_domain(seed, spacing, margin, multiple, shift):
    _, grids = random_domains(
        seed % 7, spacing=spacing, sigma=spacing, margin=margin, multiple=multiple, maximum=1000
    )
    rotated = grids.jitter(np.random.default_rng(seed), shift)
    shapes = rotated.shapes()
    assert np.all(shapes % multiple == 0)
    assert np.all(shapes > 0)
    for domain in range(len(rotated)):
        atoms = rotated.coordinates[rotated.offsets[domain] : rotated.offsets[domain + 1]]
        needed = 2 * (np.abs(atoms).max(axis=0) + margin)
        available = shapes[domain] * spacing
        assert np.all(available > needed - 0.01 * spacing)
        assert np.all(available <= needed + (multiple + 0.01) * spacing)
        middle = (atoms.max(axis=0) + atoms.min(axis=0)) / 2
        assert np.abs(middle).max() <= shift + 1e-3


def test_rotate_rotates_each_domain():
    domains, grids = random_domains(1)
    rotations = random_rotations(4, np.random.default_rng(0))
    rotated = grids.rotate(rotations)
    for domain, ((coordinates, _), rotation) in enumerate(zip(domains, rotations, strict=True)):
        atoms = rotated.coordinates[rotated.offsets[domain] : rotated.offsets[domain + 1]]
        expected = np.array([rotation.astype(float) @ xyz for xyz in coordinates.astype(float)])
        assert np.abs(atoms - expected).max() < 1e-4
    assert np.array_equal(grids.coordinates, np.concatenate([xyz for xyz, _ in domains]))


def test_shifts_move_the_centres():
    grids = random_domains(2)[1]
    shifts = np.random.default_rng(0).uniform(-1, 1, (4, 3)).astype(np.float32)
    moved, centred = grids.centre(shifts), grids.centre()
    per_atom = np.repeat(shifts, np.diff(grids.offsets), axis=0)
    assert np.abs(moved.coordinates - centred.coordinates - per_atom).max() < 1e-4


def test_buckets_contain_every_domain_once():
    grids = random_domains(3, lengths=(40, 90, 150, 1, 30, 40, 90) * 5, multiple=4)[1].centre()
    buckets = grids.buckets()
    assert sorted(np.concatenate([rows for _, rows in buckets])) == list(range(35))
    assert len({spec.shape for spec, _ in buckets}) == len(buckets)
    volumes = [np.prod(spec.shape) for spec, _ in buckets]
    assert volumes == sorted(volumes)
    for spec, rows in buckets:
        assert np.all(grids.shapes()[rows] == spec.shape)
        density = grids.take(rows).voxelize(spec, 2, normalize=True)
        assert density.shape == (len(rows), 2, *spec.shape)
        atoms = np.diff(grids.offsets)[rows]
        assert np.allclose(density.sum(axis=(1, 2, 3, 4)), atoms, rtol=1e-4)


def test_take_keeps_order_and_names():
    domains, grids = random_domains(4, names=("a", "b", "c", "d"))
    taken = grids.take(np.array([2, 0, 2]))
    assert taken.names == ("c", "a", "c")
    assert np.array_equal(taken.coordinates, np.concatenate([domains[d][0] for d in (2, 0, 2)]))
    assert np.array_equal(taken.channel, np.concatenate([domains[d][1] for d in (2, 0, 2)]))
    assert taken.offsets.tolist() == [0, 150, 190, 340]


def test_common_grid_contains_the_whole_batch():
    grids = random_domains(5)[1].centre()
    assert grids.common_spec().shape == tuple(grids.shapes().max(axis=0))


def test_very_large_domain_is_rejected_and_never_cropped():
    _, grids = random_domains(6, names=("first", "second", "third", "fourth"), maximum=12)
    with pytest.raises(InputError) as error:
        grids.centre().shapes()
    assert error.value.code == "domain.too_large"
    assert error.value.where in {"first", "second", "third"}
    assert "12 x 12 x 12" in str(error.value)


def test_paper_grid_rejects_domains_it_would_crop():
    line = np.zeros((3, 3), dtype=np.float32)
    line[:, 0] = (-49.0, 0.0, 49.0)
    grids = DomainGrids.from_domains([(line, np.zeros(3, np.uint8))])
    density = grids.voxelize(PAPER_GRID, 1, normalize=True)
    assert density.shape == (1, 1, 50, 50, 50)
    assert density.sum() == pytest.approx(3, rel=1e-5)
    with pytest.raises(InputError) as error:
        DomainGrids.from_domains([(line * 1.1, np.zeros(3, np.uint8))]).voxelize(PAPER_GRID, 1)
    assert error.value.code == "domain.too_large"
    assert error.value.where == "domain 1"


def test_domain_without_drawn_atoms_is_rejected():
    full = np.zeros((2, 3), np.float32), np.zeros(2, np.uint8)
    empty = np.zeros((2, 3), np.float32), np.full(2, SKIP, np.uint8)
    with pytest.raises(InputError) as error:
        DomainGrids.from_domains([full, empty], names=("1abcA00", "2abcA00"))
    assert (error.value.code, error.value.where) == ("domain.empty", "2abcA00")
    with pytest.raises(InputError) as error:
        domain_grid(np.zeros((0, 3), np.float32), 2.0, 4.0, 4, sigma=1.0, name="mine")
    assert error.value.where == "mine"
