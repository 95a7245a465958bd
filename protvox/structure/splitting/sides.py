"""The compiled loops over the pairs of a piece: what lies on which side of a cut."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from protvox.compiled.exact import compile_exact


@lru_cache(maxsize=1)
def degree_counter() -> Any:
    """Return the compiled loop over pairs for one side.

    Returns
    -------
    callable
        ``count(first, second, weight, side)``, see
        `protvox.structure.splitting.cuts.Piece.degrees`.
    """

    def count(first, second, weight, side):  # type: ignore[no-untyped-def]
        n = len(side)
        # Apart as long as they grow, so that the sums are those of one pass over each column.
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

    return compile_exact(count)


@lru_cache(maxsize=1)
def side_measurer() -> Any:
    """Return the compiled loop over cuts and pairs.

    Returns
    -------
    callable
        ``measure(first, second, weight, counts, small)`` with ``small`` of ``cut place`` bool
        gives ``cut 4`` sums of ``counts`` across each cut and within its small side, and
        ``cut 2`` shares of the residues of the small and the other side that have more
        contacts with their own side than with the other.
    """
    degrees = degree_counter()

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
            inward, outward = degrees(first, second, weight, side)
            size = 0
            for place in range(n):
                if side[place]:
                    size += 1
                    home[row, 0] += inward[place] > outward[place]
                else:
                    home[row, 1] += outward[place] > inward[place]
            home[row, 0] /= size
            home[row, 1] /= n - size
        return cut, own, home

    return compile_exact(measure)


@lru_cache(maxsize=1)
def course_measurer() -> Any:
    """Return the compiled loop over cuts and places.

    Returns
    -------
    callable
        ``measure(residues, depth, ca, small)`` gives ``cut 4``: the number of segments of each
        cut, the length of the shortest, how deep in helices and strands the chain is cut, and
        the mean distance, Å, between the residues around each segment but the first and last.
    """

    def measure(residues, depth, ca, small):  # type: ignore[no-untyped-def]
        n_cuts, n = small.shape
        out = np.zeros((n_cuts, 4))
        for row in range(n_cuts):
            segments, shortest, begun, deep = 1, n, 0, 0
            apart, inner = 0.0, 0
            for place in range(1, n + 1):
                if place < n and small[row, place] == small[row, place - 1]:
                    continue
                shortest = min(shortest, place - begun)
                if place < n:
                    if begun > 0:
                        before, after = residues[begun - 1], residues[place]
                        x = ca[before, 0] - ca[after, 0]
                        y = ca[before, 1] - ca[after, 1]
                        z = ca[before, 2] - ca[after, 2]
                        apart += np.sqrt(x * x + y * y + z * z)
                        inner += 1
                    segments += 1
                    if residues[place] - residues[place - 1] == 1:
                        deep += min(depth[residues[place]], 4)
                    begun = place
            out[row, 0] = segments
            out[row, 1] = shortest
            out[row, 2] = deep
            if inner:
                out[row, 3] = apart / inner
        return out

    return compile_exact(measure)
