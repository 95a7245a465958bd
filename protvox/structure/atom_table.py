"""The atom table that every parser fills, before cleaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.structure.experiment import NOT_STATED, Experiment
from protvox.structure.interning import factorize_integers

Texts = tuple[list[str], NDArray[Any]]
"""The words of a column, and the index of each row's word."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The sequence of a polymer as declared in the file, independent of its coordinates.

    Attributes
    ----------
    chains
        Author names of the chains that have it.
    residues
        Residue names.
    """

    chains: tuple[str, ...]
    residues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtomTable:
    """All atoms of all models in a file, one row per atom.

    Attributes
    ----------
    model
        ``atom`` int32, model number as in the file.
    chain, residue_name, atom_name, element, altloc, insertion_code
        ``atom`` strings without blanks; elements in upper case; ``""`` for a blank altloc or
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
        ``atom`` int8: 1 if in a polymer according to the file, 0 if not, -1 if not stated.
    water
        ``atom`` bool, water according to the file.
    declared
        Sequences from SEQRES or entity_poly_seq.
    part
        ``atom`` int32, which changes at TER and END records and between segment identifiers:
        4096 times the number of these records before the atom, plus the index of its segment
        identifier; ``None`` if the format has no such records.
    notes
        Warnings of the parser, one sentence each.
    plddt
        ``atom`` float32, pLDDT from 0 to 100, NaN where the file has none; ``None`` if the file
        is not recognised as a predicted model.
    plddt_source
        Where the pLDDT was read from.
    experiment
        How the structure was determined.
    title
        Title in the file, ``""`` if it has none.
    coded
        Columns of strings that are known as words and indices, see `texts`.
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
    part: NDArray[np.int32] | None = None
    notes: tuple[str, ...] = ()
    plddt: NDArray[np.float32] | None = None
    plddt_source: str = ""
    experiment: Experiment = NOT_STATED
    title: str = ""
    coded: dict[str, Texts] = field(default_factory=dict, repr=False, compare=False)

    def texts(self, column: str) -> Texts:
        """Return the words of a column of strings, and the index of each row's word.

        Parameters
        ----------
        column
            Name of the attribute. Words that no row has may be among those returned.
        """
        found = self.coded.get(column)
        if found is None:
            words, codes = factorize(getattr(self, column))
            found = self.coded[column] = (words, codes)
        return found

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.model)

    def take(self, rows: NDArray[Any]) -> AtomTable:
        """Return some of the rows, chosen by mask or by index, in that order."""
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
            part=None if self.part is None else self.part[rows],
            notes=self.notes,
            plddt=None if self.plddt is None else self.plddt[rows],
            plddt_source=self.plddt_source,
            experiment=self.experiment,
            title=self.title,
            coded={name: (words, codes[rows]) for name, (words, codes) in self.coded.items()},
        )


def run_starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows in which at least one column differs from the previous row.

    Parameters
    ----------
    columns
        Arrays of the same length.

    Returns
    -------
    ndarray
        Increasing int64 rows, beginning with 0; empty for empty columns.

    Examples
    --------
    >>> import numpy as np
    >>> run_starts(np.array(["A", "A", "B"]), np.array([1, 2, 2])).tolist()
    [0, 1, 2]
    """
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    new = np.ones(len(columns[0]), dtype=np.bool_)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def factorize(column: NDArray[np.str_]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the distinct words of a column, and the index of each row's word.

    Parameters
    ----------
    column
        Strings, any number of rows.

    Returns
    -------
    words, codes
        Each word once, in order of first appearance, and ``row`` int32 indices into that list.
    """
    width = column.dtype.itemsize // 4
    if len(column) and 0 < width <= 8:
        letters = np.ascontiguousarray(column).view(np.uint32).reshape(len(column), width)
        if letters.max() < 256:
            # Eight Latin-1 letters are one integer, and integers are hashed, not sorted.
            packed = np.zeros((len(column), 8), dtype=np.uint8)
            packed[:, :width] = letters
            keys, codes = factorize_integers(packed.view(np.uint64).ravel())
            words = keys.view(np.uint8).reshape(-1, 8)
            return [bytes(w).rstrip(b"\0").decode("latin-1") for w in words], codes
    values = column.tolist()
    unique = {word: i for i, word in enumerate(dict.fromkeys(values))}
    return list(unique), np.array([unique[word] for word in values], dtype=np.int32)


def spread(texts: Texts) -> NDArray[np.str_]:
    """Return the word of each row, after `factorize`.

    Parameters
    ----------
    texts
        Words, at least one if there are rows, and the index of each row's.

    Returns
    -------
    ndarray
        ``row`` strings, as wide as the longest word.
    """
    words, codes = texts
    # Three times as fast as indexing.
    return np.array(words, dtype=np.str_).take(codes)


def lookup(words: Iterable[bool], codes: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the value of each row's word, after `factorize`.

    Parameters
    ----------
    words
        A boolean for each word.
    codes
        ``row``, index of each row's word.

    Returns
    -------
    ndarray
        ``row`` bool.
    """
    values = np.fromiter(words, dtype=np.bool_)
    if not values.any():
        return np.zeros(len(codes), dtype=np.bool_)
    return values.take(codes)
