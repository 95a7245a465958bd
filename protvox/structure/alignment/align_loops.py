"""Compiled alignment: the starting points, refined by turns of path and rotation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.alignment.path_loops import find_path, move_points
from protvox.structure.alignment.rotation_loops import climb, search_rotation, settle
from protvox.structure.alignment.seed_loops import is_similar, superpose_fragments, thread

_SETTLED = 1e-3
"""Scores that differ by less are taken to be the same."""

_SAME_TRACE = 1.0 + 2.0 * np.cos(np.radians(8.0))
_SAME_PLACE = 1.5
"""Superpositions that were refined and are more alike lead to the same path."""


class Effort(NamedTuple):
    """How thoroughly starting points are searched.

    Attributes
    ----------
    tries
        Pairs of fragments to superpose, about.
    fragments
        Superpositions of fragments from which a path is computed.
    settled
        How many of those get a few turns of path and rotation.
    refined
        How many of those are refined until they stay the same.
    rounds
        Turns of path and rotation of a refinement, at most.
    step
        Fragments of a path start at every so many pairs.
    last_step
        The same, for the rotations that are reported.
    """

    tries: int
    fragments: int
    settled: int
    refined: int
    rounds: int
    step: int
    last_step: int


class _Work(NamedTuple):
    """Coordinates and work space of an alignment."""

    query: NDArray[np.float64]
    target: NDArray[np.float64]
    query32: NDArray[np.float32]
    target32: NDArray[np.float32]
    query_state: NDArray[np.uint8]
    target_state: NDArray[np.uint8]
    moved: NDArray[np.float32]
    table: NDArray[np.float32]
    path: NDArray[np.int32]
    pairs: NDArray[np.float64]


@compile_exact
def gather_pairs(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    path: NDArray[np.int32],
    n: int,
    pairs: NDArray[np.float64],
) -> None:
    """Copy the coordinates of residue pairs.

    Parameters
    ----------
    query, target
        ``3 residue``, Å.
    path
        ``pair 2``, indices.
    n
        Number of pairs.
    pairs
        Output, ``6 pair``: coordinates of the query residues, then of the target's.
    """
    for k in range(n):
        a, b = path[k, 0], path[k, 1]
        for axis in range(3):
            pairs[axis, k] = query[axis, a]
            pairs[3 + axis, k] = target[axis, b]


@compile_exact
def _turn(
    work: _Work,
    distance: tuple[float, float, float],
    gap: float,
    rounds: int,
    step: int,
    move: NDArray[np.float64],
    best_path: NDArray[np.int32],
) -> tuple[float, int]:
    """Turn between path and rotation until the score stays the same.

    Parameters
    ----------
    work
        Coordinates and work space.
    distance
        ``d0``, ``radius`` and ``limit`` of `search_rotation`.
    gap
        As in `find_path`.
    rounds
        Number of turns, at most.
    step
        As in `search_rotation`; 0 only settles the rotation of the turn before.
    move
        Superposition to begin with; output, that with the highest score.
    best_path
        Output, the path with the highest score.

    Returns
    -------
    score : float
        Highest score, 0 without a path.
    size : int
        Pairs of its path.
    """
    d0, radius, limit = distance
    now = move.copy()
    best, best_size, before = 0.0, 0, -1.0
    for _ in range(rounds):
        move_points(work.query32, now, work.moved)
        size = find_path(
            work.moved,
            work.target32,
            work.query_state,
            work.target_state,
            d0,
            1.0,
            0.0,
            gap,
            work.table,
            work.path,
        )
        if size < 3:
            break
        gather_pairs(work.query, work.target, work.path, size, work.pairs)
        score = settle(work.pairs, size, d0, radius, limit, now)
        if abs(score - before) < _SETTLED and step > 0:
            score = search_rotation(work.pairs, size, d0, radius, limit, step, now)
        if score > best:
            best, best_size = score, size
            best_path[:size] = work.path[:size]
            move[:] = now
        if abs(score - before) < _SETTLED:
            break
        before = score
    return best, best_size


@compile_exact
def _sort(moves: NDArray[np.float64], scores: NDArray[np.float64], n: int) -> int:
    """Order superpositions by score, best first; return how many are not similar to a better."""
    order = np.argsort(-scores[:n], kind="mergesort")
    old_moves, old_scores = moves[:n].copy(), scores[:n].copy()
    kept = 0
    for k in order:
        similar = False
        for other in range(kept):
            if is_similar(old_moves[k], moves[other], _SAME_TRACE, _SAME_PLACE):
                similar = True
                break
        if not similar:
            moves[kept], scores[kept] = old_moves[k], old_scores[k]
            kept += 1
    return kept


@compile_exact
def align_points(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    query_state: NDArray[np.uint8],
    target_state: NDArray[np.uint8],
    distance: tuple[float, float, float],
    last: tuple[float, float],
    lengths: tuple[int, int],
    stride: int,
    effort: Effort,
    best_path: NDArray[np.int32],
    best_move: NDArray[np.float64],
) -> int:
    """Find the sequence of residue pairs with the highest TM-score.

    Parameters
    ----------
    query, target
        ``3 n`` and ``3 m``, Å, centred; the query is the shorter.
    query_state, target_state
        ``n`` and ``m``, secondary structure.
    distance
        ``d0``, ``radius`` and ``limit`` as in `search_rotation`, Å.
    last
        ``d0`` of the TM-scores by the query and by the target.
    lengths, stride
        Two lengths of fragments, and their distance, as in `superpose_fragments`.
    effort
        How thoroughly to search.
    best_path
        Output, ``n 2``: indices of the pairs, ascending.
    best_move
        Output, ``12``: their superposition, as in `fit_rotation`.

    Returns
    -------
    int
        Number of pairs, at least 3.
    """
    n, m = query.shape[1], target.shape[1]
    d0, radius, limit = distance
    work = _Work(
        query,
        target,
        query.astype(np.float32),
        target.astype(np.float32),
        query_state,
        target_state,
        np.empty((3, n), dtype=np.float32),
        np.empty((n + 1, m + 1), dtype=np.float32),
        np.empty((n, 2), dtype=np.int32),
        np.empty((6, n)),
    )
    path = np.empty((n, 2), dtype=np.int32)

    # Superpositions, each step for fewer of them and at greater cost.
    moves, scores = np.empty((effort.fragments + 3, 12)), np.empty(effort.fragments + 3)
    found = 0
    for length in lengths:
        found = superpose_fragments(
            query,
            target,
            work.query32,
            d0,
            length,
            stride,
            found,
            moves[: effort.fragments],
            scores[: effort.fragments],
        )
    for k in range(found):
        scores[k] = _turn(work, distance, 0.0, 1, 0, moves[k], path)[0]
    for seed in range(3):
        if seed == 0:
            size = thread(query, target, d0, radius, work.path)
        else:
            near = 0.0
            if seed == 2:
                near = 1.0
                move_points(work.query32, moves[np.argmax(scores[:found])], work.moved)
            size = find_path(
                work.moved,
                work.target32,
                query_state,
                target_state,
                d0,
                near,
                1.0 - 0.5 * near,
                -1.0,
                work.table,
                work.path,
            )
        if size >= 3:
            gather_pairs(query, target, work.path, size, work.pairs)
            scores[found] = search_rotation(
                work.pairs, size, d0, radius, limit, effort.step, moves[found]
            )
            found += 1
    found = _sort(moves, scores, found)
    settled = min(found, effort.settled)
    for k in range(settled):
        scores[k] = _turn(work, distance, -0.6, 2, 0, moves[k], path)[0]
    found = _sort(moves, scores, settled)
    refined = min(found, effort.refined)
    highest, best_size = -1.0, 0
    for k in range(refined):
        start = moves[k].copy()
        for gap in (-0.6, 0.0):
            moves[k] = start
            _, size = _turn(work, distance, gap, effort.rounds, effort.step, moves[k], path)
            if size < 3:
                continue
            score = _rate_path(work, last, path, size, moves[k])
            if score > highest:
                highest, best_size = score, size
                best_path[:size] = path[:size]
                best_move[:] = moves[k]
    if best_size == 0:
        # Chains of a few residues may have no path of three; they do have a diagonal.
        best_size = thread(query, target, d0, radius, best_path)
        gather_pairs(query, target, best_path, best_size, work.pairs)
        search_rotation(work.pairs, best_size, d0, radius, limit, 1, best_move)
        highest = _rate_path(work, last, best_path, best_size, best_move)
    # Towards the distances of the TM-scores, which are shorter.
    start[:] = best_move
    closer = (last[0], radius, limit)
    for gap in (-0.6, 0.0):
        moves[0] = start
        _, size = _turn(work, closer, gap, 3, 0, moves[0], path)
        if size >= 3:
            score = _rate_path(work, last, path, size, moves[0])
            if score > highest:
                highest, best_size = score, size
                best_path[:size] = path[:size]
                best_move[:] = moves[0]
    return best_size


@compile_exact
def _rate_path(
    work: _Work,
    last: tuple[float, float],
    path: NDArray[np.int32],
    size: int,
    move: NDArray[np.float64],
) -> float:
    """Return the sum of both TM-scores of a path, from its superposition."""
    gather_pairs(work.query, work.target, path, size, work.pairs)
    n, m = work.query.shape[1], work.target.shape[1]
    total = 0.0
    for d0, length in ((last[0], n), (last[1], m)):
        now = move.copy()
        total += climb(work.pairs, size, d0, now) / length
    return total
