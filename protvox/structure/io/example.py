"""The structure that comes with the package."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Final

import protvox
from protvox.structure.io.read import read_structure
from protvox.structure.limits import DEFAULT_LIMITS
from protvox.structure.structure import Structure

EXAMPLE: Final = Path(protvox.__file__).parent / "examples" / "1pwc.pdb.gz"
"""A DD-transpeptidase with a bound penicillin: one chain, two domains, 345 residues."""


def read_example() -> Structure:
    """Read the example, for which ``PROTVOX_READ_SECONDS`` is not meant."""
    return read_structure(EXAMPLE, limits=replace(DEFAULT_LIMITS, seconds=math.inf))
