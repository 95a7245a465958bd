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


_GLYCINE: Final = b"""data_glycine
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_alt_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_seq_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.auth_asym_id
_atom_site.auth_seq_id
ATOM 1 N N  . GLY A 1 0.000 0.000 0.000 A 1
ATOM 2 C CA . GLY A 1 1.450 0.000 0.000 A 1
ATOM 3 C C  . GLY A 1 2.010 1.420 0.000 A 1
ATOM 4 O O  . GLY A 1 1.250 2.390 0.000 A 1
"""


def read_example() -> Structure:
    """Read the example, and a residue as mmCIF, so that the loops for both formats are compiled.

    ``PROTVOX_READ_SECONDS`` is not meant for it.
    """
    limits = replace(DEFAULT_LIMITS, seconds=math.inf)
    read_structure(_GLYCINE, name="glycine", limits=limits)
    return read_structure(EXAMPLE, limits=limits)
