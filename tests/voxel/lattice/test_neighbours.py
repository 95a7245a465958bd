"""Neighbours on a lattice against a search by dictionary."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protvox.voxel.lattice.neighbours import STEPS, coarsen, neighbours


def scattered(seed, share=0.4):
    """Return random points of a box, in random order."""
    rng = np.random.default_rng(seed)
    box = np.indices(rng.integers(1, 7, 3)).reshape(3, -1).T
    chosen = box[rng.random(len(box)) < share]
    return rng.permutation(chosen if len(chosen) else box[:1]).astype(np.int64)


def around(point, rows):
    """Return the rows of the points around a point, in the order of the steps."""
    return [rows.get(tuple(np.add(point, step)), -1) for step in product((-1, 0, 1), repeat=3)]


def test_steps_are_in_the_order_of_a_kernel():
    kernel = np.indices((3, 3, 3)).reshape(3, -1).T - 1
    assert np.array_equal(STEPS, kernel)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_neighbours_are_one_step_away(seed):
    index = scattered(seed)
    rows = {tuple(point): row for row, point in enumerate(index.tolist())}
    expected = [around(point, rows) for point in index.tolist()]
    assert neighbours(index).tolist() == expected


@given(st.integers(0, 2**32 - 1), st.integers(1, 27))
@settings(max_examples=50, deadline=None)
def test_coarse_points_have_enough_neighbours(seed, min_neighbours):
    index = scattered(seed)
    rows = {tuple(point): row for row, point in enumerate(index.tolist())}
    every = product(range(-2, 6), repeat=3)
    found = {point: around(2 * np.array(point), rows) for point in every}
    counts = {point: sum(row >= 0 for row in rows) for point, rows in found.items()}
    least = min(min_neighbours, max(counts.values()))
    expected = {point: found[point] for point, n in counts.items() if n >= least}
    coarse, children = coarsen(index, min_neighbours)
    got = {tuple(p): c for p, c in zip(coarse.tolist(), children.tolist(), strict=True)}
    assert got == expected
    assert len(coarse) == len(expected) > 0


@pytest.mark.parametrize("corner", [0, 1])
def test_single_point_has_the_adjacent_coarse_points(corner):
    index = np.full((1, 3), corner, dtype=np.int64)
    coarse, children = coarsen(index, 6)
    # An even point is itself a coarse point; an odd one lies between eight.
    assert len(coarse) == (8 if corner else 1)
    assert (np.sort(children, axis=1)[:, -1] == 0).all()
    assert (children >= 0).sum() == len(coarse)
