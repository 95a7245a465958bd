"""Residues as types and backbone geometry: what the backbone network reads.

A centre residue is described by its nearest residues, itself first. All geometry is expressed
relative to the centre, so nothing depends on the pose of the file, and side chains are never
read: CB is placed from N, CA and C.

Example: ``python -m experiments.mutations.backbone.features data/chains.csv --structures data
--split train -o runs/backbone/train.safetensors``
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

import protvox
from protvox.chemistry import AMINO_ACID_INDEX, AMINO_ACIDS
from protvox.structure.structure import Structure

N_NEAR: Final = 32
"""Residues that describe a centre, itself among them."""

UNKNOWN: Final = len(AMINO_ACIDS)
"""Kind of a residue that stands for none of the 20 amino acids."""

HIDDEN: Final = UNKNOWN + 1
"""Kind of the centre, and of neighbours whose kind is withheld in training."""

N_KINDS: Final = HIDDEN + 1

FARTHEST_OFFSET: Final = 24
"""Larger separations along the chain count as this one."""

OTHER_CHAIN: Final = 2 * FARTHEST_OFFSET + 1
"""Offset of residues of another chain."""

N_OFFSETS: Final = OTHER_CHAIN + 1

_SHELLS: Final = np.arange(2.0, 18.0, 2.0, dtype=np.float32)
_SHELL_WIDTH: Final = 2.0
N_TOKEN: Final = 25 * len(_SHELLS) + 15 + 3 + 9 + 6 + 2
"""Numbers a residue is described by, see `describe`."""

_PAIR_SHELLS: Final = np.array([4.0, 5.5, 7.0, 9.0, 11.5, 14.5, 18.0], dtype=np.float32)
_PAIR_WIDTHS: Final = np.array([1.5, 1.5, 1.5, 2.0, 2.5, 3.0, 3.5], dtype=np.float32)
N_PAIR: Final = len(_PAIR_SHELLS) + 5
"""Numbers a pair of residues is described by, see `describe`."""

_CROWD_RADII: Final = (8.0, 13.0)
_BOND: Final = 2.0
"""Å; a C and the N after it that are nearer are bonded."""


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
    place
        ``residue`` int32, place along the chain; bonded residues differ by one.
    bonded
        ``residue`` uint8, 1 where the residue is bonded to the row before it.
    crowd
        ``residue 2`` float32, CB of other residues within 8 and 13 Å of its own, divided by 10
        and 40.
    labelled
        ``residue`` uint8, 1 where the kind may be learned: the others are context.
    centre
        ``centre`` int32, rows of the residues to predict.
    near
        ``centre 32`` int32, rows of the residues with the nearest CB, the centre first; -1
        where the structure has fewer.
    """

    atoms: NDArray[np.float32]
    kind: NDArray[np.uint8]
    chain: NDArray[np.int32]
    place: NDArray[np.int32]
    bonded: NDArray[np.uint8]
    crowd: NDArray[np.float32]
    labelled: NDArray[np.uint8]
    centre: NDArray[np.int32]
    near: NDArray[np.int32]

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f.name: np.ascontiguousarray(getattr(self, f.name)) for f in fields(self)}
        save_file(arrays, path)

    @classmethod
    def load(cls, path: Path) -> Residues:
        """Read a file written by `save`."""
        return cls(**load_file(path))

    @classmethod
    def join(cls, parts: Iterable[Residues]) -> Residues:
        """Return the residues of many structures as one; chains and rows are renumbered."""
        moved = []
        rows = chains = 0
        for part in parts:
            near = np.where(part.near < 0, -1, part.near + rows).astype(np.int32)
            columns = {f.name: getattr(part, f.name) for f in fields(cls)}
            columns |= {
                "chain": (part.chain + chains).astype(np.int32),
                "centre": (part.centre + rows).astype(np.int32),
                "near": near,
            }
            moved.append(columns)
            rows += len(part.kind)
            chains += int(part.chain.max(initial=-1)) + 1
        return cls(**{f.name: np.concatenate([m[f.name] for m in moved]) for f in fields(cls)})


