from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.chemistry import BACKBONE_ATOMS
from protvox.structure.structure import Structure


@pytest.fixture(autouse=True)
def models(monkeypatch):
    """Predict with the released networks, for which the check is calibrated."""
    monkeypatch.delenv("PROTVOX_MODEL_DIR", raising=False)
    monkeypatch.delenv("PROTVOX_THREADS", raising=False)


def with_types(structure: Structure, rows, names) -> Structure:
    """Rename residues, and cut their side chains to CB."""
    parent, residue_name = structure.parent.copy(), structure.residue_name.copy()
    parent[rows] = residue_name[rows] = names
    changed = np.isin(structure.residue_index, rows)
    glycine = (parent == "GLY")[structure.residue_index]
    kept = np.isin(structure.atom_name, [*BACKBONE_ATOMS, "OXT"])
    kept |= (structure.atom_name == "CB") & ~glycine
    keep = ~changed | kept
    columns = ("coordinates", "element", "atom_name", "atom_type", "residue_index")
    atoms = {name: getattr(structure, name)[keep] for name in columns}
    return replace(structure, parent=parent, residue_name=residue_name, **atoms)


def shifted(structure: Structure, first: int, last: int, shift: int) -> Structure:
    """Give rows first to last the residue types of those `shift` further on."""
    rows = np.arange(first, last + 1)
    return with_types(structure, rows, structure.parent[rows + shift])
