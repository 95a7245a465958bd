"""Measures of shape, which distinguish domains from other chains."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from protvox.structure.geometry.compactness import measure_shape
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    ca = structure.backbone()[:, 1]
    return ca[np.isfinite(ca).all(axis=1)]


def test_shape_of_a_line_by_hand():
    # Four residues on a line 3.8 Å apart, a gap, then eight: 10 of 11 steps are bonds.
    line = np.zeros((12, 3))
    line[:, 0] = 3.8 * np.arange(12) + 50 * (np.arange(12) >= 4)
    shape = measure_shape(line)
    assert shape.bonded_fraction == pytest.approx(10 / 11)
    assert shape.contact_density == 0  # neighbours i, i+4 are 15.2 Å apart
    expected = np.sqrt(((line - line.mean(axis=0)) ** 2).sum(axis=1).mean()) / 12**0.4
    assert shape.relative_rg == pytest.approx(expected)
    # Two pieces have two zero eigenvalues.
    assert shape.algebraic_connectivity == pytest.approx(0, abs=1e-6)


def test_shape_does_not_depend_on_the_pose(ubiquitin):
    rotation = random_rotations(1, np.random.default_rng(0))[0]
    moved = ubiquitin @ rotation.T + np.array([100, -20, 3])
    assert astuple(measure_shape(moved)) == pytest.approx(astuple(measure_shape(ubiquitin)), 1e-4)


def test_shapes_of_chains_that_are_not_domains_stand_out(ubiquitin):
    whole = measure_shape(ubiquitin)
    assert whole.bonded_fraction == 1
    assert 2.5 < whole.contact_density < 5
    assert 1.8 < whole.relative_rg < 2.4
    shuffled = measure_shape(np.random.default_rng(1).permutation(ubiquitin))
    assert shuffled.bonded_fraction < 0.2
    pair = np.concatenate([ubiquitin, ubiquitin + np.array([np.ptp(ubiquitin[:, 0]) + 6, 0, 0])])
    assert measure_shape(pair).algebraic_connectivity < 0.3 * whole.algebraic_connectivity
    strand = np.zeros((40, 3))
    strand[:, 2] = 3.4 * np.arange(40)
    assert measure_shape(strand).relative_rg > 2 * whole.relative_rg
    assert measure_shape(strand).contact_density == 0


def walk(n, seed):
    steps = np.random.default_rng(seed).normal(size=(n, 3))
    return np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


@pytest.mark.parametrize("n", [12, 40, 150, 400])
def test_connectivity_is_the_second_eigenvalue_of_the_full_spectrum(n):
    for ca in (walk(n, n), np.arange(n)[:, None] * np.array([3.8, 0, 0])):
        distance = np.linalg.norm(ca[:, None] - ca[None], axis=-1)
        weight = np.exp(-np.maximum(distance - 8, 0) / 2) - np.eye(n)
        scale = 1 / np.sqrt(weight.sum(axis=1))
        spectrum = np.linalg.eigvalsh(np.eye(n) - scale[:, None] * weight * scale)
        assert measure_shape(ca).algebraic_connectivity == pytest.approx(spectrum[1], abs=1e-9)