@dataclass(frozen=True)
class Batch:
    """What the network reads of some centres.

    Attributes
    ----------
    tokens
        ``centre 32 token`` float32, see `describe`.
    pairs
        ``centre 32 32 pair`` float32.
    kinds
        ``centre 32`` int64, `HIDDEN` for the centre.
    offsets
        ``centre 32`` int64, see `N_OFFSETS`.
    there
        ``centre 32`` bool, False where there is no such residue.
    """

    tokens: NDArray[np.float32]
    pairs: NDArray[np.float32]
    kinds: NDArray[np.int64]
    offsets: NDArray[np.int64]
    there: NDArray[np.bool_]


def residues_of(structure: Structure, centres: NDArray[np.bool_] | None = None) -> Residues:
    """Return the residues of a structure and their neighbours.

    Parameters
    ----------
    structure
        The whole structure; residues without N, CA or C are skipped.
    centres
        ``residue`` mask of those to predict; all standard protein residues by default.

    Returns
    -------
    Residues
        Its rows are the protein residues with a backbone, in file order; `kept_rows` tells
        which.
    """
    backbone = structure.backbone()
    rows = kept_rows(structure)
    four = backbone[rows].astype(np.float64)
    _, chain = np.unique(structure.chain[rows], return_inverse=True)
    kind = np.array(
        [AMINO_ACID_INDEX.get(name, UNKNOWN) for name in structure.parent[rows].tolist()],
        dtype=np.uint8,
    )
    before = np.linalg.norm(four[1:, 0] - four[:-1, 2], axis=1)
    same = chain[1:] == chain[:-1]
    bonded = np.zeros(len(rows), dtype=np.uint8)
    bonded[1:] = same & (before < _BOND)
    number = structure.number[rows].astype(np.int64)
    step = np.ones(len(rows), dtype=np.int64)
    step[1:] = np.where(bonded[1:] > 0, 1, np.clip(number[1:] - number[:-1], 2, 1000))
    four[:, 3] = _with_oxygen(four, bonded)
    atoms = np.concatenate([four, _beta(four)[:, None]], axis=1).astype(np.float32)
    labelled = kind < UNKNOWN
    if centres is not None:
        labelled &= centres[rows]
    centre = np.flatnonzero(labelled).astype(np.int32)
    near = np.full((len(centre), N_NEAR), -1, dtype=np.int32)
    _nearest(atoms[:, 4], centre, near)
    crowd = np.zeros((len(rows), 2), dtype=np.float32)
    _count(atoms[:, 4], np.array(_CROWD_RADII, dtype=np.float32), crowd)
    return Residues(
        atoms=atoms,
        kind=kind,
        chain=chain.astype(np.int32),
        place=np.cumsum(step).astype(np.int32),
        bonded=bonded,
        crowd=crowd / np.array([10, 40], dtype=np.float32),
        labelled=labelled.astype(np.uint8),
        centre=centre,
        near=near,
    )


def kept_rows(structure: Structure) -> NDArray[np.int64]:
    """Return the rows of a structure that `residues_of` keeps, int64."""
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


