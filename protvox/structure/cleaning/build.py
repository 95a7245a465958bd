"""From an atom table to a structure: clean, classify, report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint
from protvox.errors import fail
from protvox.messages import count
from protvox.structure.assembly.definition import Assembly
from protvox.structure.assembly.expand import build_assembly
from protvox.structure.assembly.identical import find_identical
from protvox.structure.atom_table import AtomTable, run_starts
from protvox.structure.cleaning.clean import (
    check_coordinates,
    choose_model,
    choose_positions,
    find_solvent,
    order_residues,
)
from protvox.structure.cleaning.copies import separate_copies
from protvox.structure.cleaning.missing_atoms import (
    declared_sequences,
    describe_gaps,
    describe_residues,
)
from protvox.structure.cleaning.molecules import separate_molecules
from protvox.structure.cleaning.residue_kinds import (
    assign_atom_types,
    classify_residues,
    correct_elements,
)
from protvox.structure.limits import CUBE, DEFAULT_LIMITS, ReadLimits
from protvox.structure.structure import ResidueKind, Structure


def build_structure(
    table: AtomTable,
    *,
    name: str,
    form: str,
    sha256: str,
    model: int | None = None,
    assembly: Assembly | None = None,
    unique: bool = False,
    limits: ReadLimits = DEFAULT_LIMITS,
) -> Structure:
    """Build the structure of one model of an atom table.

    Parameters
    ----------
    table
        All atoms of all models.
    name, form, sha256
        As in `Structure`.
    model
        Model number; ``None`` for the first.
    assembly
        Assembly to build; its chains are the column ``unit`` of ``table.coded``, or else the
        chain names.
    unique
        Whether to find identical chains, for ``Structure.same_as``.
    limits
        Caps on what is kept.

    Returns
    -------
    Structure
        Cleaned, with a record of what was dropped and why.

    Raises
    ------
    InputError
        ``input.no_atoms``, ``input.model``, ``input.coordinates``, ``input.no_protein``,
        ``input.too_large`` or ``input.assembly``.
    """
    if not len(table):
        raise fail("input.no_atoms.file", where=name)
    _check_count("models", len(run_starts(table.model)), limits.models, name)
    table, dropped, warnings = choose_model(table, model, where=name)
    other_models = bool(dropped)
    check_coordinates(table, where=name)
    if assembly is not None:
        # Before molecules that share a name get names of their own.
        table.coded.setdefault("unit", table.texts("chain"))
    checkpoint()
    table, corrected = correct_elements(table)
    table, renamed = separate_molecules(table)
    table, site, residue = order_residues(table)
    ignored, solvent = find_solvent(table)
    checkpoint()
    table, copied = separate_copies(table, residue, ignored)
    if copied:
        table, site, residue = order_residues(table)
        ignored, solvent = find_solvent(table)
    keep, positions = choose_positions(table, site, residue, ignored)
    if not keep.all():
        table, residue = table.take(keep), residue[keep]
    dropped += solvent + positions
    starts = run_starts(residue) if len(table) else np.zeros(0, dtype=np.int64)
    _check_count("atoms", len(table), limits.atoms, name)
    _check_count("residues", len(starts), limits.residues, name)
    _check_count("chains", len(run_starts(table.chain[starts])), limits.chains, name)
    _check_crowd(table.coordinates, limits, name)
    checkpoint()
    index = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(table)))
    kind, meanings, untraced = classify_residues(table, starts, index)
    protein = kind == ResidueKind.PROTEIN
    if not protein.any():
        raise fail("input.no_protein", where=name, part="model" if other_models else "file")
    parent = np.array([word.parent for word in meanings[0]], dtype="<U3").take(meanings[1])
    parent[~protein] = ""
    structure = Structure(
        name=name,
        format=form,
        sha256=sha256,
        model=int(table.model[0]),
        coordinates=table.coordinates.astype(np.float32),
        element=table.element,
        atom_name=table.atom_name,
        atom_type=assign_atom_types(table, index, parent, protein),
        residue_index=index.astype(np.int32),
        chain=table.chain[starts],
        number=table.number[starts],
        insertion_code=table.insertion_code[starts],
        residue_name=table.residue_name[starts],
        parent=parent,
        kind=kind,
        plddt=_residue_means(table.plddt, index, len(starts)),
        plddt_source=table.plddt_source,
        title=table.title,
        sequences=declared_sequences(table.declared),
        experiment=table.experiment,
    )
    if corrected:
        warnings.append(
            "Corrected from the atom name: the element of "
            f"{count(corrected, 'atom')} in standard residues."
        )
    warnings += [*table.notes, *renamed, *copied]
    checkpoint()
    warnings += describe_gaps(structure, table.declared)
    warnings += describe_residues(structure, meanings, table.texts("atom_name"))
    if untraced:
        warnings.append(
            "Used as surroundings only, because they have no CA atom: "
            f"{count(untraced, 'amino acid')}."
        )
    if assembly is not None:
        names, unit = table.texts("unit")
        units = np.array(names, dtype=np.str_)[unit[starts]]
        structure = build_assembly(structure, units, assembly, limits)
        dropped += structure.dropped
        _check_crowd(structure.coordinates, limits, name)
    if unique:
        declared = {chain: d.residues for d in table.declared for chain in d.chains}
        same_as, unlike = find_identical(structure, declared)
        structure = replace(structure, same_as=same_as)
        warnings += unlike
    return structure.with_report(tuple(dropped), tuple(warnings))


def _residue_means(
    values: NDArray[np.float32] | None, residue: NDArray[np.int64], n: int
) -> NDArray[np.float32] | None:
    """Return the mean over the atoms of each of ``n`` residues that have a value."""
    if values is None:
        return None
    known = np.isfinite(values)
    counts = np.bincount(residue[known], minlength=n)
    sums = np.bincount(residue[known], values[known], minlength=n)
    # Rounded, so that equal values keep theirs.
    means = np.round(sums / np.maximum(counts, 1), 4)
    return np.where(counts > 0, means, np.nan).astype(np.float32)


def _check_crowd(coordinates: NDArray[np.floating], limits: ReadLimits, name: str) -> None:
    if limits.crowd is None:
        return
    crowd = _largest_crowd(coordinates)
    if crowd > limits.crowd:
        raise fail("input.too_large.crowd", where=name, count=crowd, edge=CUBE, limit=limits.crowd)


def _largest_crowd(coordinates: NDArray[np.floating]) -> int:
    """Return the largest number of atoms in one cube of space, of ``atom 3`` coordinates in Å."""
    if not len(coordinates):
        return 0
    cubes = np.floor(coordinates / CUBE).astype(np.int64)
    cubes -= cubes.min(axis=0)
    _, y, z = cubes.max(axis=0) + 1
    _, counts = np.unique((cubes[:, 0] * y + cubes[:, 1]) * z + cubes[:, 2], return_counts=True)
    return int(counts.max())


def _check_count(items: str, count: int, limit: int | None, name: str) -> None:
    if limit is not None and count > limit:
        raise fail("input.too_large.count", where=name, items=items, count=count, limit=limit)
