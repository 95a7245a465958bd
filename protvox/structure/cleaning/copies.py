"""Ligands and ions that share a number, and atoms of a ligand that share a name."""

from __future__ import annotations

from dataclasses import replace
from itertools import count as count_from
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint
from protvox.messages import chain_label, count, listing
from protvox.structure.atom_table import AtomTable
from protvox.structure.cleaning.loops import mark_repeats
from protvox.structure.cleaning.residue_names import residue_name

_CLASH: Final = 2.0
"""Atoms of two molecules are farther apart, Å; otherwise one molecule was written twice."""

_SAME: Final = 0.8
"""Closer atoms are one atom written twice, Å; it is shorter than any bond."""

_MOST_ATOMS: Final = 1000
"""Of one number and name; in a file with more, the number says nothing."""


def separate_copies(
    table: AtomTable, residue: NDArray[np.int64], ignored: NDArray[np.bool_]
) -> tuple[AtomTable, list[str]]:
    """Tell apart ligands and ions of one chain, number and name, and their atoms of one name.

    Numbers are used again where simulation programs count to 9999 only, or where a ligand was
    copied. Such a copy begins with an atom whose name the residue has already, and all of its
    atoms are farther than 2 Å from the others. If the repeated names are only the element, as
    Open Babel writes them, the atoms belong to one ligand. Amino acids are left as they are,
    unless they are HETATM records outside a polymer.

    Parameters
    ----------
    table
        Rows of one model.
    residue
        ``atom``, non-decreasing numbers of the residues.
    ignored
        ``atom`` mask of waters, hydrogens and unknown atoms.

    Returns
    -------
    table, warnings
        The second copy in chain A is in chain ``A_2``, and so on; the second carbon that is
        called C is called ``C2``. The same table if nothing is repeated.
    """
    words, which = table.texts("atom_name")
    rows = np.flatnonzero(~ignored & (table.altloc.view(np.uint32) == 0))
    owner = residue.take(rows)
    repeated = mark_repeats(owner, which.take(rows), len(words))
    if not repeated.any():
        return table, []
    chains, names = table.chain.astype(object), table.atom_name.astype(object)
    taken = set(table.texts("chain")[0])
    copies: dict[str, list[str]] = {}
    numbered = 0
    for site in np.unique(owner[repeated]).tolist():
        checkpoint()
        start, stop = np.searchsorted(owner, [site, site + 1])
        if stop - start > _MOST_ATOMS:
            continue
        members = rows[start:stop]
        again = rows[start:stop][repeated[start:stop]]
        amino = residue_name(str(table.residue_name[members[0]])).amino_acid is True
        bare = (np.char.upper(table.atom_name[again]) == table.element[again]).all()
        if bare and not amino and "C" in table.element[members]:
            numbered += _number_names(table, members, names)
            continue
        chain = str(table.chain[members[0]])
        for number, part in enumerate(_copies(table, members, amino=amino)):
            found = copies.setdefault(chain, [])
            if number == len(found):
                found.append(_free_name(chain, taken))
            chains[part] = found[number]
    coded = dict(table.coded)
    warnings = []
    for chain, found in copies.items():
        coded.pop("chain", None)
        warnings.append(
            f"Ligands or ions of {chain_label(chain)} share a number; the later ones are in "
            f"chain {listing(found)}."
        )
    if numbered:
        coded.pop("atom_name", None)
        warnings.append(
            f"Numbered, because ligands have several atoms of one name: {count(numbered, 'atom')}."
        )
    if not warnings:
        return table, []
    table = replace(table, chain=chains.astype(str), atom_name=names.astype(str), coded=coded)
    return table, warnings


def _copies(
    table: AtomTable, members: NDArray[np.int64], *, amino: bool
) -> list[NDArray[np.int64]]:
    """Return the rows of the second molecule of a residue, of the third, and so on."""
    starts = []
    seen: set[str] = set()
    for i, name in enumerate(table.atom_name[members].tolist()):
        if name in seen:
            starts.append(i)
            seen = set()
        seen.add(name)
    first, *parts = np.split(members, starts)
    others = table.coordinates[first]
    found = []
    for part in parts:
        if amino and not (table.hetero[part].all() and (table.polymer[part] != 1).all()):
            continue
        xyz = table.coordinates[part]
        if _nearest(xyz, others).min() > _CLASH:
            found.append(part)
            others = np.concatenate([others, xyz])
    return found


def _number_names(table: AtomTable, members: NDArray[np.int64], names: NDArray[np.object_]) -> int:
    """Assign numbers to the atoms of a ligand that share a name; return how many."""
    taken = set(table.atom_name[members].tolist())
    seen: dict[str, list[int]] = {}
    numbered = 0
    for row in members.tolist():
        name = str(table.atom_name[row])
        before = seen.setdefault(name, [])
        if before:
            away = _nearest(table.coordinates[[row]], table.coordinates[before])
            if away[0] < _SAME:
                continue
            start = len(before) + 1
            names[row] = next(f"{name}{i}" for i in count_from(start) if f"{name}{i}" not in taken)
            taken.add(names[row])
            numbered += 1
        before.append(row)
    return numbered


def _nearest(xyz: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each of some positions to the nearest of others, Å."""
    away: NDArray[np.float64] = np.linalg.norm(xyz[:, None] - others, axis=2).min(axis=1)
    return away


def _free_name(chain: str, taken: set[str]) -> str:
    name = next(f"{chain}_{i}" for i in count_from(2) if f"{chain}_{i}" not in taken)
    taken.add(name)
    return name
