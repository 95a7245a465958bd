"""Random rotations."""

import numpy as np
from scipy import stats

from protvox.voxel.rotation import random_rotations


def test_matrices_are_rotations():
    matrices = random_rotations(500, np.random.default_rng(0))
    assert matrices.shape == (500, 3, 3)
    assert matrices.dtype == np.float32
    assert np.abs(matrices @ matrices.transpose(0, 2, 1) - np.eye(3)).max() < 1e-6
    assert np.abs(np.linalg.det(matrices) - 1).max() < 1e-6


def test_rotations_are_uniform():
    matrices = random_rotations(4000, np.random.default_rng(1)).astype(np.float64)
    # Under the uniform measure every entry of the matrix is uniform on [-1, 1] (Archimedes),
    # and the angle has density (1 - cos angle) / pi.
    for entry in matrices.reshape(-1, 9).T:
        assert stats.kstest(entry, stats.uniform(-1, 2).cdf).pvalue > 1e-4
    angles = np.arccos(np.clip((np.trace(matrices, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert stats.kstest(angles, lambda a: (a - np.sin(a)) / np.pi).pvalue > 1e-4


def test_rotations_depend_on_the_generator():
    first, again = (random_rotations(3, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, again)
