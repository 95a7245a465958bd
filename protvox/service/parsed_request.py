"""A request after its body has been parsed and its structure read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """A structure and the options of a request.

    Attributes
    ----------
    structure
        Encoded structure, see `protvox.processes.structure_codec`.
    sha256
        Digest of the file.
    name
        Name of the structure.
    n_residues
        Number of residues.
    n_requested
        Number of them to predict: those of the chosen chain, if there is one.
    options
        ``task`` and its options.
    """

    structure: bytes
    sha256: str
    name: str
    n_residues: int
    n_requested: int
    options: Mapping[str, Any]
