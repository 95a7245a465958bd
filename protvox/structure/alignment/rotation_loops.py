"""Compiled search for the rotation with the highest TM-score of given residue pairs."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact
from protvox.compiled.loops import compile_loop
from protvox.structure.alignment.superpose_loops import N_SUMS, fit_rotation

_SHORTEST = 4
"""Residues of the shortest fragment that starts a search."""

_ROUNDS = 20
"""Superpositions from one fragment, at most."""

_CLIMBS = 50
"""Steps to a maximum, at most."""

_GAIN = 1e-6
"""Gain of the TM-score, by the number of pairs, at which a climb ends."""

_REMEMBERED = 256
"""Sets of pairs that one search remembers."""

_compile_fused = partial(compile_loop, fuse=True, checked=False)


@_compile_fused
def _measure(
    pairs: NDArray[np.float64],
    n: int,
    move: NDArray[np.float64],
    d0: float,
    cutoff: float,
    limit: float,
    sums: NDArray[np.float64],
) -> float:
    """Return the sum of the scores of all pairs, and write `sums` over the close ones.

    ``pairs``: ``6 n``. Pairs further apart than ``limit`` do not count.
    """
    r00, r01, r02, r10, r11, r12 = move[0], move[1], move[2], move[3], move[4], move[5]
    r20, r21, r22, tx, ty, tz = move[6], move[7], move[8], move[9], move[10], move[11]
    scale = 1.0 / (d0 * d0)
    close = cutoff * cutoff
    far = limit * limit
    score = 0.0
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = 0.0
    s10 = s11 = s12 = s13 = s14 = s15 = s16 = 0.0
    x, y, z = pairs[0, :n], pairs[1, :n], pairs[2, :n]
    u, v, t = pairs[3, :n], pairs[4, :n], pairs[5, :n]
    for i in range(len(x)):
        ax, ay, az, bx, by, bz = x[i], y[i], z[i], u[i], v[i], t[i]
        dx = r00 * ax + r01 * ay + r02 * az + tx - bx
        dy = r10 * ax + r11 * ay + r12 * az + ty - by
        dz = r20 * ax + r21 * ay + r22 * az + tz - bz
        square = dx * dx + dy * dy + dz * dz
        score += (1.0 if square <= far else 0.0) / (1.0 + square * scale)
        w = 1.0 if square < close else 0.0
        wx, wy, wz = w * ax, w * ay, w * az
        s0 += w
        s1 += wx
        s2 += wy
        s3 += wz
        s4 += w * bx
        s5 += w * by
        s6 += w * bz
        s7 += wx * bx
        s8 += wx * by
        s9 += wx * bz
        s10 += wy * bx
        s11 += wy * by
        s12 += wy * bz
        s13 += wz * bx
        s14 += wz * by
        s15 += wz * bz
        s16 += wx * ax + wy * ay + wz * az + w * (bx * bx + by * by + bz * bz)
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = s0, s1, s2, s3, s4, s5
    sums[6], sums[7], sums[8], sums[9], sums[10], sums[11] = s6, s7, s8, s9, s10, s11
    sums[12], sums[13], sums[14], sums[15], sums[16] = s12, s13, s14, s15, s16
    return score


@compile_exact
def accumulate(pairs: NDArray[np.float64], n: int, totals: NDArray[np.float64]) -> None:
    """Write the sums over the first pairs, for every number of pairs.

    Parameters
    ----------
    pairs
        ``6 n``, Å: coordinates of the first points, then of the second.
    n
        Number of pairs.
    totals
        Output, ``n+1 N_SUMS``.
    """
    totals[0] = 0.0
    for i in range(n):
        before, after = totals[i], totals[i + 1]
        squares = 0.0
        after[0] = before[0] + 1.0
        for a in range(6):
            after[1 + a] = before[1 + a] + pairs[a, i]
            squares += pairs[a, i] * pairs[a, i]
        for a in range(3):
            for b in range(3):
                after[7 + 3 * a + b] = before[7 + 3 * a + b] + pairs[a, i] * pairs[3 + b, i]
        after[16] = before[16] + squares


@compile_exact
def measure_close(
    pairs: NDArray[np.float64],
    n: int,
    move: NDArray[np.float64],
    d0: float,
    cutoff: float,
    limit: float,
    sums: NDArray[np.float64],
) -> float:
    """Return the score, and write the sums over the pairs that are close, three at least."""
    score = _measure(pairs, n, move, d0, cutoff, limit, sums)
    while sums[0] < 3.0 and n >= 3:
        cutoff += 0.5
        _measure(pairs, n, move, d0, cutoff, limit, sums)
    return score


@compile_exact
def settle(
    pairs: NDArray[np.float64],
    n: int,
    d0: float,
    radius: float,
    limit: float,
    move: NDArray[np.float64],
) -> float:
    """Superpose the pairs that are close, again and again, until they stay the same.

    Parameters
    ----------
    pairs, n, d0, radius, limit
        As in `search_rotation`.
    move
        Superposition to begin with; output, the best on the way.

    Returns
    -------
    float
        Sum of the scores of the pairs.
    """
    sums, now = np.empty(N_SUMS), move.copy()
    highest, before = -1.0, -1.0
    for _ in range(_ROUNDS):
        score = measure_close(pairs, n, now, d0, radius + 1.0, limit, sums)
        if score > highest:
            highest = score
            move[:] = now
        if sums[16] == before:
            break
        before = sums[16]
        fit_rotation(sums, now)
    return highest


@_compile_fused
def _weigh(
    pairs: NDArray[np.float64],
    n: int,
    move: NDArray[np.float64],
    d0: float,
    sums: NDArray[np.float64],
) -> float:
    """Return the sum of the scores, and write `sums` over all pairs, weighted by score squared."""
    r00, r01, r02, r10, r11, r12 = move[0], move[1], move[2], move[3], move[4], move[5]
    r20, r21, r22, tx, ty, tz = move[6], move[7], move[8], move[9], move[10], move[11]
    scale = 1.0 / (d0 * d0)
    score = 0.0
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = 0.0
    s10 = s11 = s12 = s13 = s14 = s15 = s16 = 0.0
    x, y, z = pairs[0, :n], pairs[1, :n], pairs[2, :n]
    u, v, t = pairs[3, :n], pairs[4, :n], pairs[5, :n]
    for i in range(len(x)):
        ax, ay, az, bx, by, bz = x[i], y[i], z[i], u[i], v[i], t[i]
        dx = r00 * ax + r01 * ay + r02 * az + tx - bx
        dy = r10 * ax + r11 * ay + r12 * az + ty - by
        dz = r20 * ax + r21 * ay + r22 * az + tz - bz
        one = 1.0 / (1.0 + (dx * dx + dy * dy + dz * dz) * scale)
        score += one
        w = one * one
        wx, wy, wz = w * ax, w * ay, w * az
        s0 += w
        s1 += wx
        s2 += wy
        s3 += wz
        s4 += w * bx
        s5 += w * by
        s6 += w * bz
        s7 += wx * bx
        s8 += wx * by
        s9 += wx * bz
        s10 += wy * bx
        s11 += wy * by
        s12 += wy * bz
        s13 += wz * bx
        s14 += wz * by
        s15 += wz * bz
        s16 += wx * ax + wy * ay + wz * az + w * (bx * bx + by * by + bz * bz)
    sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = s0, s1, s2, s3, s4, s5
    sums[6], sums[7], sums[8], sums[9], sums[10], sums[11] = s6, s7, s8, s9, s10, s11
    sums[12], sums[13], sums[14], sums[15], sums[16] = s12, s13, s14, s15, s16
    return score


@compile_exact
def climb(pairs: NDArray[np.float64], n: int, d0: float, move: NDArray[np.float64]) -> float:
    """Move to the next maximum of the TM-score of the given pairs.

    Parameters
    ----------
    pairs, n, d0
        As in `search_rotation`.
    move
        Superposition to begin with; output, the maximum.

    Returns
    -------
    float
        Sum of the scores of the pairs.

    Notes
    -----
    The score ``1 / (1 + d^2 / d0^2)`` of a pair is convex in the square of its distance, so that
    the superposition by least squares with its slopes as weights never lowers the sum.
    """
    sums, now = np.empty(N_SUMS), move.copy()
    highest = _weigh(pairs, n, now, d0, sums)
    for _ in range(_CLIMBS):
        fit_rotation(sums, now)
        score = _weigh(pairs, n, now, d0, sums)
        if score <= highest + _GAIN * n:
            break
        highest = score
        move[:] = now
    return highest


@compile_exact
def search_rotation(
    pairs: NDArray[np.float64],
    n: int,
    d0: float,
    radius: float,
    limit: float,
    step: int,
    best: NDArray[np.float64],
) -> float:
    """Find the rotation and translation with the highest TM-score of the given pairs.

    Parameters
    ----------
    pairs
        ``6 n``, Å: coordinates of the first points, then of the second, centred.
    n
        Number of pairs, at least 3.
    d0
        Distance that scores one half, Å.
    radius
        Pairs closer than about this are superposed again, Å.
    limit
        Pairs further apart do not count, Å.
    step
        Fragments start at every so many pairs.
    best
        Output, ``12``, as in `fit_rotation`.

    Returns
    -------
    float
        Sum of the scores of the pairs.

    Notes
    -----
    Zhang and Skolnick, Proteins 57, 702, 2004: fragments of all pairs, a half, a quarter ... are
    superposed; the pairs that come close are superposed again until they stay the same. A set of
    pairs that was superposed before, also from another fragment, ends a round.
    """
    totals = np.empty((n + 1, N_SUMS))
    accumulate(pairs, n, totals)
    sums, move = np.empty(N_SUMS), np.empty(12)
    seen = np.empty(_REMEMBERED)
    n_seen = 0
    highest = -1.0
    length = n
    while True:
        start = 0
        while start + length <= n:
            sums[:] = totals[start + length] - totals[start]
            cutoff = radius - 1.0
            for _ in range(_ROUNDS):
                fit_rotation(sums, move)
                score = measure_close(pairs, n, move, d0, cutoff, limit, sums)
                if score > highest:
                    highest = score
                    best[:] = move
                cutoff = radius + 1.0
                # Equal sets have equal sums, to the last bit.
                key = sums[0] + 1.3 * sums[1] + 1.7 * sums[2] + sums[7] + 1.1 * sums[11] + sums[16]
                known = False
                for k in range(min(n_seen, _REMEMBERED)):
                    if seen[k] == key:
                        known = True
                        break
                if known:
                    break
                seen[n_seen % _REMEMBERED] = key
                n_seen += 1
            start += step
            if start + length > n and start - step + length < n:
                start = n - length
        if length <= _SHORTEST:
            break
        length = max(length // 2, _SHORTEST)
    return highest
