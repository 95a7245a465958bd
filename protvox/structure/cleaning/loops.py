"""Compiled loops over the atoms of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.exact import compile_exact


@compile_exact
def check_extent(coordinates: NDArray[np.float64], limit: float) -> tuple[bool, bool]:
    """Return whether all coordinates lie within a limit, and whether not all are the same."""
    outside = 0
    for value in coordinates.ravel():  # Without an exit, several are compared at once.
        outside += not -limit < value < limit
    if outside:
        return False, True
    for row in range(1, len(coordinates)):
        for axis in range(3):
            if coordinates[row, axis] != coordinates[0, axis]:
                return True, True
    return True, False


@compile_exact
def mark_repeats(residue: NDArray[np.int64], name: NDArray[Any], names: int) -> NDArray[np.bool_]:
    """Mark the atoms whose residue has an atom of the same name before.

    Parameters
    ----------
    residue
        ``atom``, non-decreasing.
    name
        ``atom``, index of its name, below ``names``.
    """
    last = np.full(names, -1, dtype=np.int64)
    out = np.zeros(len(name), dtype=np.bool_)
    for row in range(len(name)):
        out[row] = last[name[row]] == residue[row]
        last[name[row]] = residue[row]
    return out


@compile_exact
def place_atoms(
    name: NDArray[Any],
    element: NDArray[Any],
    residue: NDArray[np.int64],
    wanted: NDArray[np.int64],
    coordinates: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Copy the coordinates of some atoms of each residue.

    Parameters
    ----------
    name, element, residue
        ``atom``, indices.
    wanted
        ``kind 2``, index of the name and of the element of each kind of atom.
    coordinates
        ``atom 3``.
    out
        ``kind residue 3``, filled in where a residue has the atom.
    """
    for row in range(len(name)):
        for kind in range(len(wanted)):
            if name[row] == wanted[kind, 0] and element[row] == wanted[kind, 1]:
                for axis in range(3):
                    out[kind, residue[row], axis] = coordinates[row, axis]


@compile_exact
def collect_flags(
    residue: NDArray[Any], name: NDArray[Any], flags: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """Unite the flags of the names of each residue's atoms.

    Parameters
    ----------
    residue, name
        ``atom``, indices.
    flags
        Flags of each name.
    out
        ``residue``, filled in.
    """
    for row in range(len(name)):
        out[residue[row]] |= flags[name[row]]
