"""Numbers of the residues of mmCIF and BinaryCIF files that have none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import run_starts
from protvox.structure.io.residue_loops import NO_NUMBER, number_residues


def number_others(
    number: NDArray[np.int32],
    missing: NDArray[np.bool_],
    chain: NDArray[Any],
    unit: NDArray[Any],
    residue: NDArray[Any],
    atom: NDArray[Any],
) -> int:
    """Assign numbers to residues without one, after the largest number of their chain.

    Parameters
    ----------
    number
        ``atom``, residue numbers; those that are missing are filled in.
    missing
        ``atom`` mask.
    chain, unit, residue, atom
        ``atom``, indices of the chain, of ``label_asym_id``, of the residue name and of the
        atom name.

    Returns
    -------
    int
        Number of residues.

    Raises
    ------
    ValueError
        If a number is too large.
    """
    flags = np.where(missing, np.uint8(NO_NUMBER), np.uint8(0))
    found = number_residues(number, flags, residue, atom.astype(np.uint32), unit)
    rows = np.flatnonzero(missing)
    block = rows - np.arange(len(rows))  # Differs behind atoms that have a number.
    starts = run_starts(chain[rows], unit[rows], residue[rows], number[rows], block)
    of_start = chain[rows[starts]]
    last = np.zeros(int(chain.max()) + 1, dtype=np.int64)
    np.maximum.at(last, chain[~missing], number[~missing])
    order = np.argsort(of_start, kind="stable")
    first = np.searchsorted(of_start[order], of_start)
    rank = np.empty(len(starts), dtype=np.int64)
    rank[order] = np.arange(len(starts))
    new = last[of_start] + 1 + rank - first
    if new.max() >= 2**31:
        raise ValueError("a residue number is out of range")
    number[rows] = np.repeat(new, np.diff(starts, append=len(rows)))
    return found
