"""Shards: structures reduced to labelled atoms, seven bytes per atom.

A shard holds many structures as flat arrays. Coordinates are 16-bit integers of 0.01 Å
around each structure's centre; nothing but numpy is needed to read one, so a shard can be
trained on where no structure parser is installed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACID_INDEX, ATOM_TYPE_INDEX
from protvox.errors import fail
from protvox.structure.structure import Structure

UNLABELLED: Final = 255
"""Label of a residue or structure that is context only."""

RESOLUTION: Final = 0.01
"""Unit of the stored coordinates, Å."""

_BACKBONE: Final = tuple(
    ATOM_TYPE_INDEX[kind] for kind in ("backbone_N", "backbone_CA", "backbone_C", "backbone_O")
)


@dataclass(frozen=True)
class Shard:
    """Structures as flat arrays.

    Attributes
    ----------
    coordinates
        ``atom 3`` int16, 0.01 Å, relative to the centre of the structure.
    atom_type
        ``atom`` uint8, index into `protvox.chemistry.ATOM_TYPES`.
    residue_start
        ``residue+1`` int64, first atom of each residue.
    structure_start
        ``structure+1`` int64, first residue of each structure.
    residue_label
        ``residue`` uint8, amino acid to learn, `UNLABELLED` for context.
    structure_label
        ``structure`` str, e.g. a CATH code; ``""`` if none.
    name
        ``structure`` str.
    """

    coordinates: NDArray[np.int16]
    atom_type: NDArray[np.uint8]
    residue_start: NDArray[np.int64]
    structure_start: NDArray[np.int64]
    residue_label: NDArray[np.uint8]
    structure_label: NDArray[np.str_]
    name: NDArray[np.str_]

    @property
    def n_structures(self) -> int:
        """Number of structures."""
        return len(self.name)

    @property
    def n_residues(self) -> int:
        """Number of residues, context included."""
        return len(self.residue_label)

    def positions(self) -> NDArray[np.float32]:
        """Return the coordinates in Å, ``atom 3`` float32."""
        return self.coordinates * np.float32(RESOLUTION)

    def atom_residue(self) -> NDArray[np.int32]:
        """Return the residue of every atom, ``atom`` int32."""
        counts = np.diff(self.residue_start)
        return np.repeat(np.arange(self.n_residues, dtype=np.int32), counts)

    def atom_range(self) -> NDArray[np.int64]:
        """Return each residue's structure as first and one-past-last atom, ``residue 2``."""
        bounds = self.residue_start[self.structure_start]
        counts = np.diff(self.structure_start)
        return np.repeat(np.stack([bounds[:-1], bounds[1:]], axis=1), counts, axis=0)

    def backbone(self) -> NDArray[np.float32]:
        """Return N, CA, C, O of every residue, ``residue 4 3`` float32, Å, NaN if missing."""
        out = np.full((self.n_residues, 4, 3), np.nan, dtype=np.float32)
        residue, position = self.atom_residue(), self.positions()
        for column, kind in enumerate(_BACKBONE):
            # Reversed, so that of O and OXT, which share a type, the first one stays.
            rows = np.flatnonzero(self.atom_type == kind)[::-1]
            out[residue[rows], column] = position[rows]
        return out


def pack(structure: Structure, labelled: NDArray[np.bool_], label: str) -> Shard:
    """Reduce one structure to a shard.

    Parameters
    ----------
    structure
        The structure.
    labelled
        ``residue`` mask of those to label with their amino acid; residues without a standard
        parent or a complete N, CA, C are never labelled.
    label
        Label of the whole.

    Raises
    ------
    InputError
        If the structure is wider than 16-bit coordinates can hold.
    """
    centre = structure.coordinates.mean(axis=0)
    steps = np.round((structure.coordinates - centre) / RESOLUTION)
    if np.abs(steps).max() > np.iinfo(np.int16).max:
        raise fail("input.too_wide", where=structure.name)
    complete = np.isfinite(structure.backbone()[:, :3]).all(axis=(1, 2))
    index = [AMINO_ACID_INDEX.get(parent, UNLABELLED) for parent in structure.parent.tolist()]
    counts = np.bincount(structure.residue_index, minlength=structure.n_residues)
    return Shard(
        coordinates=steps.astype(np.int16),
        atom_type=structure.atom_type,
        residue_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        structure_start=np.array([0, structure.n_residues], dtype=np.int64),
        residue_label=np.where(labelled & complete, index, UNLABELLED).astype(np.uint8),
        structure_label=np.array([label]),
        name=np.array([structure.name]),
    )


def join(parts: Sequence[Shard]) -> Shard:
    """Join shards into one, in order.

    Parameters
    ----------
    parts
        At least one shard.
    """
    atoms = np.cumsum([0] + [len(part.coordinates) for part in parts])
    residues = np.cumsum([0] + [part.n_residues for part in parts])
    return Shard(
        coordinates=np.concatenate([part.coordinates for part in parts]),
        atom_type=np.concatenate([part.atom_type for part in parts]),
        residue_start=_joined([part.residue_start for part in parts], atoms),
        structure_start=_joined([part.structure_start for part in parts], residues),
        residue_label=np.concatenate([part.residue_label for part in parts]),
        structure_label=np.concatenate([part.structure_label for part in parts]),
        name=np.concatenate([part.name for part in parts]),
    )


def write_shard(shard: Shard, path: str | Path) -> None:
    """Write a shard as a compressed ``.npz`` of plain arrays.

    Parameters
    ----------
    shard
        What to write.
    path
        Where to.
    """
    arrays = {item.name: getattr(shard, item.name) for item in fields(Shard)}
    np.savez_compressed(path, **arrays)


def read_shards(paths: Iterable[str | Path]) -> Shard:
    """Read shards and join them into one.

    Parameters
    ----------
    paths
        Shard files, in the order that decides the numbering of residues.

    Raises
    ------
    InputError
        If a file is not a shard, or there is none.
    """
    parts = [_read_shard(Path(path)) for path in paths]
    if not parts:
        raise fail("input.no_shards")
    return join(parts)


def _joined(starts: list[NDArray[np.int64]], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    inner = [start[:-1] + first for start, first in zip(starts, offsets[:-1], strict=True)]
    return np.concatenate([*inner, offsets[-1:]]).astype(np.int64)


def _read_shard(path: Path) -> Shard:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            shard = Shard(**{item.name: arrays[item.name] for item in fields(Shard)})
        if (
            shard.residue_start[-1] != len(shard.coordinates)
            or len(shard.atom_type) != len(shard.coordinates)
            or len(shard.residue_start) != shard.n_residues + 1
            or shard.structure_start[-1] != shard.n_residues
            or len(shard.structure_start) != shard.n_structures + 1
        ):
            raise ValueError("its arrays do not fit together")
        return shard
    # Damage shows in the directory of the archive, its compression or its arrays.
    except (OSError, ValueError, LookupError, EOFError, BadZipFile, zlib.error) as error:
        raise fail("input.shard", where=str(path)) from error
