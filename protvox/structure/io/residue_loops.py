"""Compiled loops over the atoms of a file, after its columns have been read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact

NO_NUMBER: Final = 2
"""Flag of atoms whose residue number is blank or invalid."""


@compile_exact
def number_residues(
    number: NDArray[np.int32],
    flags: NDArray[np.uint8],
    residue: NDArray[np.int64],
    name: NDArray[np.uint32],
    part: NDArray[np.int32],
) -> int:
    """Assign numbers to residues without one, after the previous number; return how many.

    A residue ends where the residue name or the part of the file changes, or where the name of
    its first atom is repeated.
    """
    first, found = -1, 0
    for row in range(len(number)):
        if not flags[row] & NO_NUMBER:
            first = -1
            continue
        if first < 0 or residue[row] != residue[first] or part[row] != part[first]:
            new = True
        else:
            new = name[row] == name[first]
        if new:
            found += 1
            first = row
            same = row > 0 and part[row] == part[row - 1]
            number[row] = number[row - 1] + 1 if same else 1
        else:
            number[row] = number[row - 1]
    return found


@compile_exact
def mark_polymers(
    model: NDArray[np.int64],
    chain: NDArray[np.int64],
    water: NDArray[np.bool_],
    breaks: NDArray[np.int64],
    chains: int,
    polymer: NDArray[np.int8],
) -> None:
    """Mark atoms before the TER record of their chain with 1, after it with 0, unknown with -1.

    If a chain has two TER records, or one follows waters, they do not mark the ends of polymers,
    and all atoms are unknown.

    Parameters
    ----------
    model, chain
        ``atom``, index of each model and of each of the ``chains`` names.
    water
        ``atom``, waters by name.
    breaks
        Number of atoms before each TER record, increasing.
    chains
        Number of chain names.
    polymer
        ``atom``, the result.
    """
    n = len(chain)
    polymer[:] = -1
    seen = np.full(chains, -1, dtype=np.int64)
    ends_polymer = np.zeros(chains, dtype=np.bool_)
    start, after, at = 0, False, 0
    for row in range(n + 1):
        while at < len(breaks) and breaks[at] == row:
            at += 1
            if row == 0:
                continue
            if after:
                polymer[:] = -1
                return
            for i in range(start, row):
                polymer[i] = 1
                if water[i]:
                    polymer[:] = -1
                    return
            if seen[chain[row - 1]] == start:
                ends_polymer[chain[row - 1]] = True
            after = True
        if row == n:
            return
        if row == 0 or chain[row] != chain[row - 1] or model[row] != model[row - 1]:
            key = chain[row]
            known = seen[key] >= 0 and model[seen[key]] == model[row]
            after = known and ends_polymer[key]
            if not known:
                seen[key] = row
                ends_polymer[key] = False
            start = row
        polymer[row] = 0 if after else -1
