"""Chains made wrong on purpose: shifted, swapped, reversed.

Only the residue types change. The check hides every side chain, so its findings are the same
whatever side chains a program builds for these types (`tests/predict/check/test_hide.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.check.chains import Chain

LEAST_CHANGED = 0.6
"""Least share of a segment whose type must change for the model to count as wrong."""


def shift_types(chain: Chain, first: int, length: int, shift: int) -> NDArray[np.int64] | None:
    """Return the types of a chain with a register error.

    Parameters
    ----------
    chain
        A correct chain.
    first, length
        Its segment, residues.
    shift
        The segment gets the types of the residues that so many positions further on.

    Returns
    -------
    ndarray or None
        ``residue``; None if these residues do not exist, or are too similar.
    """
    row_of = {position: row for row, position in enumerate(chain.position.tolist())}
    rows = np.arange(first, first + length)
    sources = [row_of.get(int(chain.position[row]) + shift) for row in rows]
    if None in sources:
        return None
    return _changed(chain, rows, chain.types[np.array(sources, dtype=np.int64)])


def reverse_types(chain: Chain, first: int, length: int) -> NDArray[np.int64] | None:
    """Return the types of a chain with a segment that is traced backwards.

    Parameters
    ----------
    chain, first, length
        See `shift_types`.
    """
    rows = np.arange(first, first + length)
    return _changed(chain, rows, chain.types[rows[::-1]])


def shuffle_types(
    chain: Chain, first: int, length: int, rng: np.random.Generator
) -> NDArray[np.int64] | None:
    """Return the types of a chain with a segment whose types come from anywhere in the chain.

    Parameters
    ----------
    chain, first, length
        See `shift_types`.
    rng
        Source of random numbers.
    """
    rows = np.arange(first, first + length)
    return _changed(chain, rows, rng.choice(chain.types, length))


def _changed(
    chain: Chain, rows: NDArray[np.int64], types: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    if (types != chain.types[rows]).mean() < LEAST_CHANGED:
        return None
    changed = chain.types.copy()
    changed[rows] = types
    return changed
