"""Stretches of a chain whose sequence fits their surroundings only when it is shifted.

Each residue has a probability for every amino acid, from surroundings without side chains. The
log odds of a shift at a residue compare the amino acid that the shift puts there with the modelled
one. Dynamic programming divides the chain into stretches as modelled, stretches with one shift, and
stretches that fit nothing, each change at a price, and so finds the segments of highest total log
odds without trying windows of every length.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.predict.check.sequence import UNKNOWN, ChainModel

MAX_SHIFT: Final = 8
"""Largest shift, residues."""

SHIFTS: Final = tuple(s for s in range(-MAX_SHIFT, MAX_SHIFT + 1) if s)

PRICE: Final = 5.0
"""Log odds that a segment must gain before it is considered, nats."""

FLOOR: Final = 0.02
"""Share of the background in every probability, so that no residue decides alone."""


class Run(NamedTuple):
    """A stretch of a chain in one state.

    Attributes
    ----------
    first, last
        Residues of the chain, both included.
    state
        Column of the log odds.
    log_odds
        Sum over the stretch, nats.
    """

    first: int
    last: int
    state: int
    log_odds: float


def amino_acid_odds(
    probabilities: NDArray[np.floating], background: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return how much better each amino acid fits a residue than a random residue.

    Parameters
    ----------
    probabilities
        ``residue 20``; NaN rows for residues that cannot be predicted.
    background
        ``20``, frequency of each amino acid.

    Returns
    -------
    ndarray
        ``residue 20`` float64, log odds in nats; 0 where there is no prediction.
    """
    mixed = (1 - FLOOR) * probabilities.astype(np.float64) + FLOOR * background
    odds = np.log(mixed / background)
    odds[~np.isfinite(odds).all(axis=1)] = 0.0
    return odds


def fit(odds: NDArray[np.float64], types: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log odds of one amino acid per residue; 0 for an unknown one.

    Parameters
    ----------
    odds
        ``residue 20``, see `amino_acid_odds`.
    types
        ``residue``, amino acids.
    """
    known = np.where(types == UNKNOWN, 0, types)
    return np.where(types == UNKNOWN, 0.0, odds[np.arange(len(odds)), known])


def shift_odds(chain: ChainModel, odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds of every shift over the model, at every residue.

    Parameters
    ----------
    chain
        The chain.
    odds
        ``residue 20``, see `amino_acid_odds`.

    Returns
    -------
    ndarray
        ``residue shift`` float64, in the order of `SHIFTS`; -inf where a shift leaves the
        sequence.
    """
    modelled = fit(odds, chain.types)
    columns = np.empty((len(chain), len(SHIFTS)))
    for column, shift in enumerate(SHIFTS):
        columns[:, column] = fit(odds, moved_types(chain, shift)) - modelled
        source = chain.position - shift
        columns[(source < 0) | (source >= len(chain.sequence)), column] = -np.inf
    return columns


def moved_types(chain: ChainModel, shift: int) -> NDArray[np.int64]:
    """Return the amino acids that a shift puts at every residue.

    Parameters
    ----------
    chain
        The chain.
    shift
        The residue type at sequence position i is put at position i + shift.
    """
    source = chain.position - shift
    inside = (source >= 0) & (source < len(chain.sequence))
    return np.where(inside, chain.sequence[np.where(inside, source, 0)], UNKNOWN)


def find_runs(gains: NDArray[np.float64], prices: NDArray[np.float64]) -> list[Run]:
    """Divide a chain into stretches of one state so that the total gain is largest.

    Parameters
    ----------
    gains
        ``residue state``, log odds of each state over the model.
    prices
        ``state``, nats that each stretch in that state costs; staying as modelled is free.

    Returns
    -------
    list of Run
        Stretches in a state other than "as modelled", in order.
    """
    n, n_states = gains.shape
    before = np.zeros((n, n_states + 1), dtype=np.int64)
    total = np.concatenate([[0.0], -prices + np.full(n_states, -np.inf)])
    for i in range(n):
        leader = int(total.argmax())
        entered = total[leader] - np.concatenate([[0.0], prices])
        stays = total >= entered
        before[i] = np.where(stays, np.arange(n_states + 1), leader)
        total = np.maximum(total, entered) + np.concatenate([[0.0], gains[i]])
    states = np.empty(n, dtype=np.int64)
    state = int(total.argmax())
    for i in range(n - 1, -1, -1):
        states[i] = state
        state = int(before[i, state])
    edges = np.flatnonzero(np.diff(states)) + 1
    runs = []
    for first, end in zip([0, *edges.tolist()], [*edges.tolist(), n], strict=True):
        state = int(states[first]) - 1 if n else -1
        if state >= 0:
            runs.append(Run(first, end - 1, state, float(gains[first:end, state].sum())))
    return runs
