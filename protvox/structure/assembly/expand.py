"""Building of an assembly: copies of chains by rotation and translation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.checkpoint import checkpoint
from protvox.errors import ProtvoxError, fail
from protvox.messages import chain_label, count
from protvox.structure.assembly.definition import Assembly, Operator
from protvox.structure.limits import ReadLimits
from protvox.structure.selection import reads_as_range
from protvox.structure.structure import ChainCopy, Dropped, ResidueKind, Structure

MOST_ATOMS: Final = 5_000_000
"""Largest number of atoms in an assembly where `ReadLimits` has no limit."""

_FARTHEST: Final = 9999.0
"""Largest coordinate in an assembly, Å, as in the files that are read."""

_SAME: Final = 1.0
"""Copies of a ligand or ion whose centres are closer than this are the same molecule, Å."""


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    """Residues of a chain of the file, moved by an operator."""

    name: str
    chain: str
    operator: Operator
    residues: NDArray[np.int64]


def build_assembly(
    structure: Structure, units: NDArray[np.str_], assembly: Assembly, limits: ReadLimits
) -> Structure:
    """Return an assembly of a structure.

    The first copy of a chain keeps its name, and the others are called ``A-2``, ``A-3``, ...; or
    ``1_2`` where ``1-2`` would be a range of residues. The chains of the file that are not in the
    assembly are reported as dropped. A ligand or ion on a symmetry axis, where a copy lies on
    the original, is kept once.

    Parameters
    ----------
    structure
        The structure as in the file.
    units
        ``residue``, the name by which `Generator.units` refers to it.
    assembly
        What to build.
    limits
        Limits on what is built; they are checked before it is.

    Returns
    -------
    Structure
        The first copies of all chains, then the second ones, and so on.

    Raises
    ------
    InputError
        ``input.assembly`` if the assembly has none of the chains, or an operator is not a rotation
        with a translation or puts a chain on itself; ``input.too_large`` above a limit;
        ``input.no_protein`` if there is no protein in it.
    """
    copies = _plan(structure, units, assembly)
    first = np.searchsorted(structure.residue_index, np.arange(structure.n_residues + 1))
    size = np.diff(first)
    _check_limits(structure, assembly, limits, copies, size)
    dropped, moved = [], []
    centres: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
    repeated: dict[str, int] = defaultdict(int)
    kept: list[_Copy] = []
    for copy in copies:
        checkpoint()
        residues, xyz = copy.residues, _move(structure, copy, first)
        again = _find_repeated(structure, residues, xyz, size, centres)
        if again.any():
            if _is_polymer(structure, residues)[again].any():
                reason = f"operator {copy.operator.name} puts chain {copy.chain} on itself"
                raise _invalid(structure, assembly, reason)
            repeated[copy.name] += int(again.sum())
            xyz = xyz[~np.repeat(again, size[residues])]
            residues = residues[~again]
        if len(residues):
            kept.append(replace(copy, residues=residues))
            moved.append(xyz)
    dropped += [
        Dropped(count(n, "residue"), chain_label(name), "it lies on a symmetry axis; kept once")
        for name, n in repeated.items()
    ]
    dropped += _left_out(structure, copies, assembly)
    return _joined(structure, assembly, kept, np.concatenate(moved), first, dropped)


def _plan(structure: Structure, units: NDArray[np.str_], assembly: Assembly) -> list[_Copy]:
    """Return the copies in the order of the result."""
    operators: dict[str, Operator] = {}
    targets: dict[str, list[str]] = defaultdict(list)
    for generator in assembly.generators:
        for operator in generator.operators:
            if not operator.is_rigid:
                reason = f"operator {operator.name} is not a rotation with a translation"
                raise _invalid(structure, assembly, reason)
            operators.setdefault(operator.name, operator)
            targets[operator.name] += generator.units
    members = {name: frozenset(listed) for name, listed in targets.items()}
    words, unit = np.unique(units, return_inverse=True)
    wanted = {
        name: np.array([word in listed for word in words.tolist()])[unit]
        for name, listed in members.items()
    }
    found: list[tuple[int, str, Operator, NDArray[np.int64]]] = []
    for chain in dict.fromkeys(structure.chain.tolist()):
        checkpoint()
        rows = np.flatnonzero(structure.chain == chain)
        number = 0
        for name, operator in operators.items():
            residues = rows[wanted[name][rows]]
            if len(residues):
                number += 1
                found.append((number, chain, operator, residues))
    if not found:
        raise _invalid(structure, assembly, "none of its chains is in the file")
    taken = {chain for _, chain, _, _ in found}
    copies = []
    for number, chain, operator, residues in sorted(found, key=lambda item: item[0]):
        name = chain if number == 1 else _name(chain, number, taken)
        taken.add(name)
        copies.append(_Copy(name, chain, operator, residues))
    return copies


def _name(chain: str, number: int, taken: set[str]) -> str:
    while True:
        name = f"{chain}-{number}"
        if reads_as_range(name):
            name = f"{chain}_{number}"
        if name not in taken:
            return name
        number += 1


def _check_limits(
    structure: Structure,
    assembly: Assembly,
    limits: ReadLimits,
    copies: list[_Copy],
    size: NDArray[np.int64],
) -> None:
    atoms = sum(int(size[copy.residues].sum()) for copy in copies)
    counts = {
        "atoms": (atoms, MOST_ATOMS if limits.atoms is None else limits.atoms),
        "residues": (sum(len(copy.residues) for copy in copies), limits.residues),
        "chains": (len(copies), limits.chains),
    }
    for items, (number, limit) in counts.items():
        if limit is not None and number > limit:
            raise fail(
                "input.too_large.assembly",
                where=structure.name,
                assembly=assembly.id,
                count=number,
                items=items,
                limit=limit,
            )


def _move(structure: Structure, copy: _Copy, first: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the coordinates of a copy, ``atom 3`` float32."""
    atoms = _atoms_of(copy.residues, first)
    xyz = structure.coordinates[atoms].astype(np.float64)
    moved = xyz @ copy.operator.rotation.T + copy.operator.translation
    return moved.astype(np.float32)


