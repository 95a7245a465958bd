"""Compiled starting points of an alignment: gapless threading and superposed fragments."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.compiled.loops import compile_loop
from protvox.structure.alignment.path_loops import move_points
from protvox.structure.alignment.rotation_loops import accumulate, measure_close
from protvox.structure.alignment.superpose_loops import N_SUMS, fit_rotation

_SAME_TRACE = 1.0 + 2.0 * np.cos(np.radians(20.0))
"""Superpositions whose rotations differ by less than 20 degrees can be similar: the trace of a
rotation is 1 + 2 cos(angle)."""

_SAME_PLACE = 4.0
"""Superpositions that move the centre to within so many Å of each other can be similar."""

_compile_fused = partial(compile_loop, fuse=True, checked=False)


@compile_exact
def _pair_diagonal(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    offset: int,
    pairs: NDArray[np.float64],
) -> tuple[int, int]:
    """Write the pairs ``i, i + offset``; return the first query residue and their number."""
    first = max(0, -offset)
    last = min(query.shape[1], target.shape[1] - offset)
    n = last - first
    for axis in range(3):
        pairs[axis, :n] = query[axis, first:last]
        pairs[3 + axis, :n] = target[axis, first + offset : last + offset]
    return first, n


@compile_exact
def thread(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    d0: float,
    radius: float,
    path: NDArray[np.int32],
) -> int:
    """Slide one chain along the other without gaps, and keep the best position.

    Parameters
    ----------
    query, target
        ``3 n`` and ``3 m``, Å.
    d0, radius
        As in `search_rotation`.
    path
        Output, ``min(n,m) 2``: the pairs of residues.

    Returns
    -------
    int
        Number of pairs, at least 3 if both chains have 3.
    """
    n, m = query.shape[1], target.shape[1]
    shorter = min(n, m)
    overlap = max(shorter // 2, min(5, shorter))
    pairs = np.empty((6, shorter))
    totals = np.empty((shorter + 1, N_SUMS))
    move, sums = np.empty(12), np.empty(N_SUMS)
    highest, best_first, best_offset, best_size = -1.0, 0, 0, 0
    for offset in range(overlap - n, m - overlap + 1):
        first, size = _pair_diagonal(query, target, offset, pairs)
        accumulate(pairs, size, totals)
        sums[:] = totals[size]
        for _ in range(2):
            before = sums[16]
            fit_rotation(sums, move)
            score = measure_close(pairs, size, move, d0, radius, np.inf, sums)
            if score > highest:
                highest, best_first, best_offset, best_size = score, first, offset, size
            if sums[16] == before:
                break
    for k in range(best_size):
        path[k, 0], path[k, 1] = best_first + k, best_first + k + best_offset
    return best_size


@_compile_fused
def _rate(
    moved: NDArray[np.float32],
    target: NDArray[np.float32],
    scale: np.float32,
    closest: NDArray[np.float32],
) -> float:
    """Return the sum of the scores of all query residues with their closest partner.

    ``target``: ``4 m``, coordinates times -2 and squared lengths, so that a squared distance, less
    the squared length of the query residue, takes three multiplications; ``m`` is a multiple of 4.
    """
    one, total = np.float32(1.0), np.float32(0.0)
    x, y, z = moved[0], moved[1], moved[2]
    closest[:] = np.float32(1e30)
    for j in range(0, target.shape[1], 4):
        ax, ay, az, aa = target[0, j], target[1, j], target[2, j], target[3, j]
        bx, by, bz, bb = target[0, j + 1], target[1, j + 1], target[2, j + 1], target[3, j + 1]
        cx, cy, cz, cc = target[0, j + 2], target[1, j + 2], target[2, j + 2], target[3, j + 2]
        dx, dy, dz, dd = target[0, j + 3], target[1, j + 3], target[2, j + 3], target[3, j + 3]
        for i in range(len(x)):
            a = aa + x[i] * ax + y[i] * ay + z[i] * az
            b = bb + x[i] * bx + y[i] * by + z[i] * bz
            c = cc + x[i] * cx + y[i] * cy + z[i] * cz
            d = dd + x[i] * dx + y[i] * dy + z[i] * dz
            a = a if a < b else b
            c = c if c < d else d
            a = a if a < c else c
            closest[i] = a if a < closest[i] else closest[i]
    for i in range(len(closest)):
        apart = closest[i] + x[i] * x[i] + y[i] * y[i] + z[i] * z[i]
        total += one / (one + apart * scale)
    return float(total)


@compile_exact
def is_similar(
    move: NDArray[np.float64], other: NDArray[np.float64], trace: float, place: float
) -> bool:
    """Return whether two superpositions, ``12``, are alike.

    Parameters
    ----------
    move, other
        As in `fit_rotation`.
    trace
        Least trace of the rotation from one to the other.
    place
        Largest distance of the centres, Å.
    """
    alike, apart = 0.0, 0.0
    for axis in range(9):
        alike += move[axis] * other[axis]
    for axis in range(9, 12):
        apart += (move[axis] - other[axis]) ** 2
    return alike > trace and apart < place * place


@compile_exact
def _keep(
    move: NDArray[np.float64],
    score: float,
    moves: NDArray[np.float64],
    scores: NDArray[np.float64],
    kept: int,
) -> int:
    """Insert a superposition unless a similar one is better; return how many are kept."""
    row = kept if kept < len(scores) else kept - 1
    for k in range(kept):
        if is_similar(move, moves[k], _SAME_TRACE, _SAME_PLACE):
            if scores[k] >= score:
                return kept
            row = k
            break
    grown = max(kept, row + 1)
    while row > 0 and scores[row - 1] < score:
        scores[row] = scores[row - 1]
        moves[row] = moves[row - 1]
        row -= 1
    scores[row] = score
    moves[row] = move
    return grown


@compile_exact
def superpose_fragments(
    query: NDArray[np.float64],
    target: NDArray[np.float64],
    query32: NDArray[np.float32],
    d0: float,
    length: int,
    stride: int,
    kept: int,
    moves: NDArray[np.float64],
    scores: NDArray[np.float64],
) -> int:
    """Superpose fragments of both chains, and keep the best superpositions.

    Parameters
    ----------
    query, target
        ``3 n`` and ``3 m``, Å, centred.
    query32
        The query in single precision.
    d0
        As in `search_rotation`.
    length
        Residues of a fragment.
    stride
        Fragments start at every so many residues of both chains.
    kept
        Number of superpositions kept before, from fragments of another length.
    moves
        Output, ``kept 12``.
    scores
        Output, ``kept``, descending.

    Returns
    -------
    int
        Number of superpositions kept.

    Notes
    -----
    A superposition is rated by the sum of the scores of the query residues with their closest
    target residues, whatever their order; an upper bound of the score of an alignment. Of
    similar superpositions only the best is kept.
    """
    n, m = query.shape[1], target.shape[1]
    shorter = min(n, m)
    pairs = np.empty((6, shorter))
    totals = np.empty((shorter + 1, N_SUMS))
    sums, move = np.empty(N_SUMS), np.empty(12)
    scale = np.float32(1.0 / (d0 * d0))
    squares = np.zeros((4, -(-m // 4) * 4), dtype=np.float32)
    squares[:3, :m] = -2.0 * target
    squares[3, :m] = (target * target).sum(axis=0)
    squares[3, m:] = np.float32(1e30)
    moved, closest = np.empty((3, n), dtype=np.float32), np.empty(n, dtype=np.float32)
    for step in range(-((n - length) // stride), (m - length) // stride + 1):
        first, size = _pair_diagonal(query, target, step * stride, pairs)
        accumulate(pairs, size, totals)
        for start in range(-first % stride, size - length + 1, stride):
            sums[:] = totals[start + length] - totals[start]
            fit_rotation(sums, move)
            move_points(query32, move, moved)
            score = _rate(moved, squares, scale, closest)
            if kept == len(scores) and score <= scores[kept - 1]:
                continue
            kept = _keep(move, score, moves, scores, kept)
    return kept
