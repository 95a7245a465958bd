"""Residues as types and backbone geometry, and the nearest residues of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.networks.backbone.neighbour_loops import count_near, find_nearest
from protvox.structure.structure import Structure

N_NEIGHBOURS: Final = 32
"""Residues that describe a centre, itself among them."""

UNKNOWN: Final = len(AMINO_ACIDS)
"""Type of a residue that is not one of the 20 amino acids."""

CROWDING_RADII: Final = (8.0, 13.0)
"""Radii within which CB atoms are counted, Å."""

_CROWDING_SCALES: Final = np.array([10.0, 40.0], dtype=np.float32)
_LONGEST_BOND: Final = 2.0
"""Å; a C and the N after it that are nearer are bonded."""

_LARGEST_GAP: Final = 1000


@dataclass(frozen=True)
class Residues:
    """Residues of one or many structures, and the centres among them.

    Attributes
    ----------
    atoms
        ``residue 5 3`` float32, Å: N, CA, C, O and the ideal CB.
    kind
        ``residue`` uint8, index into `protvox.chemistry.AMINO_ACIDS` or `UNKNOWN`.
    chain
        ``residue`` int32, residues of one chain of one structure have the same number.
    position
        ``residue`` int32, position along the chain; bonded residues differ by one.
    bonded
        ``residue`` uint8, 1 where the residue is bonded to the row before it.
    crowding
        ``residue 2`` float32, CB of other residues within 8 and 13 Å of its own, divided by 10
        and 40; 0 for residues that are not near a centre.
    centre
        ``centre`` int32, rows of the residues to predict.
    neighbours
        ``centre 32`` int32, rows of the residues with the nearest CB, the centre first; -1
        where the structure has fewer.
    """

    atoms: NDArray[np.float32]
    kind: NDArray[np.uint8]
    chain: NDArray[np.int32]
    position: NDArray[np.int32]
    bonded: NDArray[np.uint8]
    crowding: NDArray[np.float32]
    centre: NDArray[np.int32]
    neighbours: NDArray[np.int32]

    @classmethod
    def join(cls, parts: Iterable[Residues]) -> Residues:
        """Return the residues of many structures as one; chains and rows are renumbered."""
        moved = []
        rows = chains = 0
        for part in parts:
            neighbours = np.where(part.neighbours < 0, -1, part.neighbours + rows)
            columns = {f.name: getattr(part, f.name) for f in fields(cls)}
            columns |= {
                "chain": (part.chain + chains).astype(np.int32),
                "centre": (part.centre + rows).astype(np.int32),
                "neighbours": neighbours.astype(np.int32),
            }
            moved.append(columns)
            rows += len(part.kind)
            chains += int(part.chain.max(initial=-1)) + 1
        return cls(**{f.name: np.concatenate([m[f.name] for m in moved]) for f in fields(cls)})


def residues_of(
    structure: Structure,
    centres: NDArray[np.bool_] | None = None,
    hidden: NDArray[np.bool_] | None = None,
) -> Residues:
    """Return the residues of a structure and their neighbours.

    Parameters
    ----------
    structure
        The whole structure; residues without N, CA or C, and everything that is not protein,
        are skipped.
    centres
        ``residue`` mask of those to predict; by default all. Only residues with N, CA and C that
        are one of the 20 amino acids count.
    hidden
        ``residue`` mask of those that others do not see, cut out of their chains; none by default.

    Returns
    -------
    Residues
        Its rows are the protein residues with a backbone, in file order; `kept_rows` tells
        which.
    """
    rows = kept_rows(structure)
    four = structure.backbone()[rows].astype(np.float64)
    _, chain = np.unique(structure.chain[rows], return_inverse=True)
    kind = np.array(
        [AMINO_ACID_INDEX.get(name, UNKNOWN) for name in structure.parent[rows].tolist()],
        dtype=np.uint8,
    )
    distance = np.linalg.norm(four[1:, 0] - four[:-1, 2], axis=1)
    bonded = np.zeros(len(rows), dtype=np.uint8)
    bonded[1:] = (chain[1:] == chain[:-1]) & (distance < _LONGEST_BOND)
    gap = np.diff(structure.number[rows].astype(np.int64))
    step = np.ones(len(rows), dtype=np.int64)
    step[1:] = np.where(bonded[1:] > 0, 1, np.clip(gap, 2, _LARGEST_GAP))
    four[:, 3] = _with_oxygen(four, bonded)
    seen = np.ones(len(rows), dtype=np.bool_) if hidden is None else ~hidden[rows]
    bonded[1:] &= seen[1:] & seen[:-1]
    atoms = np.concatenate([four, _ideal_cb(four)[:, None]], axis=1).astype(np.float32)
    wanted = kind < UNKNOWN
    if centres is not None:
        wanted &= centres[rows]
    centre = np.flatnonzero(wanted).astype(np.int32)
    cb = np.ascontiguousarray(atoms[:, 4])
    neighbours = find_nearest(cb, seen, centre, N_NEIGHBOURS)
    read = np.unique(neighbours[neighbours >= 0])
    crowding = np.zeros((len(rows), len(CROWDING_RADII)), dtype=np.float32)
    crowding[read] = count_near(cb, seen, read, CROWDING_RADII) / _CROWDING_SCALES
    return Residues(
        atoms=atoms,
        kind=kind,
        chain=chain.astype(np.int32),
        position=np.cumsum(step).astype(np.int32),
        bonded=bonded,
        crowding=crowding,
        centre=centre,
        neighbours=neighbours,
    )


def kept_rows(structure: Structure) -> NDArray[np.int64]:
    """Return the rows of a structure that `residues_of` keeps.

    Parameters
    ----------
    structure
        The whole structure.

    Returns
    -------
    ndarray
        int64, protein residues with N, CA and C.
    """
    whole = np.isfinite(structure.backbone()[:, :3]).all(axis=(1, 2))
    return np.flatnonzero(structure.is_protein & whole)


def torsions(atoms: NDArray[np.float32], bonded: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the torsion angles of the backbone.

    Parameters
    ----------
    atoms
        ``residue 5 3``, Å.
    bonded
        ``residue``, 1 where a residue is bonded to the row before it.

    Returns
    -------
    ndarray
        ``residue 6`` float32: sine and cosine of phi, psi and the omega before the residue; 0
        where an atom is missing.
    """
    n, ca, c = atoms[:, 0], atoms[:, 1], atoms[:, 2]
    out = np.zeros((len(atoms), 6), dtype=np.float32)
    later = np.flatnonzero(bonded)
    earlier = later - 1
    out[later, 0:2] = _torsion(c[earlier], n[later], ca[later], c[later])
    out[earlier, 2:4] = _torsion(n[earlier], ca[earlier], c[earlier], n[later])
    out[later, 4:6] = _torsion(ca[earlier], c[earlier], n[later], ca[later])
    return out


