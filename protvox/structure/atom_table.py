"""The atom table every parser fills, before anything is cleaned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Declared:
    """A polymer's sequence as the file declares it, independent of its coordinates."""

    chains: tuple[str, ...]
    residues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtomTable:
    """All atoms of all models as the file has them, one row each.

    Attributes
    ----------
    model
        ``atom`` int32, model number as in the file.
    chain, residue_name, atom_name, element, altloc, insertion_code
        ``atom`` strings without blanks; element upper case, ``""`` for a blank altloc or
        insertion code.
    number
        ``atom`` int32, author residue number.
    coordinates
        ``atom 3`` float64, Å.
    occupancy
        ``atom`` float32.
    hetero
        ``atom`` bool, HETATM records.
    polymer
        ``atom`` int8: 1 the file says it is in a polymer, 0 it says it is not, -1 unsaid.
    water
        ``atom`` bool, the file says it is water.
    declared
        Sequences from SEQRES or entity_poly_seq.
    """

    model: NDArray[np.int32]
    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    residue_name: NDArray[np.str_]
    atom_name: NDArray[np.str_]
    element: NDArray[np.str_]
    altloc: NDArray[np.str_]
    occupancy: NDArray[np.float32]
    coordinates: NDArray[np.float64]
    hetero: NDArray[np.bool_]
    polymer: NDArray[np.int8]
    water: NDArray[np.bool_]
    declared: tuple[Declared, ...] = field(default=())

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.model)

    def take(self, rows: NDArray[Any]) -> AtomTable:
        """Return the table with only some rows, by mask or by index, in that order."""
        return AtomTable(
            model=self.model[rows],
            chain=self.chain[rows],
            number=self.number[rows],
            insertion_code=self.insertion_code[rows],
            residue_name=self.residue_name[rows],
            atom_name=self.atom_name[rows],
            element=self.element[rows],
            altloc=self.altloc[rows],
            occupancy=self.occupancy[rows],
            coordinates=self.coordinates[rows],
            hetero=self.hetero[rows],
            polymer=self.polymer[rows],
            water=self.water[rows],
            declared=self.declared,
        )


def run_starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows where at least one column differs from the row before.

    Parameters
    ----------
    columns
        Arrays of the same length.

    Returns
    -------
    ndarray
        Increasing int64 rows, beginning with 0; empty for empty columns.
    """
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    new = np.ones(len(columns[0]), dtype=np.bool_)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def factorize(column: NDArray[np.str_]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different words of a column and, for each row, which it is.

    Parameters
    ----------
    column
        Strings, any number of rows.

    Returns
    -------
    words, codes
        Each word once, and int64 rows of that list.
    """
    width = column.dtype.itemsize // 4
    if len(column) and 0 < width <= 8:
        letters = np.ascontiguousarray(column).view(np.uint32).reshape(len(column), width)
        if letters.max() < 256:
            # Eight Latin-1 letters are one integer, and integers sort many times faster.
            packed = np.zeros((len(column), 8), dtype=np.uint8)
            packed[:, :width] = letters
            keys, codes = _unique_runs(packed.view(np.uint64).ravel())
            words = keys.view(np.uint8).reshape(-1, 8)
            return [bytes(w).rstrip(b"\0").decode("latin-1") for w in words], codes
    unique, codes = np.unique(column, return_inverse=True)
    return unique.tolist(), codes


def _unique_runs(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return `numpy.unique` with inverse, sorting one key of each run of equal ones."""
    starts = run_starts(keys)
    unique, codes = np.unique(keys[starts], return_inverse=True)
    if len(starts) < len(keys):
        codes = np.repeat(codes, np.diff(starts, append=len(keys)))
    return unique, codes


def lookup(words: Iterable[bool], codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Spread a yes or no for each word over the rows that `factorize` gave it.

    Parameters
    ----------
    words
        One answer for each word.
    codes
        ``row`` int64, index of the word of each row.

    Returns
    -------
    ndarray
        ``row`` bool.
    """
    return np.fromiter(words, dtype=np.bool_)[codes]
