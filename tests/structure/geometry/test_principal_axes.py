"""Principal axes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protvox.structure.geometry.principal_axes import principal_axes
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module")
def example(example_path):
    """A real enzyme, 1pwc."""
    return read_structure(example_path)


def cloud(seed, n=60):
    """Return an asymmetric cloud, so that no axis is arbitrary."""
    rng = np.random.default_rng(seed)
    skewed = rng.gamma(2.0, 1.0, (n, 3)) * np.array([9.0, 5.0, 2.0])
    return (skewed @ random_rotations(1, rng)[0]).astype(np.float32)


def test_axes_are_those_of_the_covariance(example):
    axes = principal_axes(example.coordinates).astype(np.float64)
    assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-6
    assert np.linalg.det(axes) > 0.999
    rotated = axes @ np.cov(example.coordinates.T.astype(np.float64)) @ axes.T
    assert np.abs(rotated - np.diag(np.diag(rotated))).max() < 1e-3
    assert rotated[0, 0] > rotated[1, 1] > rotated[2, 2]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_axes_rotate_with_the_points(seed):
    points = cloud(seed)
    rotation = random_rotations(1, np.random.default_rng(seed + 1))[0]
    before, after = principal_axes(points), principal_axes(points @ rotation.T + np.float32(30))
    skew = (((points - points.mean(0)) @ before[:2].T) ** 3).mean(0)
    spread = np.linalg.svd(points - points.mean(0), compute_uv=False)
    if np.abs(skew).min() < 1 or (spread[:-1] / spread[1:]).min() < 1.05:
        return  # too close to symmetric for float32
    assert np.abs(before @ rotation.T - after).max() < 2e-3


def test_mirror_image_is_not_rotated_onto_itself(example):
    mirrored = example.coordinates * np.array([-1, 1, 1], np.float32)
    poses = [
        (points - points.mean(0)) @ principal_axes(points).T
        for points in (example.coordinates, mirrored)
    ]
    assert np.abs(poses[0] - poses[1]).max() > 5
