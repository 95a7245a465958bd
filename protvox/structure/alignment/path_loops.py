"""Compiled dynamic programming: the best sequence of residue pairs for a score of every pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_division

_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_NEVER = np.float32(-1e30)


@compile_division
def move_points(
    points: NDArray[np.float32], move: NDArray[np.float64], out: NDArray[np.float32]
) -> None:
    """Write points ``3 n`` after a rotation and translation, ``12``, as in `fit_rotation`."""
    for axis in range(3):
        a, b, c = (
            np.float32(move[3 * axis]),
            np.float32(move[3 * axis + 1]),
            np.float32(move[3 * axis + 2]),
        )
        t = np.float32(move[9 + axis])
        for i in range(points.shape[1]):
            out[axis, i] = a * points[0, i] + b * points[1, i] + c * points[2, i] + t


@compile_division
def _fill_row(
    x: np.float32,
    y: np.float32,
    z: np.float32,
    target: NDArray[np.float32],
    scale: np.float32,
    gap: np.float32,
    above: NDArray[np.float32],
    row: NDArray[np.float32],
    down: NDArray[np.float32],
) -> None:
    """Fill one row, without gaps along it: the pair, or a gap down from the rows above."""
    tx, ty, tz = target[0], target[1], target[2]
    for j in range(len(tx)):
        dx, dy, dz = x - tx[j], y - ty[j], z - tz[j]
        value = above[j] + _ONE / (_ONE + (dx * dx + dy * dy + dz * dz) * scale)
        opened = above[j + 1] + gap
        gapped = down[j] if down[j] > opened else opened
        down[j] = gapped
        row[j + 1] = value if value > gapped else gapped


@compile_division
def _fill_row_by_state(
    x: np.float32,
    y: np.float32,
    z: np.float32,
    state: np.uint8,
    target: NDArray[np.float32],
    states: NDArray[np.uint8],
    scale: np.float32,
    near: np.float32,
    bonus: np.float32,
    gap: np.float32,
    above: NDArray[np.float32],
    row: NDArray[np.float32],
    down: NDArray[np.float32],
) -> None:
    """Fill one row as `_fill_row`, with a bonus for pairs of equal secondary structure."""
    tx, ty, tz = target[0], target[1], target[2]
    for j in range(len(tx)):
        dx, dy, dz = x - tx[j], y - ty[j], z - tz[j]
        score = near / (_ONE + (dx * dx + dy * dy + dz * dz) * scale)
        score += bonus if states[j] == state else _ZERO
        value = above[j] + score
        opened = above[j + 1] + gap
        gapped = down[j] if down[j] > opened else opened
        down[j] = gapped
        row[j + 1] = value if value > gapped else gapped


@compile_division
def _skip_along(row: NDArray[np.float32], gap: np.float32) -> None:
    """Let a gap along a row replace its cells: each is at least any before it, plus the gap.

    Four parts of the row are done side by side, because each step waits for the one before; then
    each part learns the best of those before it.
    """
    part = len(row) // 4
    a = b = c = d = _NEVER
    for j in range(part):
        p, q, r, s = row[j], row[part + j], row[2 * part + j], row[3 * part + j]
        row[j] = p if p > a else a
        row[part + j] = q if q > b else b
        row[2 * part + j] = r if r > c else c
        row[3 * part + j] = s if s > d else d
        p, q, r, s = p + gap, q + gap, r + gap, s + gap
        a = a if a > p else p
        b = b if b > q else q
        c = c if c > r else r
        d = d if d > s else s
    for j in range(4 * part, len(row)):
        p = row[j]
        row[j] = p if p > d else d
        d = d if d > p + gap else p + gap
    _raise_to(row[part : 2 * part], a)
    b = b if b > a else a
    _raise_to(row[2 * part : 3 * part], b)
    c = c if c > b else b
    _raise_to(row[3 * part :], c)


@compile_division
def _raise_to(values: NDArray[np.float32], least: np.float32) -> None:
    for j in range(len(values)):
        value = values[j]
        values[j] = value if value > least else least


@compile_division
def find_path(
    query: NDArray[np.float32],
    target: NDArray[np.float32],
    query_state: NDArray[np.uint8],
    target_state: NDArray[np.uint8],
    d0: float,
    near: float,
    bonus: float,
    gap: float,
    table: NDArray[np.float32],
    path: NDArray[np.int32],
) -> int:
    """Find the sequence of residue pairs with the highest sum of scores.

    A pair scores ``near / (1 + d^2 / d0^2)``, plus ``bonus`` if both residues have the same
    secondary structure. A gap costs ``-gap``, whatever its length; gaps at the ends are free.

    Parameters
    ----------
    query
        ``3 n``, Å, after the superposition.
    target
        ``3 m``, Å.
    query_state, target_state
        ``n`` and ``m``, secondary structure.
    d0
        Distance at which a pair scores ``near / 2``, Å.
    near, bonus
        Weights.
    gap
        Score of a gap, at most 0.
    table
        Work space, ``n+1 m+1``: the highest sum of the residues before.
    path
        Output, ``min(n,m) 2``: indices of the pairs, ascending.

    Returns
    -------
    int
        Number of pairs.

    Notes
    -----
    Needleman and Wunsch, J. Mol. Biol. 48, 443, 1970, with Gotoh's gaps, J. Mol. Biol. 162, 705,
    1982. A gap of any length costs the same, so that a gap along the row need not open from
    another one: only its running maximum depends on the cell before, and the rest of a row is
    computed side by side.
    """
    n, m = query.shape[1], target.shape[1]
    scale = np.float32(1.0 / (d0 * d0))
    gap32, near32, bonus32 = np.float32(gap), np.float32(near), np.float32(bonus)
    plain = near == 1.0 and bonus == 0.0
    table[0] = _ZERO
    down = np.full(m, np.float32(-1e30), dtype=np.float32)
    for i in range(n):
        above, row = table[i], table[i + 1]
        x, y, z = query[0, i], query[1, i], query[2, i]
        if plain:
            _fill_row(x, y, z, target, scale, gap32, above, row, down)
        else:
            _fill_row_by_state(
                x,
                y,
                z,
                query_state[i],
                target,
                target_state,
                scale,
                near32,
                bonus32,
                gap32,
                above,
                row,
                down,
            )
        row[0] = _ZERO
        _skip_along(row[1:], gap32)
    # The last cell of the path: gaps at the end are free.
    i, j = n, m
    for k in range(n):
        if table[k, m] > table[i, j]:
            i, j = k, m
    for k in range(m):
        if table[n, k] > table[i, j]:
            i, j = n, k
    count = 0
    while i > 0 and j > 0:
        a, b = i - 1, j - 1
        dx = query[0, a] - target[0, b]
        dy = query[1, a] - target[1, b]
        dz = query[2, a] - target[2, b]
        score = near32 / (_ONE + (dx * dx + dy * dy + dz * dz) * scale)
        if not plain:
            score += bonus32 if target_state[b] == query_state[a] else _ZERO
        value = table[i, j]
        if table[a, b] + score == value:
            path[count, 0], path[count, 1] = a, b
            count += 1
            i, j = a, b
            continue
        k = 1
        while k <= i or k <= j:
            if k <= i and table[i - k, j] + gap32 == value:
                i -= k
                break
            if k <= j and table[i, j - k] + gap32 == value:
                j -= k
                break
            k += 1
        else:
            break
    for k in range(count // 2):
        a, b = path[k, 0], path[k, 1]
        path[k, 0], path[k, 1] = path[count - 1 - k, 0], path[count - 1 - k, 1]
        path[count - 1 - k, 0], path[count - 1 - k, 1] = a, b
    return count
