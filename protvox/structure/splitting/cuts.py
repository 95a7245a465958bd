"""Candidate cuts of a piece of a chain in two, ranked by the contacts they break."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint
from protvox.compiled.exact import compile_exact
from protvox.structure.splitting.contacts import Contacts
from protvox.structure.splitting.sides import degree_counter

LEAST_SIDE: Final = 30
"""Smallest domain, in residues."""

_LEAST_SEGMENT: Final = 8
"""Shortest segment, in residues."""

_TILE: Final = 6
"""Of cuts closer together than this many residues, only the best is considered."""

_KEPT: Final = 10
"""Number of single and double cuts considered."""

_MOVES: Final = 2
"""Number of segments that may change sides afterwards."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a chain, handled like a chain of its own.

    Attributes
    ----------
    residues
        ``residue`` int64, rows of the chain, ascending.
    first, second
        ``pair`` int64, indices into `residues`.
    weight
        ``pair`` float64, cost of a cut between the two residues.
    counts
        ``pair 4`` float64, see `Contacts`.
    """

    residues: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    weight: NDArray[np.float64]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, contacts: Contacts, residues: NDArray[np.int64]) -> Piece:
        """Make a piece of some residues of a chain.

        Parameters
        ----------
        contacts
            The chain.
        residues
            Rows, ascending.
        """
        index = np.full(len(contacts), -1, dtype=np.int64)
        index[residues] = np.arange(len(residues))
        first, second = index[contacts.first], index[contacts.second]
        kept = (first >= 0) & (second >= 0)
        return cls(
            residues, first[kept], second[kept], contacts.weight[kept], contacts.counts[kept]
        )

    def __len__(self) -> int:
        """Return the number of residues."""
        return len(self.residues)

    def degrees(self, side: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weight of every residue's contacts with one side, and with the other.

        Parameters
        ----------
        side
            ``residue`` bool, members of the first side.

        Returns
        -------
        inward, outward : ndarray
            ``residue`` float64 each.
        """
        inward, outward = degree_counter()(self.first, self.second, self.weight, side)
        return inward, outward


def propose_cuts(piece: Piece) -> NDArray[np.bool_]:
    """Return the most promising cuts of a piece.

    A cut separates one stretch of residues from the rest. A single cut (the stretch begins or
    ends with the piece) breaks the chain once, a double cut twice. All cuts are compared by
    the weight of the broken contacts divided by the product of the sizes of the two sides, as
    in PDP (Alexandrov and Shindyalov, Bioinformatics 19, 429, 2003); a table of cumulative
    sums makes this fast. Starting from each of the best cuts, segments are moved to the other
    side as long as that lowers the ratio, because a chain may pass between two domains more
    than twice.

    Parameters
    ----------
    piece
        The piece to cut.

    Returns
    -------
    ndarray
        ``cut residue`` bool, one side of each cut. Cuts are distinct; there are none if the
        piece is too short.
    """
    n = len(piece)
    found: dict[bytes, NDArray[np.bool_]] = {}
    if n < 2 * LEAST_SIDE:
        return np.zeros((0, n), dtype=np.bool_)
    sums = _sums(piece)
    scan, move = _loops()
    ratio, begin, end = scan(sums, LEAST_SIDE, _LEAST_SEGMENT, _TILE)
    for tile in _best_tiles(ratio):
        side = np.zeros(n, dtype=np.bool_)
        side[begin[tile] : end[tile]] = True
        best = float(ratio[tile])
        for _ in range(_MOVES + 1):
            checkpoint()
            key = (side ^ side[0]).tobytes()
            if key in found:
                break
            found[key] = side
            inward, outward = piece.degrees(side)
            start, stop, lower = move(sums, inward, outward, side, LEAST_SIDE, _LEAST_SEGMENT)
            if start < 0 or lower >= best:
                break
            side, best = side.copy(), lower
            side[start:stop] = ~side[start:stop]
    return np.array(list(found.values()), dtype=np.bool_).reshape(-1, n)


def _sums(piece: Piece) -> NDArray[np.float64]:
    """Return the weight of all contacts between the first i and the first j residues."""
    n = len(piece)
    sums = np.zeros((n + 1, n + 1))
    sums[piece.first + 1, piece.second + 1] = piece.weight
    sums[piece.second + 1, piece.first + 1] = piece.weight
    np.cumsum(sums, axis=0, out=sums)
    np.cumsum(sums, axis=1, out=sums)
    return sums


def _best_tiles(ratio: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the tiles with the lowest ratios, none next to another."""
    left = ratio.copy()
    best: list[tuple[int, int]] = []
    while len(best) < _KEPT:
        row, column = divmod(int(left.argmin()), left.shape[1])
        if not np.isfinite(left[row, column]):
            break
        best.append((row, column))
        left[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = np.inf
    return best


@lru_cache(maxsize=1)
def _loops() -> tuple[Any, Any]:
    return compile_exact(_scan), compile_exact(_move)


def _scan(sums, least, shortest, tile):  # type: ignore[no-untyped-def]
    """Return the best cut of each tile: its ratio, and the start and end of the stretch."""
    n = len(sums) - 1
    tiles = n // tile + 1
    ratio = np.full((tiles, tiles), np.inf)
    begin = np.zeros((tiles, tiles), dtype=np.int64)
    end = np.zeros((tiles, tiles), dtype=np.int64)
    for start in range(n - least):
        if 0 < start < shortest:
            continue
        for stop in range(start + least, n - shortest + 1):
            inside = stop - start
            outside = n - inside
            if outside < least:
                break
            within = sums[stop, stop] - 2 * sums[start, stop] + sums[start, start]
            cut = sums[stop, n] - sums[start, n] - within
            value = cut / (inside * outside)
            row, column = start // tile, stop // tile
            if value < ratio[row, column]:
                ratio[row, column] = value
                begin[row, column] = start
                end[row, column] = stop
    return ratio, begin, end


def _move(sums, inward, outward, side, least, shortest):  # type: ignore[no-untyped-def]
    """Return the stretch that gives the lowest ratio when it changes sides, and that ratio."""
    n = len(side)
    to_side = np.zeros(n + 1)
    to_other = np.zeros(n + 1)
    size = 0
    cut = 0.0
    for i in range(n):
        to_side[i + 1] = to_side[i] + inward[i]
        to_other[i + 1] = to_other[i] + outward[i]
        if side[i]:
            size += 1
            cut += outward[i]
    best, best_start, best_stop = np.inf, -1, -1
    low = 0
    while low < n:
        high = low
        while high < n and side[high] == side[low]:
            high += 1
        for start in range(low, high):
            if 0 < start - low < shortest:
                continue
            for stop in range(start + shortest, high + 1):
                if 0 < high - stop < shortest:
                    continue
                length = stop - start
                with_side = to_side[stop] - to_side[start]
                with_other = to_other[stop] - to_other[start]
                own = with_side if side[low] else with_other
                left = size - length if side[low] else size + length
                if left < least or n - left < least:
                    continue
                within = sums[stop, stop] - 2 * sums[start, stop] + sums[start, start]
                value = (cut + 2 * own - within - with_side - with_other) / (left * (n - left))
                if value < best:
                    best, best_start, best_stop = value, start, stop
        low = high
    return best_start, best_stop, best
