"""Atom tables from the columns that the objects of other libraries have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protvox.messages import count
from protvox.structure.atom_table import AtomTable, Declared, factorize, run_starts
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.io.elements import fill_elements, find_element

_CODES: Final = " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_SEGMENTS: Final = 4096
"""Factor of the breaks in `AtomTable.part`."""


class ObjectAtoms(NamedTuple):
    """The atoms of a model of an object.

    Attributes
    ----------
    table
        One row per atom.
    b_factor
        ``atom`` float64; ``None`` if the object has none.
    """

    table: AtomTable
    b_factor: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class ObjectModels:
    """The models of an object, read one at a time.

    Attributes
    ----------
    name
        Name of the object, ``""`` if it has none.
    numbers
        Numbers of its models, frames or coordinate sets.
    read
        Returns the atoms of a model, given its index in ``numbers``.
    default
        Index of the model that is read if none is chosen.
    metadata
        What the object says of its origin, by category and name of the mmCIF dictionary.
    """

    name: str
    numbers: Sequence[int]
    read: Callable[[int], ObjectAtoms]
    default: int = 0
    metadata: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)


def make_atoms(
    *,
    model: int,
    coordinates: ArrayLike,
    chain: ArrayLike,
    number: ArrayLike,
    residue_name: ArrayLike,
    atom_name: ArrayLike,
    insertion_code: ArrayLike | None = None,
    element: ArrayLike | None = None,
    altloc: ArrayLike | None = None,
    occupancy: ArrayLike | None = None,
    hetero: ArrayLike | None = None,
    polymer: ArrayLike | None = None,
    water: ArrayLike | None = None,
    segment: ArrayLike | None = None,
    breaks: ArrayLike | None = None,
    residue: ArrayLike | None = None,
    b_factor: ArrayLike | None = None,
    declared: tuple[Declared, ...] = (),
) -> ObjectAtoms:
    """Return the atoms of one model.

    Parameters
    ----------
    model
        Number of the model.
    coordinates
        ``atom 3``, Å.
    chain, number, residue_name, atom_name, insertion_code, element, altloc, occupancy, hetero, \
