"""Chains that reuse a name, as in simulation boxes and concatenated files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable
from protvox.structure.cleaning.residue_names import residue_name

_CLASH: Final = 3.0
"""Å; copies whose repeated CA atoms are closer are the same chain written twice."""

_FEWEST: Final = 3
"""Fewer repeated residues are taken for an error in the file, not for another chain."""


def rename_duplicates(table: AtomTable) -> tuple[AtomTable, list[str]]:
    """Rename chains that reuse the name and residue numbers of an earlier chain.

    Parameters
    ----------
    table
        Rows of one model, in file order.

    Returns
    -------
    table, warnings
        The second chain A becomes ``A_2``, and so on. A copy with the same coordinates, such as
        a second model without MODEL records, is not renamed; its atoms are dropped later as
        duplicates.
    """
    traces = np.flatnonzero((table.atom_name == "CA") & (table.element == "C"))
    columns = (table.chain, table.number, table.insertion_code, table.altloc)
    if not _repeats([column[traces] for column in columns]):
        return table, []
    keys = list(zip(*(column[traces].tolist() for column in columns), strict=True))
    suspects = _reused_chains(keys, table.coordinates[traces])
    if not suspects:
        return table, []
    chain = table.chain.astype(object)
    warnings = []
    for name in sorted(suspects):
        copies = _rename(chain, table, name)
        listed = ", ".join(f"{name}_{i}" for i in range(2, copies + 1))
        warnings.append(
            f"Chain name {name or '(blank)'} is used for {copies} chains; the later "
            f"ones are called {listed}."
        )
    return replace(table, chain=chain.astype(str)), warnings


def _repeats(columns: list[NDArray[Any]]) -> bool:
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes = np.unique(column, return_inverse=True)[1]
        keys = keys * (codes.max(initial=0) + 1) + codes
    return len(np.unique(keys)) < len(keys)


def _reused_chains(
    keys: list[tuple[str, int, str, str]], coordinates: NDArray[np.float64]
) -> set[str]:
    first: dict[tuple[str, int, str, str], int] = {}
    shifts: dict[str, list[float]] = {}
    for row, key in enumerate(keys):
        before = first.setdefault(key, row)
        if before != row:
            shift = float(np.linalg.norm(coordinates[row] - coordinates[before]))
            shifts.setdefault(key[0], []).append(shift)
    return {
        chain
        for chain, moved in shifts.items()
        if len(moved) >= _FEWEST and float(np.median(moved)) > _CLASH
    }


def _rename(chain: NDArray[np.object_], table: AtomTable, name: str) -> int:
    """Rename the repeated residues of one chain in place; return the number of copies.

    gemmi groups residues of the same chain and number, so a copy begins within a residue, at
    an atom that the residue already has.
    """
    rows = np.flatnonzero((table.chain == name) & ~np.isin(table.element, ("H", "D")))
    columns = (table.number, table.insertion_code, table.residue_name)
    copies: dict[tuple[int, str, str], int] = {}
    seen: dict[tuple[int, str, str], set[tuple[str, str]]] = {}
    for row in rows.tolist():
        number, code, residue = (column[row].item() for column in columns)
        if residue_name(residue).water:
            continue
        key = (number, code, residue)
        atom = (table.atom_name[row].item(), table.altloc[row].item())
        atoms = seen.setdefault(key, set())
        if atom in atoms:
            copies[key] = copies.get(key, 1) + 1
            atoms.clear()
        atoms.add(atom)
        if key in copies:
            chain[row] = f"{name}_{copies[key]}"
    return max(copies.values(), default=1)