def _atoms_of(residues: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the atoms of some residues, whose first atoms are given for all."""
    size = first[residues + 1] - first[residues]
    before = np.cumsum(size) - size
    rows: NDArray[np.int64] = np.arange(int(size.sum())) + np.repeat(first[residues] - before, size)
    return rows


def _find_repeated(
    structure: Structure,
    residues: NDArray[np.int64],
    xyz: NDArray[np.float32],
    size: NDArray[np.int64],
    centres: dict[int, list[NDArray[np.float64]]],
) -> NDArray[np.bool_]:
    """Return which residues lie on an earlier copy of themselves, and note their centres.

    A protein or nucleic acid does if both its first and its last residue do.
    """
    starts = np.cumsum(size[residues]) - size[residues]
    again = np.zeros(len(residues), dtype=np.bool_)
    polymer = _is_polymer(structure, residues)
    ends = np.flatnonzero(polymer)[[0, -1]] if polymer.any() else np.zeros(0, dtype=np.int64)
    for row in {*np.flatnonzero(~polymer).tolist(), *ends.tolist()}:
        residue, start = int(residues[row]), int(starts[row])
        centre = xyz[start : start + int(size[residue])].astype(np.float64).mean(axis=0)
        again[row] = any(np.linalg.norm(centre - other) < _SAME for other in centres[residue])
        centres[residue].append(centre)
    again[ends] = again[ends].all()
    return again


def _is_polymer(structure: Structure, residues: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.isin(structure.kind[residues], (ResidueKind.PROTEIN, ResidueKind.NUCLEIC))


def _left_out(structure: Structure, copies: list[_Copy], assembly: Assembly) -> list[Dropped]:
    used = np.zeros(structure.n_residues, dtype=np.bool_)
    for copy in copies:
        used[copy.residues] = True
    chains, numbers = np.unique(structure.chain[~used], return_counts=True)
    why = f"not in assembly {assembly.id}"
    return [
        Dropped(count(number, "residue"), chain_label(chain), why)
        for chain, number in zip(chains.tolist(), numbers.tolist(), strict=True)
    ]


def _joined(
    structure: Structure,
    assembly: Assembly,
    copies: list[_Copy],
    xyz: NDArray[np.float32],
    first: NDArray[np.int64],
    dropped: list[Dropped],
) -> Structure:
    if not (np.abs(xyz) < _FARTHEST).all():
        reason = f"an operator moves atoms beyond {_FARTHEST:g} Å"
        raise _invalid(structure, assembly, reason)
    residues = np.concatenate([copy.residues for copy in copies])
    if not structure.is_protein[residues].any():
        raise fail("input.no_protein", where=structure.name, part="assembly")
    atoms = _atoms_of(residues, first)
    size = first[residues + 1] - first[residues]
    lengths = [len(copy.residues) for copy in copies]
    return replace(
        structure,
        coordinates=xyz,
        element=structure.element[atoms],
        atom_name=structure.atom_name[atoms],
        atom_type=structure.atom_type[atoms],
        residue_index=np.repeat(np.arange(len(residues), dtype=np.int32), size),
        chain=np.repeat(np.array([copy.name for copy in copies]), lengths),
        number=structure.number[residues],
        insertion_code=structure.insertion_code[residues],
        residue_name=structure.residue_name[residues],
        parent=structure.parent[residues],
        kind=structure.kind[residues],
        plddt=None if structure.plddt is None else structure.plddt[residues],
        dropped=(*structure.dropped, *dropped),
        assembly=assembly.id,
        copies=tuple(ChainCopy(copy.name, copy.chain, copy.operator.name) for copy in copies),
    )


def _invalid(structure: Structure, assembly: Assembly, reason: str) -> ProtvoxError:
    return fail("input.assembly.invalid", where=structure.name, assembly=assembly.id, reason=reason)
