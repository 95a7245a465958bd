"""Stretches that fit better backwards, or with the sequence of another chain."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.check.register import MAX_SHIFT, Run, find_runs, fit
from protvox.predict.check.sequence import UNKNOWN, ChainModel

LONGEST_REVERSED: Final = 41
"""Most residues of a segment that is traced backwards."""

DIAGONALS: Final = 3
"""Ways to lay a foreign sequence on a chain that are considered, those of highest log odds."""

SHORTEST_FOREIGN: Final = 15
"""Fewest residues of a segment with the sequence of another chain."""


def reversed_runs(chain: ChainModel, odds: NDArray[np.float64]) -> list[Run]:
    """Return stretches that fit better with their sequence reversed.

    Parameters
    ----------
    chain
        The chain.
    odds
        ``residue 20``, see `protvox.predict.check.register.amino_acid_odds`.

    Returns
    -------
    list of Run
        The best of each centre, overlapping; the state is the sum of the residues that change
        places. The ends may be up to `MAX_SHIFT` residues off the symmetric ones.
    """
    n, half = len(chain), LONGEST_REVERSED // 2
    centres = np.arange(2 * n - 1)
    columns = centres[:, None] // 2 + np.arange(-half, half + 1)
    partners = centres[:, None] - columns
    inside = (columns >= 0) & (columns < n) & (partners >= 0) & (partners < n)
    rows = np.where(inside, columns, 0)
    types = chain.types[np.where(inside, partners, 0)]
    # Unknown amino acids have no odds, neither forwards nor backwards.
    known = inside & (types != UNKNOWN)
    gains = np.where(known, odds[rows, np.where(known, types, 0)], 0.0)
    gains = np.where(inside, gains - fit(odds, chain.types)[rows], -np.inf)
    best, first, last = _best_stretch(gains)
    runs = []
    for centre in np.flatnonzero(best > 0).tolist():
        ends = int(columns[centre, first[centre]]), int(columns[centre, last[centre]])
        if abs(sum(ends) - centre) <= MAX_SHIFT:
            runs.append(Run(*ends, centre, float(best[centre])))
    return runs


def _best_stretch(
    gains: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return sum, first and last column of the stretch of largest sum in each row."""
    n = len(gains)
    best, first, last = np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    current, start = np.zeros(n), np.zeros(n, dtype=np.int64)
    for column in range(gains.shape[1]):
        fresh = current <= 0
        start = np.where(fresh, column, start)
        current = np.where(fresh, 0.0, current) + gains[:, column]
        better = current > best
        best = np.where(better, current, best)
        first, last = np.where(better, start, first), np.where(better, column, last)
    return best, first, last


def foreign_runs(
    chain: ChainModel, odds: NDArray[np.float64], sequence: NDArray[np.int64], price: float
) -> list[Run]:
    """Return stretches that fit better with another sequence.

    Parameters
    ----------
    chain, odds
        See `reversed_runs`.
    sequence
        ``position``, amino acids.
    price
        Log odds that a stretch must gain, nats.

    Returns
    -------
    list of Run
        Of at least `SHORTEST_FOREIGN` residues; the state is the offset, the position of the
        sequence at the first residue of the chain.
    """
    n, length = len(chain), len(sequence)
    size = n + length
    total = np.zeros(size)
    for kind in range(odds.shape[1]):
        ones = np.fft.rfft(sequence == kind, size)
        total += np.fft.irfft(ones * np.conj(np.fft.rfft(odds[:, kind], size)), size)
    offsets = np.argsort(-total)[:DIAGONALS]
    offsets = np.where(offsets < length, offsets, offsets - size)
    modelled = fit(odds, chain.types)
    gains = np.empty((n, len(offsets)))
    for column, offset in enumerate(offsets.tolist()):
        position = np.arange(n) + offset
        inside = (position >= 0) & (position < length)
        types = np.where(inside, sequence[np.where(inside, position, 0)], UNKNOWN)
        gains[:, column] = np.where(inside, fit(odds, types) - modelled, -np.inf)
    runs = find_runs(gains, np.full(len(offsets), price))
    return [
        run._replace(state=int(offsets[run.state]))
        for run in runs
        if run.last - run.first + 1 >= SHORTEST_FOREIGN
    ]
