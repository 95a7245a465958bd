"""A compiled hash table that finds the distinct values of a column without sorting it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact

_FIRST_SIZE = 1024
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@compile_exact
def _intern(keys: NDArray[np.uint64], codes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Index the distinct keys in order of first appearance, with a hash table.

    Returns no keys if there are too many collisions, as in a malicious file.
    """
    size = _FIRST_SIZE
    slots = np.full(size, -1, dtype=np.int64)
    unique = np.empty(size, dtype=np.uint64)
    n, probes, most = 0, 0, 32 * len(keys) + 4096
    previous, code = np.uint64(0), -1
    for row in range(len(keys)):
        key = keys[row]
        if code >= 0 and key == previous:
            codes[row] = code
            continue
        if 2 * n >= size:
            size *= 4
            slots = np.full(size, -1, dtype=np.int64)
            larger = np.empty(size, dtype=np.uint64)
            larger[:n] = unique[:n]
            unique = larger
            for i in range(n):
                mixed = unique[i] * _MULTIPLIER
                slot = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(size - 1))
                while slots[slot] >= 0:
                    slot = (slot + 1) & (size - 1)
                slots[slot] = i
        mixed = key * _MULTIPLIER
        slot = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(size - 1))
        while slots[slot] >= 0 and unique[slots[slot]] != key:
            slot = (slot + 1) & (size - 1)
            probes += 1
        if probes > most:
            return unique[:0].copy()
        if slots[slot] < 0:
            slots[slot] = n
            unique[n] = key
            n += 1
        code = slots[slot]
        codes[row] = code
        previous = key
    return unique[:n].copy()


def factorize_integers(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the distinct keys in increasing order, and the index of each row's key.

    Parameters
    ----------
    keys
        Unsigned integers of 64 bits.

    Returns
    -------
    unique, codes
        As `numpy.unique` with ``return_inverse``.
    """
    codes = np.empty(len(keys), dtype=np.int64)
    unique = _intern(np.ascontiguousarray(keys), codes)
    if len(keys) and not len(unique):
        unique, codes = np.unique(keys, return_inverse=True)
        return unique, codes
    order = np.argsort(unique)
    if (order[1:] > order[:-1]).all():
        return unique, codes
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return unique[order], rank[codes]


def order_of_appearance(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return, for each row, how many different keys appear before its key does.

    Parameters
    ----------
    keys
        Unsigned integers of 64 bits.
    """
    codes = np.empty(len(keys), dtype=np.int64)
    if len(keys) and not len(_intern(np.ascontiguousarray(keys), codes)):
        _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
        codes = np.argsort(np.argsort(first))[codes]
    return codes
