"""The vector instructions of `protvox.voxel.simd` against plain loops."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from protvox.voxel.simd import add_moments, add_plane, interpolate, moment_pairs

RNG = np.random.default_rng(0)
TOLERANCE = 2e-6


def numbers(n):
    return RNG.uniform(-1, 1, n).astype(np.float32)


def call_interpolate(lanes):
    @numba.njit
    def call(weights, table, low, high, fraction):
        interpolate(weights, table, low, high, fraction, lanes)

    return call


def call_add_plane(width, lanes):
    @numba.njit
    def call(voxels, start, stride, scale, weights_y, weights_z):
        add_plane(voxels, start, stride, scale, weights_y, weights_z, width, lanes)

    return call


def call_add_moments(n_shells, first_shell, max_degree):
    @numba.njit
    def call(moments, start, table, low, fraction, harmonics):
        add_moments(
            moments, start, table, low, fraction, harmonics, n_shells, first_shell, max_degree
        )

    return call


@pytest.mark.parametrize("lanes", [4, 8, 12, 16, 20])
def test_interpolate(lanes):
    table, fraction = numbers(60), np.float32(0.3)
    weights = np.full(lanes + 2, 9, dtype=np.float32)
    call_interpolate(lanes)(weights, table, 5, 31, fraction)
    expected = np.full(lanes + 2, 9, dtype=np.float32)
    for k in range(lanes):
        expected[k] = table[5 + k] + fraction * (table[31 + k] - table[5 + k])
    assert np.abs(weights - expected).max() < TOLERANCE


@pytest.mark.parametrize(("width", "lanes"), [(4, 4), (6, 8), (8, 8), (10, 12), (16, 16)])
def test_add_plane(width, lanes):
    voxels = numbers(40 * 20)
    weights_y, weights_z, scale = numbers(width), numbers(lanes), np.float32(0.7)
    expected = voxels.copy()
    for j in range(width):
        for k in range(lanes):
            expected[3 + j * 40 + k] += scale * weights_y[j] * weights_z[k]
    call_add_plane(width, lanes)(voxels, 3, 40, scale, weights_y, weights_z)
    assert np.abs(voxels - expected).max() < TOLERANCE


@pytest.mark.parametrize(
    ("n_shells", "first_shell", "max_degree"), [(4, 1, 2), (3, 0, 2), (2, 1, 1), (1, 1, 0)]
)
def test_add_moments(n_shells, first_shell, max_degree):
    lanes = -(-n_shells // 4) * 4
    table, harmonics, fraction = numbers(6 * lanes), numbers(8), np.float32(0.4)
    pairs = moment_pairs(n_shells, first_shell, max_degree)
    moments = numbers(len(pairs) + 5)
    expected, low = moments.copy(), 2 * lanes
    for i, (harmonic, shell) in enumerate(pairs):
        below, above = table[low + shell], table[low + lanes + shell]
        radial = below + fraction * (above - below)
        expected[2 + i] += radial * (harmonics[harmonic - 1] if harmonic else 1)
    call = call_add_moments(n_shells, first_shell, max_degree)
    call(moments, 2, table, low, fraction, tuple(harmonics))
    assert np.abs(moments - expected).max() < TOLERANCE


def test_moment_pairs_are_in_the_order_of_the_features():
    assert moment_pairs(2, 1, 1) == [(0, 0), (0, 1), (1, 1), (2, 1), (3, 1)]
    assert len(moment_pairs(4, 1, 2)) == 4 + 8 * 3
