"""Limits on the size of an input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20
CUBE: Final = 4.0
"""Edge of the cubes in which atoms are counted for `ReadLimits.crowd`, Å."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Upper limits for one input; ``None`` means no limit, unless stated otherwise.

    Attributes
    ----------
    inflated_bytes
        Bytes after decompression.
    ratio
        Decompressed over compressed size; applied only above `ratio_floor` bytes, so that a
        small, very regular file is never rejected.
    ratio_floor
        Decompressed bytes up to which `ratio` is not applied.
    atoms, residues, chains
        Numbers left after cleaning.
    models
        Number of models in the file.
    seconds
        CPU time for reading, in seconds; ``None`` means ``PROTVOX_READ_SECONDS``.
    crowd
        Atoms in a cube of edge `CUBE`; a protein has about four. The time needed for residue
        environments grows with this number.
    """

    inflated_bytes: int = 256 * MIB
    ratio: int = 200
    ratio_floor: int = 4 * MIB
    atoms: int | None = None
    residues: int | None = None
    chains: int | None = None
    models: int | None = None
    seconds: float | None = None
    crowd: int | None = None


DEFAULT_LIMITS: Final = ReadLimits()
"""The limits that apply by default."""
