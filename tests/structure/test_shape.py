"""Measures of a chain tell a domain from what is none."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from protvox.structure.read import read_structure
from protvox.structure.shape import measure_shape
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    ca = structure.backbone()[:, 1]
    return ca[np.isfinite(ca).all(axis=1)]


def test_by_hand():
    # Four residues on a line 3.8 Å apart, a hole, then eight: 10 of 11 steps are bonds.
    line = np.zeros((12, 3))
    line[:, 0] = 3.8 * np.arange(12) + 50 * (np.arange(12) >= 4)
    shape = measure_shape(line)
    assert shape.bonded == pytest.approx(10 / 11)
    assert shape.packing == 0  # neighbours i, i+4 are 15.2 Å apart
    expected = np.sqrt(((line - line.mean(axis=0)) ** 2).sum(axis=1).mean()) / 12**0.4
    assert shape.spread == pytest.approx(expected)
    assert shape.cohesion == pytest.approx(0, abs=1e-6)  # two pieces: two zero eigenvalues


def test_pose_makes_no_difference(ubiquitin):
    rotation = random_rotations(1, np.random.default_rng(0))[0]
    moved = ubiquitin @ rotation.T + np.array([100, -20, 3])
    assert astuple(measure_shape(moved)) == pytest.approx(astuple(measure_shape(ubiquitin)), 1e-4)


def test_what_is_no_domain_stands_out(ubiquitin):
    whole = measure_shape(ubiquitin)
    assert whole.bonded == 1
    assert 2.5 < whole.packing < 5
    assert 1.8 < whole.spread < 2.4
    shuffled = measure_shape(np.random.default_rng(1).permutation(ubiquitin))
    assert shuffled.bonded < 0.2
    pair = np.concatenate([ubiquitin, ubiquitin + np.array([np.ptp(ubiquitin[:, 0]) + 6, 0, 0])])
    assert measure_shape(pair).cohesion < 0.3 * whole.cohesion
    strand = np.zeros((40, 3))
    strand[:, 2] = 3.4 * np.arange(40)
    assert measure_shape(strand).spread > 2 * whole.spread
    assert measure_shape(strand).packing == 0
