"""Moments of real residues: the atoms that contribute to an environment."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numba
import numpy as np
import pytest

from protvox.chemistry import BACKBONE_ATOMS
from protvox.structure.io.read import read_structure
from protvox.voxel.moments.moments import MomentSpec, environment_moments
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES, residue_frames
from protvox.voxel.rotation import random_rotations

RELEASED = MomentSpec(7, 2.0, (0.0, 1.0, 2.0, 3.0), 0.55, 2, N_ENVIRONMENT_TYPES)


def environments(structure, rows, spec=RELEASED, *, coordinates=None, atom_type=None):
    """Moments of residues of a structure, with other coordinates or types where given."""
    if coordinates is None:
        coordinates = structure.coordinates
    frames = residue_frames(structure.backbone(), 2.3)
    return environment_moments(
        coordinates,
        structure.atom_type if atom_type is None else atom_type,
        structure.residue_index,
        np.tile([0, structure.n_atoms], (len(rows), 1)),
        np.asarray(rows),
        frames.origin[rows],
        frames.axes[rows],
        spec,
    )


@pytest.fixture(scope="module")
def dna_complex(data_dir):
    return read_structure(data_dir / "1lcd.pdb.gz")


def test_real_environments_equal_the_definition(example, direct_moments):
    frames = residue_frames(example.backbone(), 2.3)
    rows = np.flatnonzero(frames.valid)[[0, 57, 200]]
    got = environments(example, rows)
    side_chain = ~np.isin(example.atom_name, BACKBONE_ATOMS)
    for moments, row in zip(got, rows, strict=True):
        own = example.residue_index == row
        seen = ~(own & side_chain)
        kind = np.where(own, N_ENVIRONMENT_TYPES - 1, example.atom_type)[seen]
        local = (example.coordinates - frames.origin[row]).astype(np.float64)[seen]
        near = np.abs(local @ frames.axes[row].T).max(axis=1) < 11
        expected = direct_moments((local @ frames.axes[row].T)[near], kind[near], RELEASED)
        assert np.abs(expected).max() > 3
        # Float32 sums of up to some 600 atoms against float64: values reach 10.
        assert np.abs(moments - expected).max() < 3e-5


def test_side_chain_of_the_centre_is_ignored(example):
    valid = np.flatnonzero(residue_frames(example.backbone(), 2.3).valid)
    side_chain = ~np.isin(example.atom_name, BACKBONE_ATOMS)
    rng = np.random.default_rng(2)
    for row in valid[::40]:
        own = (example.residue_index == row) & side_chain
        coordinates, atom_type = example.coordinates.copy(), example.atom_type.copy()
        coordinates[own] += rng.normal(0, 2, (own.sum(), 3)).astype(np.float32)
        atom_type[own] = rng.integers(4, 12, own.sum())
        before = environments(example, [row])
        after = environments(example, [row], coordinates=coordinates, atom_type=atom_type)
        assert np.array_equal(before, after)
        truncated = environments(example, [row], atom_type=np.where(own, 255, atom_type))
        assert np.array_equal(before, truncated)


def test_backbone_of_the_centre_has_its_own_channel(example):
    row = int(np.flatnonzero(example.is_protein)[30])
    coordinates = example.coordinates.copy()
    coordinates[example.residue_index != row] += 500
    alone = environments(example, [row], coordinates=coordinates)[0]
    per_type = alone[: N_ENVIRONMENT_TYPES * 4].reshape(N_ENVIRONMENT_TYPES, 4, -1)
    assert not per_type[:-1].any()
    assert per_type[-1].max() > 0.3


def test_other_chains_and_ligands_contribute(dna_complex, example):
    for structure in (dna_complex, example):
        foreign = ~structure.is_protein[structure.residue_index]
        assert foreign.any()
        valid = residue_frames(structure.backbone(), 2.3).valid
        centres = structure.backbone()[:, 1]
        gaps = np.linalg.norm(centres[:, None] - structure.coordinates[foreign], axis=-1).min(1)
        row = np.nanargmin(np.where(valid, gaps, np.nan))
        without = environments(
            structure, [row], atom_type=np.where(foreign, 255, structure.atom_type)
        )
        assert np.abs(environments(structure, [row]) - without).max() > 0.5


def test_pose_of_the_file_does_not_matter(example):
    rows = np.flatnonzero(residue_frames(example.backbone(), 2.3).valid)[::25]
    before = environments(example, rows)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        centred = example.coordinates - example.coordinates.mean(axis=0)
        moved = centred @ random_rotations(1, rng)[0].T + rng.uniform(-9, 9, 3).astype(np.float32)
        difference = np.abs(environments(replace(example, coordinates=moved), rows) - before)
        # Coordinates in float32 round by 2e-6 Å; a frame fixed by bonds of 1.5 Å carries that
        # to 3e-5 Å at 10 Å, where moments change by up to 5 per Å.
        assert difference.max() < 2.5e-4
        assert np.quantile(difference, 0.9999) < 1e-4


def test_mirrored_protein_has_different_moments(example):
    rows = np.flatnonzero(residue_frames(example.backbone(), 2.3).valid)[::25]
    mirrored = example.coordinates * np.array([-1, 1, 1], dtype=np.float32)
    difference = np.abs(
        environments(replace(example, coordinates=mirrored), rows) - environments(example, rows)
    )
    assert difference.max(axis=(1, 2)).min() > 0.5


def test_threads_and_concurrent_calls_do_not_matter(example):
    rows = np.flatnonzero(residue_frames(example.backbone(), 2.3).valid)[:12]
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        serial = environments(example, rows)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        with ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(environments, example, rows) for _ in range(6)]
            assert all(np.array_equal(call.result(), serial) for call in calls)
    finally:
        numba.set_num_threads(before)


def _compute_in_child(example, rows, expected):
    same = np.array_equal(environments(example, rows), expected)
    raise SystemExit(0 if same else 1)


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork"
)
def test_works_in_a_forked_worker_after_use_in_the_parent(example):
    rows = np.flatnonzero(residue_frames(example.backbone(), 2.3).valid)[:8]
    expected = environments(example, rows)
    worker = multiprocessing.get_context("fork").Process(
        target=_compute_in_child, args=(example, rows, expected)
    )
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0
