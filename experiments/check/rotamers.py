"""A rotamer library from training structures, and a packer, for side chains on any backbone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS, BACKBONE_ATOMS
from protvox.predict.check.hide import CA_CB
from protvox.predict.check.residues import SIDE_CHAIN_ATOMS
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure
from protvox.voxel.moments.residue_frames import residue_frames

_CHI = {
    **{"ALA": 0, "GLY": 0, "SER": 1, "CYS": 1, "THR": 1, "VAL": 1, "PRO": 1, "ASP": 2},
    **{"ASN": 2, "LEU": 2, "ILE": 2, "PHE": 2, "TYR": 2, "TRP": 2, "HIS": 2, "MET": 3},
    **{"GLU": 3, "GLN": 3, "LYS": 4, "ARG": 4},
}
_ROTAMERS = (1, 3, 9, 24, 40)
"""Rotamers of a type with so many side-chain dihedrals."""

_SWEEPS = 6
_POLAR = 2.4
"""Least distance of N and O from N, O and S (hydrogen bonds), Å."""
_APOLAR = 3.1
"""Least distance of all other pairs of heavy atoms, Å."""
_MARGIN = 0.3
"""The packer keeps atoms farther apart than clashes by so much, Å."""
_FAR = 12.0


@dataclass(frozen=True, eq=False)
class Rotamers:
    """The rotamers of one residue type.

    Attributes
    ----------
    names
        Side-chain atoms.
    atoms
        ``rotamer atom 3`` float64, in the frame of the residue, Å.
    cost
        ``rotamer`` float64, minus the logarithm of the frequency.
    """

    names: tuple[str, ...]
    atoms: NDArray[np.float64]
    cost: NDArray[np.float64]

    @property
    def polar(self) -> NDArray[np.bool_]:
        """``atom`` bool, N, O and S."""
        return np.array([name[0] in "NOS" for name in self.names], dtype=np.bool_)


Library = dict[str, Rotamers]


def build_library(paths: Sequence[Path]) -> Library:
    """Return the rotamers of every residue type, from the side chains of structures.

    Parameters
    ----------
    paths
        Structure files.
    """
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in AMINO_ACIDS}
    names: dict[str, tuple[str, ...]] = {}
    for path in paths:
        structure = read_structure(path)
        for row, atoms, coordinates in _side_chains(structure):
            names.setdefault(row, atoms)
            if names[row] == atoms:
                found[row].append(coordinates)
    rng = np.random.default_rng(0)
    return {
        name: _cluster(names.get(name, ()), np.array(examples), _ROTAMERS[_CHI[name]], rng)
        for name, examples in found.items()
    }


def _side_chains(structure: Structure) -> list[tuple[str, tuple[str, ...], NDArray[np.float64]]]:
    """Return type, atom names and local coordinates of every complete side chain."""
    frames = residue_frames(structure.backbone(), CA_CB)
    side = ~np.isin(structure.atom_name, (*BACKBONE_ATOMS, "OXT"))
    starts = np.searchsorted(structure.residue_index, np.arange(structure.n_residues + 1))
    found = []
    for row in np.flatnonzero(structure.is_protein & frames.valid).tolist():
        name = str(structure.residue_name[row])
        rows = np.arange(starts[row], starts[row + 1])[side[starts[row] : starts[row + 1]]]
        if SIDE_CHAIN_ATOMS.get(name) != len(rows):
            continue
        rows = rows[np.argsort(structure.atom_name[rows])]
        local = (structure.coordinates[rows] - frames.origin[row]) @ frames.axes[row].T
        found.append((name, tuple(structure.atom_name[rows].tolist()), local.astype(np.float64)))
    return found


def _cluster(
    names: tuple[str, ...], examples: NDArray[np.float64], k: int, rng: np.random.Generator
) -> Rotamers:
    """Return the example nearest to each centre of a k-means clustering."""
    if not names:
        return Rotamers((), np.zeros((1, 0, 3)), np.zeros(1))
    flat = examples.reshape(len(examples), -1)
    k = min(k, len(flat))
    centres = flat[rng.choice(len(flat), k, replace=False)]
    for _ in range(20):
        owner = ((flat[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.array(
            [flat[owner == i].mean(axis=0) if (owner == i).any() else centres[i] for i in range(k)]
        )
    distance = ((flat[:, None] - centres[None]) ** 2).sum(axis=2)
    counts = np.bincount(distance.argmin(axis=1), minlength=k)
    return Rotamers(names, examples[distance.argmin(axis=0)], -np.log((counts + 1) / len(flat)))


@dataclass(frozen=True, eq=False)
class Packed:
    """Side chains of a window.

    Attributes
    ----------
    atoms
        One ``atom 3`` array for each residue, Å.
    clashes
        Number of clashes of side chains with everything else.
    """

    atoms: list[NDArray[np.float64]]
    clashes: int


def pack(
    structure: Structure, rows: NDArray[np.int64], types: Sequence[str], library: Library
) -> Packed:
    """Build side chains of given types on some residues, with as little overlap as possible.

    Parameters
    ----------
    structure
        The structure, of which all other atoms stay.
    rows
        Residues to build, which have N, CA and C.
    types
        Their residue types.
    library
        Rotamers.
    """
    frames = residue_frames(structure.backbone(), CA_CB)
    built = np.isin(structure.residue_index, rows)
    side = ~np.isin(structure.atom_name, (*BACKBONE_ATOMS, "OXT"))
    centre = structure.coordinates[built]
    low, high = centre.min(axis=0) - _FAR, centre.max(axis=0) + _FAR
    near = ((structure.coordinates > low) & (structure.coordinates < high)).all(axis=1)
    keep = np.flatnonzero(near & ~(built & side))
    fixed = structure.coordinates[keep].astype(np.float64)
    fixed_polar = np.isin(structure.element[keep], ("N", "O", "S"))
    fixed_row = structure.residue_index[keep]
    choices, costs = [], []
    for row, name in zip(rows.tolist(), types, strict=True):
        rotamers = library[name]
        placed = rotamers.atoms @ frames.axes[row].astype(np.float64) + frames.origin[row]
        # CB and proline's ring are bonded to the backbone of their own residue.
        others = np.abs(fixed_row - row) > (1 if name == "PRO" else 0)
        costs.append(
            rotamers.cost
            + _overlap(placed, rotamers.polar, fixed[others], fixed_polar[others], _MARGIN)
        )
        choices.append(placed)
    polar = [library[name].polar for name in types]
    state = [int(cost.argmin()) for cost in costs]
    for _ in range(_SWEEPS):
        for i, cost in enumerate(costs):
            rest = [j for j in range(len(rows)) if j != i]
            atoms = np.concatenate([choices[j][state[j]] for j in rest])
            kinds = np.concatenate([polar[j] for j in rest])
            total = cost + _overlap(choices[i], polar[i], atoms, kinds, _MARGIN)
            state[i] = int(total.argmin())
    chosen = [placed[s] for placed, s in zip(choices, state, strict=True)]
    return Packed(chosen, _clashes(chosen, polar, rows, fixed, fixed_polar, fixed_row))


def _limits(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(one[:, None] & other[None], _POLAR, _APOLAR)


def _overlap(
    placed: NDArray[np.float64],
    polar: NDArray[np.bool_],
    atoms: NDArray[np.float64],
    kinds: NDArray[np.bool_],
    margin: float,
) -> NDArray[np.float64]:
    """Return the overlap of each rotamer with atoms, Å²."""
    if not placed.shape[1] or not len(atoms):
        return np.zeros(len(placed))
    distance = np.linalg.norm(placed[:, :, None] - atoms[None, None], axis=3)
    depth = np.maximum(_limits(polar, kinds)[None] + margin - distance, 0.0)
    return 10.0 * (depth**2).sum(axis=(1, 2))


def _clashes(
    chosen: list[NDArray[np.float64]],
    polar: list[NDArray[np.bool_]],
    rows: NDArray[np.int64],
    fixed: NDArray[np.float64],
    fixed_polar: NDArray[np.bool_],
    fixed_row: NDArray[np.int32],
) -> int:
    """Return the number of pairs that are too close, of residues that are not neighbours."""
    total = 0
    for i, (atoms, kinds, row) in enumerate(zip(chosen, polar, rows.tolist(), strict=True)):
        if not len(atoms):
            continue
        apart = np.abs(fixed_row - row) > 1
        gaps = np.linalg.norm(atoms[:, None] - fixed[apart][None], axis=2)
        total += int((gaps < _limits(kinds, fixed_polar[apart])).sum())
        for j in range(i + 1, len(chosen)):
            if rows[j] - row > 1 and len(chosen[j]):
                gaps = np.linalg.norm(atoms[:, None] - chosen[j][None], axis=2)
                total += int((gaps < _limits(kinds, polar[j])).sum())
    return total
