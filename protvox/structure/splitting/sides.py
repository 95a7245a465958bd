"""The compiled loops over the residue pairs of a piece, for the two sides of a cut."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from protvox.compiled.exact import compile_exact


def _count(first: Any, second: Any, weight: Any, side: Any) -> Any:
    n = len(side)
    # Kept apart, so that the order of summation is that of one pass over each column.
    inward, outward = np.zeros((2, n)), np.zeros((2, n))
    for pair in range(len(first)):
        a, b = first[pair], second[pair]
        outward[0, a] += weight[pair]
        outward[1, b] += weight[pair]
        if side[b]:
            inward[0, a] += weight[pair]
        if side[a]:
            inward[1, b] += weight[pair]
    own = inward[0] + inward[1]
    return own, outward[0] + outward[1] - own


@lru_cache(maxsize=1)
def degree_counter() -> Any:
    """Return the compiled loop that sums the contacts of residues with either side.

    Returns
    -------
    callable
        ``count(first, second, weight, side)``, see
        `protvox.structure.splitting.cuts.Piece.degrees`.
    """
    return compile_exact(_count)


@lru_cache(maxsize=1)
def side_measurer() -> Any:
    """Return the compiled loop that sums contacts over cuts and pairs.

    Returns
    -------
    callable
        ``measure(first, second, weight, counts, small)`` with ``small`` of ``cut residue``
        bool. Returns the ``cut 4`` sums of ``counts`` across each cut, those within its small
        side, and the ``cut 2`` fractions of residues, on the small and the large side, that
        have more contacts with their own side than with the other.
    """
    from numba.extending import register_jitable

    # With a compiled function in its closure, the loop would be compiled anew in every process.
    register_jitable(_count)

    def measure(first, second, weight, counts, small):  # type: ignore[no-untyped-def]
        n_cuts, n = small.shape
        cut = np.zeros((n_cuts, 4))
        own = np.zeros((n_cuts, 4))
        home = np.zeros((n_cuts, 2))
        for row in range(n_cuts):
            side = small[row]
            for pair in range(len(first)):
                a, b = side[first[pair]], side[second[pair]]
                for kind in range(4):
                    if a != b:
                        cut[row, kind] += counts[pair, kind]
                    elif a:
                        own[row, kind] += counts[pair, kind]
            inward, outward = _count(first, second, weight, side)
            size = 0
            for i in range(n):
                if side[i]:
                    size += 1
                    home[row, 0] += inward[i] > outward[i]
                else:
                    home[row, 1] += outward[i] > inward[i]
            home[row, 0] /= size
            home[row, 1] /= n - size
        return cut, own, home

    return compile_exact(measure)


@lru_cache(maxsize=1)
def segment_measurer() -> Any:
    """Return the compiled loop that measures the segments of cuts.

    Returns
    -------
    callable
        ``measure(residues, depth, ca, small)`` returns ``cut 4``: the number of segments of
        each cut, the length of the shortest, the summed depth in helices and strands at which
        the chain is cut, and the mean distance, Å, between the residues that flank each inner
        segment.
    """

    def measure(residues, depth, ca, small):  # type: ignore[no-untyped-def]
        n_cuts, n = small.shape
        out = np.zeros((n_cuts, 4))
        for row in range(n_cuts):
            segments, shortest, begin, deep = 1, n, 0, 0
            gap, inner = 0.0, 0
            for i in range(1, n + 1):
                if i < n and small[row, i] == small[row, i - 1]:
                    continue
                shortest = min(shortest, i - begin)
                if i < n:
                    if begin > 0:
                        before, after = residues[begin - 1], residues[i]
                        x = ca[before, 0] - ca[after, 0]
                        y = ca[before, 1] - ca[after, 1]
                        z = ca[before, 2] - ca[after, 2]
                        gap += np.sqrt(x * x + y * y + z * z)
                        inner += 1
                    segments += 1
                    if residues[i] - residues[i - 1] == 1:
                        deep += min(depth[residues[i]], 4)
                    begin = i
            out[row, 0] = segments
            out[row, 1] = shortest
            out[row, 2] = deep
            if inner:
                out[row, 3] = gap / inner
        return out

    return compile_exact(measure)