polymer, water, declared
        ``atom``, see `AtomTable`; blanks around strings are removed. Missing elements are
        inferred from the names, and missing hetero flags from the residue names: amino acids
        and nucleotides have none. A missing occupancy is 1.
    segment
        ``atom``, segment identifiers. If there are any, blank chains are named after them.
    breaks
        ``atom``, number of chain ends, as marked by TER records, before the atom.
    residue
        ``atom``, index of the residue in the object. Without insertion codes, residues in a row
        that share a number get the codes that the PDB would give: none, A, B, C, ...

    b_factor
        ``atom``.

    Raises
    ------
    ValueError
        If a column has the wrong length or an invalid value.
    """
    xyz = np.array(coordinates, dtype=np.float64).reshape(-1, 3)
    n = len(xyz)
    names = _texts(residue_name, n, "residue names")
    atoms = _texts(atom_name, n, "atom names")
    numbers = _numbers(number, n)
    chains = _texts(chain, n, "chain names")
    part = None if breaks is None else np.asarray(breaks, dtype=np.int32) * _SEGMENTS
    if segment is not None:
        words, code = factorize(_texts(segment, n, "segments"))
        if any(words):
            chains = np.where(chains == "", np.array(words)[code], chains)
            index = np.minimum(code, _SEGMENTS - 1).astype(np.int32)
            part = index if part is None else part + index
    notes: tuple[str, ...] = ()
    codes = _letters(insertion_code, n, "insertion codes")
    if insertion_code is None and residue is not None:
        codes, notes = _insertion_codes(np.asarray(residue), chains, numbers)
    factors = None if b_factor is None else _column(b_factor, n, np.float64)
    table = AtomTable(
        model=np.full(n, model, dtype=np.int32),
        chain=chains,
        number=numbers,
        insertion_code=codes,
        residue_name=names,
        atom_name=atoms,
        element=_elements(element, atoms, names, numbers),
        altloc=_letters(altloc, n, "alternative positions"),
        occupancy=_filled(occupancy, n, 1.0),
        coordinates=xyz,
        hetero=_hetero(names) if hetero is None else _column(hetero, n, np.bool_),
        polymer=_column(-1 if polymer is None else polymer, n, np.int8),
        water=_column(False if water is None else water, n, np.bool_),
        declared=declared,
        part=part,
        notes=notes,
    )
    return ObjectAtoms(table, factors)


def _insertion_codes(
    residue: NDArray[Any], chain: NDArray[np.str_], number: NDArray[np.int32]
) -> tuple[NDArray[np.str_], tuple[str, ...]]:
    """Tell apart residues in a row that have the same chain name and number."""
    codes = np.zeros(len(number), dtype="<U1")
    starts = run_starts(residue, chain, number)
    site = np.zeros(len(starts), dtype=np.bool_)
    site[run_starts(chain[starts], number[starts])] = True
    first = np.maximum.accumulate(np.where(site, np.arange(len(starts)), 0))
    inserted = np.arange(len(starts)) - first
    if not inserted.any():
        return codes, ()
    if int(inserted.max()) >= len(_CODES):
        raise ValueError("too many residues in a row have the same number")
    letters = np.array(list(_CODES), dtype="<U1")[inserted]
    letters[inserted == 0] = ""
    size = np.diff(starts, append=len(number))
    note = (
        "Given insertion codes in their order, because the object has none: "
        f"{count(int((inserted > 0).sum()), 'residue')} with the number of the previous one."
    )
    return np.repeat(letters, size), (note,)


def _column(values: ArrayLike, n: int, dtype: Any) -> NDArray[Any]:
    column = np.asarray(values, dtype=dtype)
    return np.full(n, column) if column.ndim == 0 else column


def _filled(values: ArrayLike | None, n: int, missing: float) -> NDArray[np.float32]:
    column = _column(missing if values is None else values, n, np.float32)
    return np.nan_to_num(column, nan=missing)


def _texts(values: ArrayLike, n: int, what: str) -> NDArray[np.str_]:
    column = np.asarray(values)
    if column.dtype.kind != "U":
        column = np.array([str(value) for value in column.tolist()], dtype=np.str_)
    if column.shape != (n,):
        raise ValueError(f"it has {len(column)} {what} for {n} atoms")
    return np.char.strip(column)


def _letters(values: ArrayLike | None, n: int, what: str) -> NDArray[np.str_]:
    if values is None:
        return np.zeros(n, dtype="<U1")
    column = _texts(values, n, what)
    if n and int(np.char.str_len(column).max()) > 1:
        raise ValueError(f"its {what} have more than one character")
    return column.astype("<U1")


def _numbers(values: ArrayLike, n: int) -> NDArray[np.int32]:
    column = np.asarray(values, dtype=np.int64)
    if column.shape != (n,):
        raise ValueError(f"it has {len(column)} residue numbers for {n} atoms")
    if n and int(np.abs(column).max()) >= 2**31:
        raise ValueError("a residue number is out of range")
    return column.astype(np.int32)


def _elements(
    values: ArrayLike | None,
    atoms: NDArray[np.str_],
    names: NDArray[np.str_],
    number: NDArray[np.int32],
) -> NDArray[np.str_]:
    n = len(atoms)
    given, code = factorize(
        np.zeros(n, dtype="<U2") if values is None else _texts(values, n, "elements")
    )
    symbols = np.array([find_element(word[:2]) if word else "" for word in given], dtype="<U2")
    return fill_elements(symbols[code], factorize(atoms), factorize(names), number)


def _hetero(names: NDArray[np.str_]) -> NDArray[np.bool_]:
    words, code = factorize(names)
    meanings = [residue_name(word) for word in words]
    flags = [not (meaning.parent or meaning.nucleotide) for meaning in meanings]
    return np.array(flags, dtype=np.bool_)[code]
