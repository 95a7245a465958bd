"""How large an input may be before it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20
CUBE: Final = 4.0
"""Edge of the cubes in which atoms are counted for `ReadLimits.crowd`, Å."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Caps on one input; ``None`` means no cap.

    Attributes
    ----------
    inflated_bytes
        Bytes after inflation.
    ratio
        Inflated to compressed size; applied beyond `ratio_floor` inflated bytes, so that a
        small and very regular file is never refused.
    ratio_floor
        Inflated bytes below which `ratio` is not applied.
    atoms, residues, chains
        Kept after cleaning.
    models
        In the file.
    crowd
        Atoms in a cube of `CUBE`; there are about four in a protein. What looks at the
        surroundings of residues takes as long as they are crowded.
    """

    inflated_bytes: int = 256 * MIB
    ratio: int = 200
    ratio_floor: int = 4 * MIB
    atoms: int | None = None
    residues: int | None = None
    chains: int | None = None
    models: int | None = None
    crowd: int | None = None


DEFAULT_LIMITS: Final = ReadLimits()
"""What applies where nothing else is asked for."""
