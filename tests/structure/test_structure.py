"""Structures in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from protvox.structure.io.read import read_structure


def test_repr_is_one_short_line(example_path, data_dir):
    assert repr(read_structure(example_path)).startswith("Structure('1pwc.pdb.gz', chain A, ")
    text = repr(read_structure(data_dir / "3mht.pdb.gz"))
    assert "chains C, D, A, 353 residues" in text
    assert text.endswith(" atoms)")
    assert "\n" not in text
    assert len(text) < 100


def test_repr_shortens_a_long_list_of_chains(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    names = np.array([f"C{i}" for i in range(structure.n_residues)])
    assert "chains C0, C1, C2, C3, C4, C5, C6, ... C" in repr(replace(structure, chain=names))
    unnamed = replace(structure, chain=np.full(structure.n_residues, ""))
    assert "chain (blank), " in repr(unnamed)
