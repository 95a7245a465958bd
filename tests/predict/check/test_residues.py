from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.predict.check.residues import SIDE_CHAIN_ATOMS, Surroundings
from protvox.structure.io.read import read_structure


def test_dihedrals_are_those_of_biotite(ubiquitin, data_dir):
    pdb = pytest.importorskip("biotite.structure.io.pdb")
    structure = pytest.importorskip("biotite.structure")
    atoms = pdb.PDBFile.read(str(data_dir / "1ubi.pdb")).get_structure(model=1)
    phi, psi, _ = structure.dihedral_backbone(atoms[structure.filter_amino_acids(atoms)])
    measure = Surroundings(ubiquitin)
    ours = np.array([measure.dihedrals(row) for row in range(76)])
    np.testing.assert_allclose(ours, np.degrees(np.stack([phi, psi], axis=1)), atol=0.05)


def test_side_chains_of_a_whole_structure_are_complete(ubiquitin):
    names = np.unique(ubiquitin.parent[ubiquitin.is_protein]).tolist()
    assert set(names) <= set(SIDE_CHAIN_ATOMS)
    reasons = [Surroundings(ubiquitin).reasons(row) for row in range(76)]
    assert not [r for found in reasons for r in found if "incomplete" in r or "clash" in r]


def test_a_ligand_is_named(example_path):
    structure = read_structure(example_path)
    row = int(np.flatnonzero(structure.number == 62)[0])
    assert any("PNM" in reason for reason in Surroundings(structure).reasons(row))


def test_contacts_in_the_crystal_are_named(ubiquitin):
    found = [Surroundings(ubiquitin).reasons(row) for row in range(76)]
    assert any("in the crystal" in reason for reasons in found for reason in reasons)
    whole = Surroundings(replace(ubiquitin, assembly="1"))
    assert not any("crystal" in reason for row in range(76) for reason in whole.reasons(row))
