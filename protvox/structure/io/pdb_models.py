"""Models of PDB files, and PDB files that were concatenated."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.messages import count
from protvox.structure.io import pdb_loops as loops

_CUBE: Final = 4.0
"""Edge of the cubes by which the overlap of two parts of a file is measured, Å."""

_OVERLAP: Final = 0.2
"""Fraction of shared cubes above which a part is another model."""


def number_models(
    events: NDArray[np.int64],
    model_lines: list[str],
    n_atoms: int,
    coordinates: NDArray[np.float64],
    names: tuple[NDArray[Any], ...],
    notes: list[str],
) -> NDArray[np.int32]:
    """Return the model of each atom, from MODEL, ENDMDL and END records.

    A repeated model number is replaced by the next free number. Atoms after an END record that
    is not in a model belong to the same model, unless they repeat all atoms of the first part
    with similar coordinates, as frames of a trajectory do.

    Parameters
    ----------
    events
        Rows (record, atoms before it, position) from `pdb_loops.scan_pdb`.
    model_lines
        The MODEL records.
    n_atoms
        Number of atoms.
    coordinates
        ``atom 3``, Å.
    names
        Columns that identify an atom.
    notes
        List to which warnings are appended.

    Returns
    -------
    ndarray
        ``atom`` int32.

    Raises
    ------
    ValueError
        If a model begins within a model, or there are atoms between models.
    """
    out = np.ones(n_atoms, dtype=np.int32)
    lines = iter(model_lines)
    taken: set[int] = set()
    joined: list[int] = []
    repeated = False
    current: int | None = None
    begun = -1
    explicit = False
    first = 0
    kinds = (loops.MODEL, loops.ENDMDL, loops.END)
    marks = events[np.isin(events[:, 0], kinds), :2].tolist()
    for kind, row in [*marks, (0, n_atoms)]:
        if row > first:
            if current is None:
                current = _next_number(taken, joined)
                explicit = False
            taken.add(current)
            out[first:row] = current
            begun = current
        if kind == loops.MODEL:
            if current is not None and begun == current:
                raise ValueError("there is a MODEL record within a model")
            number = _model_number(next(lines))
            if number in taken:
                number = max(taken) + 1
                repeated = True
            current, begun, explicit = number, -1, True
        elif kind == loops.ENDMDL or (kind == loops.END and (explicit or row == 0)):
            current, begun = None, -1
        elif kind == loops.END and 0 < row < n_atoms and row > (joined[-1] if joined else 0):
            joined.append(row)
            current, begun = None, -1
        first = max(first, row)
    if repeated:
        notes.append("Repeated model numbers were replaced by the next free number.")
    if joined and len(taken) == 1:
        _separate_frames(out, joined, coordinates, names, notes)
    return out


def _next_number(taken: set[int], joined: list[int]) -> int:
    if joined:
        return max(taken)
    number = len(taken) + 1
    if number in taken:
        raise ValueError("there are atoms between models")
    return number


def _model_number(line: str) -> int:
    digits = ""
    for letter in line[6:16].strip():
        if not (letter.isdecimal() and letter.isascii()) and (digits or letter not in "+-"):
            break
        digits += letter
    return int(digits) if digits.strip("+-") else 0


def _separate_frames(
    model: NDArray[np.int32],
    joined: list[int],
    coordinates: NDArray[np.float64],
    names: tuple[NDArray[Any], ...],
    notes: list[str],
) -> None:
    """Make separate models of the parts after END that repeat and overlap the first part."""
    bounds = [0, *joined, len(model)]
    size = bounds[1]
    more = frames = 0
    for start, stop in pairwise(bounds[1:]):
        same = stop - start == size and all(
            (column[start:stop] == column[:size]).all() for column in names
        )
        if same and _overlap(coordinates[:size], coordinates[start:stop]):
            frames += 1
            model[start:stop] = frames + 1
        else:
            more += stop - start
    if more:
        notes.append(f"Also read, although after an END record: {count(more, 'atom')}.")


def _overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    cubes = [
        set(map(tuple, np.floor(xyz / _CUBE).astype(np.int64).tolist())) for xyz in (first, second)
    ]
    return len(cubes[0] & cubes[1]) > _OVERLAP * len(cubes[1])
