"""Compiled loops of the alignment against plain ones."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.structure.alignment.path_loops import find_path, move_points
from protvox.structure.alignment.rotation_loops import climb, search_rotation
from protvox.structure.alignment.seed_loops import superpose_fragments
from protvox.voxel.rotation import random_rotations


def chain(length, seed):
    steps = np.random.default_rng(seed).normal(size=(length, 3))
    return np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


def centred(points):
    return np.ascontiguousarray((points - points.mean(axis=0)).T)


def plain_best(query, target, d0, gap):
    """The highest sum of a path, with gaps of any length at one cost and free ends."""
    n, m = query.shape[1], target.shape[1]
    square = ((query[:, :, None] - target[:, None]) ** 2).sum(axis=0)
    score = 1 / (1 + square / d0**2)
    best = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            before = [best[i - 1, j - 1] + score[i - 1, j - 1]]
            before += [*(best[:i, j] + gap), *(best[i, :j] + gap)]
            best[i, j] = max(before)
    return max(best[:, m].max(), best[n].max()), score


@pytest.mark.parametrize("gap", [-0.6, 0.0])
@pytest.mark.parametrize(("n", "m"), [(3, 3), (3, 9), (7, 5), (10, 31), (33, 47)])
def test_a_path_has_the_highest_sum(n, m, gap):
    query, target = (centred(chain(k, k)).astype(np.float32) for k in (n, m))
    states = np.zeros(n, dtype=np.uint8), np.zeros(m, dtype=np.uint8)
    path = np.empty((min(n, m), 2), dtype=np.int32)
    table = np.empty((n + 1, m + 1), dtype=np.float32)
    size = find_path(query, target, *states, 4.0, 1.0, 0.0, gap, table, path)
    highest, score = plain_best(query, target, 4.0, gap)
    found = path[:size]
    assert max(table[:, m].max(), table[n].max()) == pytest.approx(highest, rel=1e-5)
    gaps = (np.diff(found, axis=0) > 1).sum()
    assert score[found[:, 0], found[:, 1]].sum() + gap * gaps == pytest.approx(highest, rel=1e-5)
    assert (np.diff(found, axis=0) > 0).all()


def test_a_climb_ends_where_no_small_move_scores_higher():
    rng = np.random.default_rng(0)
    first = centred(chain(60, 1))
    pairs = np.vstack([first, first + rng.normal(0, 2.0, first.shape)])
    move = np.empty(12)
    before = search_rotation(pairs, 60, 3.0, 4.5, np.inf, 40, move)
    highest = climb(pairs, 60, 3.0, move)
    assert highest >= before

    def score(rotation, translation):
        square = ((rotation @ pairs[:3] + translation[:, None] - pairs[3:]) ** 2).sum(axis=0)
        return (1 / (1 + square / 9.0)).sum()

    rotation, translation = move[:9].reshape(3, 3), move[9:]
    assert score(rotation, translation) == pytest.approx(highest, rel=1e-9)
    for axis in np.eye(3):
        for step in (-0.01, 0.01):
            turn = np.eye(3) + step * np.cross(np.eye(3), axis)
            turn = np.linalg.qr(turn)[0] * np.sign(np.diag(np.linalg.qr(turn)[1]))
            assert score(turn @ rotation, translation) < highest
            assert score(rotation, translation + 10 * step * axis) < highest


def test_superposed_fragments_are_rated_by_the_closest_residues():
    query = chain(60, 2)
    target = query @ random_rotations(1, np.random.default_rng(3))[0].astype(np.float64).T
    first, second = centred(query), centred(target[:57])
    moves, scores = np.empty((5, 12)), np.empty(5)
    found = superpose_fragments(
        first, second, first.astype(np.float32), 4.0, 20, 3, 0, moves, scores
    )
    assert 0 < found <= 5
    assert (np.diff(scores[:found]) <= 0).all()
    for move, score in zip(moves[:found], scores[:found], strict=True):
        moved = np.empty((3, 60), dtype=np.float32)
        move_points(first.astype(np.float32), move, moved)
        square = ((moved[:, :, None] - second[:, None]) ** 2).sum(axis=0).min(axis=1)
        assert score == pytest.approx((1 / (1 + square / 16.0)).sum(), rel=1e-3)
    assert scores[0] > 56