def describe(
    residues: Residues,
    chosen: NDArray[np.int64],
    *,
    atoms: NDArray[np.float32] | None = None,
    angles: NDArray[np.float32] | None = None,
) -> Batch:
    """Return what the network reads of some centres.

    Parameters
    ----------
    residues
        Where the centres are.
    chosen
        ``centre``, which of its centres.
    atoms
        ``residue 5 3``, in place of the residues' own, Å: with noise, for training.
    angles
        What `torsions` gives for these atoms; computed by default.

    Returns
    -------
    Batch
        Of each of the 32 residues: eight Gaussians (2 to 16 Å, width 2 Å) of each of its 25
        distances to the five atoms of the centre; its five atoms in the frame of the centre,
        in units of 8 Å; the direction of its CB from that of the centre; its axes in the
        frame; `torsions`; its crowding. Of each pair of them: seven Gaussians of the distance
        of their CB, and whether they are 1, 2, 3 or 4 places apart along one chain, or in one
        chain at all.
    """
    atoms = residues.atoms if atoms is None else atoms
    angles = torsions(atoms, residues.bonded) if angles is None else angles
    near = residues.near[chosen]
    n = len(near)
    tokens = np.zeros((n, N_NEAR, N_TOKEN), dtype=np.float32)
    pairs = np.zeros((n, N_NEAR, N_NEAR, N_PAIR), dtype=np.float32)
    offsets = np.zeros((n, N_NEAR), dtype=np.int64)
    _describe(
        atoms, residues.chain, residues.place, angles, residues.crowd, near, tokens, pairs, offsets
    )
    kinds = residues.kind[near].astype(np.int64)
    kinds[:, 0] = HIDDEN
    return Batch(tokens, pairs, kinds, offsets, near >= 0)


def _beta(four: NDArray[np.float64]) -> NDArray[np.float64]:
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


@numba.njit(cache=True)
def _nearest(points, centre, near):  # type: ignore[no-untyped-def]
    """Fill the rows of the nearest points of each centre, itself first."""
    width = near.shape[1]
    best = np.empty(width, dtype=np.float32)
    for i in range(len(centre)):
        row = centre[i]
        found = 0
        for j in range(len(points)):
            x = points[j, 0] - points[row, 0]
            y = points[j, 1] - points[row, 1]
            z = points[j, 2] - points[row, 2]
            square = x * x + y * y + z * z
            if j == row:
                square = -1.0
            if found == width and square >= best[width - 1]:
                continue
            slot = found if found < width else width - 1
            while slot > 0 and best[slot - 1] > square:
                best[slot] = best[slot - 1]
                near[i, slot] = near[i, slot - 1]
                slot -= 1
            best[slot] = square
            near[i, slot] = j
            if found < width:
                found += 1


@numba.njit(cache=True, fastmath=True)
def _count(points, radii, counts):  # type: ignore[no-untyped-def]
    """Count other points within two radii of each."""
    small, large = radii[0] * radii[0], radii[1] * radii[1]
    for i in range(len(points)):
        inner = outer = 0
        for j in range(len(points)):
            x = points[j, 0] - points[i, 0]
            y = points[j, 1] - points[i, 1]
            z = points[j, 2] - points[i, 2]
            square = x * x + y * y + z * z
            inner += square < small
            outer += square < large
        counts[i, 0] = inner - 1
        counts[i, 1] = outer - 1


@numba.njit(cache=True, fastmath=True)
def _axes(atoms, axes):  # type: ignore[no-untyped-def]
    """Fill the axes of a residue: x along CA-C, y in the plane of N, z normal to it."""
    for k in range(3):
        axes[0, k] = atoms[2, k] - atoms[1, k]
        axes[1, k] = atoms[0, k] - atoms[1, k]
    size = np.sqrt((axes[0] ** 2).sum()) + 1e-6
    for k in range(3):
        axes[0, k] /= size
    along = (axes[0] * axes[1]).sum()
    for k in range(3):
        axes[1, k] -= along * axes[0, k]
    size = np.sqrt((axes[1] ** 2).sum()) + 1e-6
    for k in range(3):
        axes[1, k] /= size
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        axes[2, k] = axes[0, i] * axes[1, j] - axes[0, j] * axes[1, i]


