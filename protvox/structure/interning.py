"""Distinct values of columns, with a compiled hash table instead of sorting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact

_FIRST_SIZE = 1024
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@compile_exact
def _slot(key: np.uint64, size: int) -> np.uint64:
    mixed = key * _MULTIPLIER
    return (mixed ^ (mixed >> np.uint64(29))) & np.uint64(size - 1)


@compile_exact
def _intern(
    keys: NDArray[Any],
    codes: NDArray[np.int32],
    slots: NDArray[np.int32],
    unique: NDArray[np.uint64],
    row: int,
    n: int,
) -> tuple[int, int]:
    """Index the keys from one row on, until half of a hash table is full.

    Returns the next row and the number of keys, or a negative row if there are too many
    collisions, as in a malicious file. Arrays are not replaced in this loop, because counting
    the references to them would take most of its time.
    """
    size = len(slots)
    for i in range(n):
        slot = _slot(unique[i], size)
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        slots[slot] = i
    probes, most = 0, 32 * len(keys) + 4096
    previous, code = np.uint64(0), -1
    while row < len(keys) and 2 * n < size:
        key = np.uint64(keys[row])
        if code < 0 or key != previous:
            slot = _slot(key, size)
            code = slots[slot]
            while code >= 0 and unique[code] != key:
                slot = (slot + np.uint64(1)) & np.uint64(size - 1)
                code = slots[slot]
                probes += 1
            if probes > most:
                return -1, n
            if code < 0:
                code = n
                slots[slot] = n
                unique[n] = key
                n += 1
            previous = key
        codes[row] = code
        row += 1
    return row, n


def factorize_integers(keys: NDArray[Any]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return the distinct keys, and the index of each row's key.

    Parameters
    ----------
    keys
        Unsigned integers of up to 64 bits; fewer than 2**31.

    Returns
    -------
    unique, codes
        Like `numpy.unique` with ``return_inverse``, but in order of first appearance.
    """
    codes = np.empty(len(keys), dtype=np.int32)
    keys = np.ascontiguousarray(keys)
    unique = np.empty(0, dtype=np.uint64)
    row, n, size = 0, 0, _FIRST_SIZE
    while 0 <= row < len(keys):
        unique = np.concatenate([unique[:n], np.empty(size // 2 + 1 - n, dtype=np.uint64)])
        row, n = _intern(keys, codes, np.full(size, -1, dtype=np.int32), unique, row, n)
        size *= 4
    if row < 0:
        sorted_keys, first, which = np.unique(keys, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return sorted_keys[order].astype(np.uint64), rank[which]
    return unique[:n].copy(), codes


def order_of_appearance(keys: NDArray[Any]) -> NDArray[np.int32]:
    """Return, for each row, how many different keys appear before its key does.

    Parameters
    ----------
    keys
        Unsigned integers of up to 64 bits.
    """
    return factorize_integers(keys)[1]