def _ideal_cb(four: NDArray[np.float64]) -> NDArray[np.float64]:
    to_ca, to_c = four[:, 1] - four[:, 0], four[:, 2] - four[:, 1]
    # Coefficients of the ideal CB of an L-residue.
    normal = np.cross(to_ca, to_c)
    return four[:, 1] - 0.58273431 * normal + 0.56802827 * to_ca - 0.54067466 * to_c


def _with_oxygen(four: NDArray[np.float64], bonded: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return O of every residue, placed opposite CA and the next N where it is missing."""
    away = _unit(four[:, 2] - four[:, 1])
    joined = np.flatnonzero(bonded)
    away[joined - 1] += _unit(four[joined - 1, 2] - four[joined, 0])
    return np.where(np.isfinite(four[:, 3]), four[:, 3], four[:, 2] + 1.231 * _unit(away))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _torsion(
    a: NDArray[np.float32], b: NDArray[np.float32], c: NDArray[np.float32], d: NDArray[np.float32]
) -> NDArray[np.float32]:
    axis = c - b
    first, second = np.cross(b - a, axis), np.cross(axis, d - c)
    length = np.maximum(np.linalg.norm(axis, axis=1), 1e-6)
    sine = (np.cross(first, second) * axis).sum(axis=1) / length
    cosine = (first * second).sum(axis=1)
    size = np.maximum(np.hypot(sine, cosine), 1e-6)
    return np.stack([sine / size, cosine / size], axis=1)
