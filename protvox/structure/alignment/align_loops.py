"""Compiled alignment: the starting points, refined by turns of path and rotation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.structure.alignment.path_loops import find_path, move_points
from protvox.structure.alignment.rotation_loops import search_rotation
from protvox.structure.alignment.seed_loops import superpose_fragments, thread


class Effort(NamedTuple):
    """How thoroughly starting points are searched.

    Attributes
    ----------
    tries
        Pairs of fragments to superpose, about.
    fragments
        Superpositions of fragments from which a path is computed.
    refined
        How many of those are refined.
    rounds
        Turns of path and rotation from a starting point, at most.
    step
        Fragments of a path start at every so many pairs.
    last_step
        The same, for the rotations that are reported.
    """

    tries: int
    fragments: int
    refined: int
    rounds: int
    step: int
    last_step: int


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
def align_points(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    query_state: NDArray[np.uint8],
    target_state: NDArray[np.uint8],
    d0: float,
    radius: float,
    limit: float,
    lengths: tuple[int, int],
    stride: int,
    effort: Effort,
    best_path: NDArray[np.int32],
) -> int:
    """Find the sequence of residue pairs with the highest TM-score.

    Parameters
    ----------
    query, target
        ``3 n`` and ``3 m``, Å, centred.
    query_state, target_state
        ``n`` and ``m``, secondary structure.
    d0, radius, limit
        As in `search_rotation`, Å.
    lengths, stride
        Two lengths of fragments, and their distance, as in `superpose_fragments`.
    effort
        How thoroughly to search.
    best_path
        Output, ``min(n,m) 2``: indices of the pairs, ascending.

    Returns
    -------
    int
        Number of pairs, at least 3.
    """
    n, m = query.shape[1], target.shape[1]
    shorter = min(n, m)
    query32, target32 = query.astype(np.float32), target.astype(np.float32)
    moved = np.empty((3, n), dtype=np.float32)
    table = np.empty((n + 1, m + 1), dtype=np.float32)
    path = np.empty((shorter, 2), dtype=np.int32)
    pairs = np.empty((6, shorter))
    start, move, best_move = np.empty(12), np.empty(12), np.empty(12)

    found, found_scores = np.empty((effort.fragments, 12)), np.empty(effort.fragments)
    n_found = 0
    for length in lengths:
        n_found = superpose_fragments(
            query, target, query32, target32, d0, length, stride, n_found, found, found_scores
        )
    for k in range(n_found):
        move_points(query32, found[k], moved)
        size = find_path(moved, target32, query_state, target_state, d0, 1.0, 0.0, 0.0, table, path)
        if size < 3:
            found_scores[k] = 0.0
            continue
        gather_pairs(query, target, path, size, pairs)
        found_scores[k] = search_rotation(pairs, size, d0, radius, limit, shorter, found[k])
    order = np.argsort(-found_scores[:n_found], kind="mergesort")

    best, best_size = -1.0, 0
    for seed in range(3 + min(n_found, effort.refined)):
        size = 0
        if seed == 0:
            size = thread(query, target, d0, radius, path)
        elif seed == 1:
            size = find_path(
                query32, target32, query_state, target_state, d0, 0.0, 1.0, -1.0, table, path
            )
        elif seed == 2:
            move_points(query32, best_move, moved)
            size = find_path(
                moved, target32, query_state, target_state, d0, 1.0, 0.5, -1.0, table, path
            )
        else:
            start[:] = found[order[seed - 3]]
        if seed < 3:
            if size < 3:
                continue
            gather_pairs(query, target, path, size, pairs)
            score = search_rotation(pairs, size, d0, radius, limit, effort.step, start)
            if score > best:
                best, best_size = score, size
                best_path[:size] = path[:size]
                best_move[:] = start
        for gap in (-0.6, 0.0):
            move[:] = start
            before = -1.0
            for _ in range(effort.rounds):
                move_points(query32, move, moved)
                size = find_path(
                    moved, target32, query_state, target_state, d0, 1.0, 0.0, gap, table, path
                )
                if size < 3:
                    break
                gather_pairs(query, target, path, size, pairs)
                score = search_rotation(pairs, size, d0, radius, limit, effort.step, move)
                if score > best:
                    best, best_size = score, size
                    best_path[:size] = path[:size]
                    best_move[:] = move
                if abs(score - before) < 1e-3:
                    break
                before = score
    return best_size
