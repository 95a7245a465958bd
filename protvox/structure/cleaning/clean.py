"""Cleaning of an atom table: other models, water, hydrogens and alternative positions."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import BACKBONE_ATOMS
from protvox.errors import fail
from protvox.messages import chain_label, count, listing
from protvox.structure.atom_table import AtomTable, lookup, run_starts
from protvox.structure.cleaning.heterogeneity import find_other_residues
from protvox.structure.cleaning.loops import check_extent, mark_repeats
from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.interning import order_of_appearance
from protvox.structure.structure import Dropped

MAX_COORDINATE: Final = 9999.0
"""Largest coordinate, Å; PDB columns end here, and some programs write 9999 for "unknown"."""

_HYDROGENS: Final = ("H", "D", "T")
_DUMMY: Final = "DUM"  # marks membrane planes in OPM files


def choose_model(
    table: AtomTable, model: int | None, *, where: str
) -> tuple[AtomTable, list[Dropped], list[str]]:
    """Keep one model.

    Parameters
    ----------
    table
        All models.
    model
        Its number as in the file; ``None`` for the first.
    where
        Name used in errors.

    Returns
    -------
    table, dropped, warnings
        The rows of the chosen model, and a record of the other models.

    Raises
    ------
    InputError
        ``input.model`` if the file has no such model.
    """
    numbers = list(dict.fromkeys(table.model[run_starts(table.model)].tolist()))
    chosen, dropped, warnings = pick_model(numbers, model, where=where)
    return table if len(numbers) == 1 else table.take(table.model == chosen), dropped, warnings


def pick_model(
    numbers: list[int], model: int | None, *, where: str, default: int = 0, what: str = "file"
) -> tuple[int, list[Dropped], list[str]]:
    """Choose one of several models.

    Parameters
    ----------
    numbers
        Numbers of the models, at least one.
    model
        Number of the wanted model; ``None`` for the default.
    where
        Name used in errors.
    default
        Index in ``numbers`` of the default.
    what
        What has the models, for the warning.

    Returns
    -------
    chosen, dropped, warnings
        The number of the model, and a record of the other models.

    Raises
    ------
    InputError
        ``input.model`` if there is no such model.
    """
    chosen = numbers[default] if model is None else model
    if chosen not in numbers:
        raise fail("input.model", where=where, model=chosen, models=listing(map(str, numbers)))
    if len(numbers) == 1:
        return chosen, [], []
    others = [str(n) for n in numbers if n != chosen]
    dropped = Dropped(
        count(len(others), "model"), f"model {listing(others)}", "one model is read at a time"
    )
    warnings = (
        []
        if model is not None
        else [f"The {what} has {len(numbers)} models; model {chosen} was read."]
    )
    return chosen, [dropped], warnings


def check_coordinates(table: AtomTable, *, where: str) -> None:
    """Check that coordinates are finite, plausible and not all the same.

    Parameters
    ----------
    table
        Rows to check.
    where
        Name used in errors.

    Raises
    ------
    InputError
        ``input.coordinates``, naming the first invalid atom.
    """
    valid, differ = check_extent(table.coordinates, MAX_COORDINATE)
    if not valid:
        bad = ~(np.abs(table.coordinates) < MAX_COORDINATE).all(axis=1)
        row = int(np.argmax(bad))
        value = ", ".join(f"{x:g}" for x in table.coordinates[row])
        raise fail(
            "input.coordinates.values",
            where=f"{where}, {_atom_label(table, row)}",
            atoms=count(int(bad.sum()), "atom"),
            limit=MAX_COORDINATE,
            first=value,
        )
    if len(table) > 1 and not differ:
        raise fail("input.coordinates.same", where=where)


def find_solvent(table: AtomTable) -> tuple[NDArray[np.bool_], list[Dropped]]:
    """Find waters, hydrogens, dummy atoms and atoms of unknown element.

    Parameters
    ----------
    table
        Rows of one model.

    Returns
    -------
    ignored, dropped
        ``atom`` mask of these atoms, and one entry per chain and reason.
    """
    names, which = table.texts("residue_name")
    water = table.water | lookup((residue_name(name).water for name in names), which)
    unknown = lookup((name == _DUMMY for name in names), which)
    elements, which = table.texts("element")
    hydrogen = ~water & lookup((e in _HYDROGENS for e in elements), which)
    unknown |= ~water & lookup((e in ("", "X") for e in elements), which)
    dropped: list[Dropped] = []
    if water.any():
        rows = np.flatnonzero(water)
        starts = rows[
            run_starts(*(c[rows] for c in (table.chain, table.number, table.insertion_code)))
        ]
        dropped += _by_chain(table.chain[starts], "water molecule", "water is ignored")
    dropped += _by_chain(table.chain[hydrogen], "hydrogen atom", "hydrogens are ignored")
    dropped += _by_chain(table.chain[unknown], "atom", "dummy atom or unknown element")
    return water | hydrogen | unknown, dropped


def order_residues(table: AtomTable) -> tuple[AtomTable, NDArray[np.int64], NDArray[np.int64]]:
    """Group the atoms of each chain, site and residue, in order of first appearance.

    A site is a residue number and insertion code of a chain. It has several residues when
    alternative positions differ in residue name.

    Parameters
    ----------
    table
        Rows of one model.

    Returns
    -------
    table, site, residue
        The ordered rows, and ``atom`` non-decreasing numbers of their sites and residues.
    """
    insertion = table.insertion_code.view(np.uint32)
    columns = (table.texts("chain")[1], table.number, insertion, table.texts("residue_name")[1])
    starts = run_starts(*columns)
    lengths = np.diff(starts, append=len(table))
    chain, number, code, name = (column[starts].astype(np.uint64) for column in columns)
    sites = order_of_appearance(chain << np.uint64(32) | (number & np.uint64(0xFFFFFFFF)))
    # At most 2**21 letters, and fewer names than atoms.
    sites = order_of_appearance(sites.astype(np.uint64) << np.uint64(21) | code)
    residues = order_of_appearance(sites.astype(np.uint64) << np.uint64(32) | name)
    ranks = (order_of_appearance(chain), sites, residues)
    if not _is_sorted(ranks):
        order = np.lexsort(ranks[::-1])
        rows = np.concatenate([np.arange(starts[i], starts[i] + lengths[i]) for i in order])
        table = table.take(rows)
        sites, residues, lengths = sites[order], residues[order], lengths[order]
    site, residue = (
        np.repeat(np.cumsum(np.diff(rank, prepend=rank[:1]) != 0), lengths)
        for rank in (sites, residues)
    )
    return table, site, residue


def _is_sorted(ranks: tuple[NDArray[np.int32], ...]) -> bool:
    """Return whether rows are in lexicographic order."""
    fall = np.zeros(max(len(ranks[0]) - 1, 0), dtype=np.bool_)
    for rank in reversed(ranks):
        fall = (rank[1:] < rank[:-1]) | ((rank[1:] == rank[:-1]) & fall)
    return not fall.any()


def choose_positions(
    table: AtomTable,
    site: NDArray[np.int64],
    residue: NDArray[np.int64],
    ignored: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], list[Dropped]]:
    """Choose one alternative position per site, and one atom of each name per residue.

    The position with the highest mean occupancy is chosen for all atoms of a site, and the
    first in the file among equals. A backbone atom that exists only in another position of the
    same residue is kept.

    Parameters
    ----------
    table, site, residue
        From `order_residues`.
    ignored
        ``atom`` mask of atoms that are dropped already, from `find_solvent`.

    Returns
    -------
    keep, dropped
        ``atom`` mask, and one entry per chain and reason.
    """
    keep = ~ignored
    dropped: list[Dropped] = []
    rows = np.flatnonzero(keep & (table.altloc.view(np.uint32) != 0))
    if len(rows):
        code = table.altloc[rows].view(np.uint32).astype(np.int64)
        keys, first, which = np.unique(
            site[rows] << 32 | code, return_index=True, return_inverse=True
        )
        occupancy = np.bincount(which, table.occupancy[rows]) / np.bincount(which)
        best = np.lexsort((first, -occupancy.round(3), keys >> 32))
        best = best[run_starts(keys[best] >> 32)]
        keep[rows] = np.isin(which, best)
        _keep_lone_backbone(table, residue, keep, rows)
        dropped += _by_chain(
            table.chain[rows[~keep[rows]]],
            "atom",
            "another alternative position of the residue was kept",
        )
    kept = np.flatnonzero(keep)
    others = find_other_residues(table, site, residue, kept)
    if len(others):
        keep[others] = False
        dropped += _by_chain(
            table.chain[others], "atom", "an overlapping residue of the same number was kept"
        )
        kept = np.flatnonzero(keep)
    words, name = table.texts("atom_name")
    repeated = mark_repeats(residue.take(kept), name.take(kept), len(words))
    if repeated.any():
        keep[kept[repeated]] = False
        dropped += _by_chain(
            table.chain[kept[repeated]], "atom", "the residue already has an atom of this name"
        )
    return keep, dropped


def _keep_lone_backbone(
    table: AtomTable,
    residue: NDArray[np.int64],
    keep: NDArray[np.bool_],
    rows: NDArray[np.int64],
) -> None:
    """Keep backbone atoms that the chosen position of their residue does not have."""
    lost = rows[~keep[rows]]
    lost = lost[np.isin(table.atom_name[lost], BACKBONE_ATOMS)]
    present = np.flatnonzero(keep & np.isin(residue, residue[lost]))
    kept = set(residue[present].tolist())
    atoms = set(zip(residue[present].tolist(), table.atom_name[present].tolist(), strict=True))
    for row in lost.tolist():
        atom = (int(residue[row]), str(table.atom_name[row]))
        if atom[0] in kept and atom not in atoms:
            atoms.add(atom)
            keep[row] = True


def _by_chain(chains: NDArray[np.str_], what: str, why: str) -> list[Dropped]:
    counts = Counter(chains.tolist())
    return [Dropped(count(n, what), chain_label(c), why) for c, n in counts.items()]


def _atom_label(table: AtomTable, row: int) -> str:
    number = f"{table.number[row]}{table.insertion_code[row]}"
    return f"{table.chain[row]}:{number} {table.residue_name[row]} atom {table.atom_name[row]}"