@numba.njit(cache=True, fastmath=True)
def _describe(  # type: ignore[no-untyped-def]
    atoms, chain, place, angles, crowd, near, tokens, pairs, offsets
):
    shells = _SHELLS
    n_shells = len(shells)
    frame = np.empty((3, 3), dtype=np.float32)
    axes = np.empty((3, 3), dtype=np.float32)
    moved = np.empty((5, 3), dtype=np.float32)
    width = near.shape[1]
    for b in range(len(near)):
        centre = near[b, 0]
        _axes(atoms[centre], frame)
        for t in range(width):
            row = near[b, t]
            if row < 0:
                offsets[b, t] = OTHER_CHAIN
                continue
            token = tokens[b, t]
            at = 0
            for i in range(5):
                for j in range(5):
                    x = atoms[row, j, 0] - atoms[centre, i, 0]
                    y = atoms[row, j, 1] - atoms[centre, i, 1]
                    z = atoms[row, j, 2] - atoms[centre, i, 2]
                    distance = np.sqrt(x * x + y * y + z * z)
                    for s in range(n_shells):
                        scaled = (distance - shells[s]) / np.float32(_SHELL_WIDTH)
                        token[at] = np.exp(-scaled * scaled)
                        at += 1
            for j in range(5):
                for k in range(3):
                    value = np.float32(0.0)
                    for m in range(3):
                        value += frame[k, m] * (atoms[row, j, m] - atoms[centre, 1, m])
                    moved[j, k] = value
                    token[at] = value * np.float32(0.125)
                    at += 1
            size = np.float32(1e-6)
            for k in range(3):
                value = np.float32(0.0)
                for m in range(3):
                    value += frame[k, m] * (atoms[row, 4, m] - atoms[centre, 4, m])
                token[at + k] = value
                size += value * value
            size = np.sqrt(size)
            for k in range(3):
                token[at + k] /= size
            at += 3
            _axes(atoms[row], axes)
            for k in range(3):
                for m in range(3):
                    token[at] = (
                        frame[k, 0] * axes[m, 0]
                        + frame[k, 1] * axes[m, 1]
                        + frame[k, 2] * axes[m, 2]
                    )
                    at += 1
            for k in range(6):
                token[at] = angles[row, k]
                at += 1
            for k in range(2):
                token[at] = crowd[row, k]
                at += 1
            apart = place[row] - place[centre]
            if chain[row] != chain[centre]:
                offsets[b, t] = OTHER_CHAIN
            else:
                offsets[b, t] = max(-FARTHEST_OFFSET, min(FARTHEST_OFFSET, apart)) + FARTHEST_OFFSET
        for t in range(width):
            first = near[b, t]
            if first < 0:
                break
            for u in range(t + 1):
                second = near[b, u]
                x = atoms[second, 4, 0] - atoms[first, 4, 0]
                y = atoms[second, 4, 1] - atoms[first, 4, 1]
                z = atoms[second, 4, 2] - atoms[first, 4, 2]
                distance = np.sqrt(x * x + y * y + z * z)
                pair = pairs[b, t, u]
                for s in range(len(_PAIR_SHELLS)):
                    scaled = (distance - _PAIR_SHELLS[s]) / _PAIR_WIDTHS[s]
                    pair[s] = np.exp(-scaled * scaled)
                if chain[first] == chain[second]:
                    apart = abs(place[first] - place[second])
                    pair[len(_PAIR_SHELLS)] = 1.0
                    if 1 <= apart <= 4:
                        pair[len(_PAIR_SHELLS) + apart] = 1.0
                for s in range(N_PAIR):
                    pairs[b, u, t, s] = pair[s]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="chains.csv")
    parser.add_argument(
        "--structures", type=Path, required=True, help="folder that the column `file` counts from"
    )
    parser.add_argument("--split", required=True, help="train, val or test")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    chains: dict[str, list[str]] = {}
    with options.table.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == options.split and row["representative"] == "1":
                chains.setdefault(row["file"], []).append(row["chain"])
    parts = []
    for number, (name, labelled) in enumerate(sorted(chains.items()), 1):
        structure = protvox.read_structure(options.structures / name)
        parts.append(residues_of(structure, np.isin(structure.chain, labelled)))
        if number % 200 == 0:
            print(f"{number} of {len(chains)} files", flush=True)
    residues = Residues.join(parts)
    residues.save(options.output)
    print(f"{len(residues.centre)} residues to predict among {len(residues.kind)}")


if __name__ == "__main__":
    main()
