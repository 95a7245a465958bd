"""Overlapping residues with the same number but different names, without altloc letters."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.atom_table import AtomTable, run_starts

_OVERLAP: Final = 0.8
"""Atoms closer than this are alternatives, Å; it is shorter than any bond."""

_CA_OVERLAP: Final = 2.5
"""CA atoms closer than this are alternatives, Å; those of a cis peptide are 2.9 Å apart."""


def find_other_residues(
    table: AtomTable,
    site: NDArray[np.int64],
    residue: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the atoms of residues that overlap with a better residue of the same number.

    The residue with the highest mean occupancy is kept, and the first in the file among equals.
    Residues that share a number but do not overlap, such as a ligand numbered from 1, are kept.

    Parameters
    ----------
    table, site, residue
        From `protvox.structure.cleaning.clean.order_residues`.
    kept
        Rows of the table that have been kept so far.

    Returns
    -------
    ndarray
        Rows to drop.
    """
    starts = run_starts(residue.take(kept))
    sites = site[kept[starts]]
    shared = np.flatnonzero(sites[1:] == sites[:-1])
    if not len(shared):
        return np.zeros(0, dtype=np.int64)
    stops = np.append(starts, len(kept))[1:]
    dropped: list[NDArray[np.int64]] = []
    for which in np.unique(sites[shared]).tolist():
        group = np.flatnonzero(sites == which).tolist()
        members = [kept[starts[i] : stops[i]] for i in group]
        members.sort(key=lambda rows: -round(float(table.occupancy[rows].mean()), 3))
        chosen: list[NDArray[np.int64]] = []
        for rows in members:
            if any(_overlap(table, rows, other) for other in chosen):
                dropped.append(rows)
            else:
                chosen.append(rows)
    return np.concatenate(dropped) if dropped else np.zeros(0, dtype=np.int64)


def _overlap(table: AtomTable, first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    shared = np.intersect1d(table.atom_name[first], table.atom_name[second])
    for name in shared.tolist():
        a = table.coordinates[first[table.atom_name[first] == name][0]]
        b = table.coordinates[second[table.atom_name[second] == name][0]]
        if float(np.linalg.norm(a - b)) < (_CA_OVERLAP if name == "CA" else _OVERLAP):
            return True
    return False
