"""The structure that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import protvox

EXAMPLE: Final = Path(protvox.__file__).parent / "examples" / "1pwc.pdb.gz"
"""A DD-transpeptidase with a bound penicillin: one chain, two domains, 345 residues."""
