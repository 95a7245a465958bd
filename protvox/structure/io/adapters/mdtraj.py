"""Trajectories of mdtraj."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.structure.cleaning.residue_names import residue_name
from protvox.structure.io.adapters.columns import ObjectAtoms, ObjectModels, make_atoms

_ANGSTROM_PER_NM: Final = 10.0
_DECIMALS: Final = 3


def read_mdtraj(trajectory: Any) -> ObjectModels:
    """Read an ``mdtraj.Trajectory``.

    Parameters
    ----------
    trajectory
        Its chains are named by their ``chain_id``, or else by their index: A, ..., Z, AA, ...

    Returns
    -------
    ObjectModels
        The frames are numbered from 1.
    """
    numbers = range(1, trajectory.n_frames + 1)
    return ObjectModels("", numbers, lambda i: _table(trajectory, i))


def _table(trajectory: Any, index: int) -> ObjectAtoms:
    rows: list[tuple[Any, ...]] = []
    size: list[int] = []
    atoms: list[Any] = []
    before: set[str] = set()
    for chain in trajectory.topology.chains:
        name = getattr(chain, "chain_id", None)
        name = _chain_name(chain.index) if name is None else name
        for residue in chain.residues:
            meaning = residue_name(residue.name)
            # mdtraj begins a new chain at a TER record, and what follows one is not a polymer.
            hetero = name in before or not (meaning.parent or meaning.nucleotide)
            segment = getattr(residue, "segment_id", "") or ""
            rows.append((name, residue.resSeq, residue.name, segment, hetero, chain.index))
            size.append(residue.n_atoms)
            atoms.extend(residue.atoms)
        before.add(name)
    columns = [np.repeat(np.array(column), size) for column in zip(*rows, strict=True)]
    empty = np.zeros(0, dtype=np.str_)
    chain_, number, words, segments, flags, breaks = columns or [empty] * 6
    residue = np.repeat(np.arange(len(size)), size)
    order = [atom.index for atom in atoms]
    return make_atoms(
        model=index + 1,
        coordinates=_angstrom(trajectory.xyz[index][order]),
        chain=chain_,
        number=number,
        residue_name=words,
        atom_name=[atom.name for atom in atoms],
        element=[_symbol(atom) for atom in atoms],
        hetero=flags,
        segment=segments,
        breaks=breaks,
        residue=residue,
    )


def _chain_name(index: int) -> str:
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, len(ascii_uppercase))
        name = ascii_uppercase[letter] + name
    return name


def _symbol(atom: Any) -> str:
    symbol = atom.element.symbol if atom.element is not None else ""
    return "X" if symbol == "VS" else symbol  # A virtual site.


def _angstrom(xyz: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return coordinates in nm as the numbers of at most three decimals in Å that they come from.

    mdtraj divides the coordinates of a PDB file by ten and rounds them to 32 bits. If the decimal
    numbers give the same 32 bits, they are the ones in the file; otherwise nothing is rounded.
    """
    out = xyz.astype(np.float64) * _ANGSTROM_PER_NM
    decimal = out.round(_DECIMALS)
    same = (decimal / _ANGSTROM_PER_NM).astype(np.float32) == xyz
    return decimal if same.all() else out
