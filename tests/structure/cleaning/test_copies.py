"""Ligands that share a number, and atoms that share a name, are kept and leave with exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from protvox.structure.io.read import read_structure

CORPUS = Path(__file__).parents[2] / "corpus" / "files"
FILES = ("ligand_twice.pdb", "ion_twice.pdb", "ligand_named_by_elements.pdb")


@pytest.mark.parametrize("export", ["to_biopython", "to_biotite", "to_gemmi"])
@pytest.mark.parametrize("name", FILES)
def test_copies_survive_an_export(name, export):
    structure = read_structure(CORPUS / f"accepted_{name}")
    again = read_structure(getattr(structure, export)())
    for column in ("coordinates", "atom_name", "chain", "number", "residue_name", "kind"):
        np.testing.assert_array_equal(getattr(again, column), getattr(structure, column))
    assert not again.dropped


def test_copies_have_chains_of_their_own():
    structure = read_structure(CORPUS / "accepted_ligand_three_times_blank.pdb")
    ligands = ~structure.is_protein
    assert structure.chain[ligands].tolist() == ["", "_2", "_3"]
    assert set(structure.number[ligands].tolist()) == {201}
    centres = [structure.coordinates[structure.residue_index == i] for i in np.flatnonzero(ligands)]
    assert [len(xyz) for xyz in centres] == [4, 4, 4]
    assert np.diff([xyz[:, 0].mean() for xyz in centres]) == pytest.approx([20, 20], abs=1e-3)


def test_atoms_of_one_name_are_numbered():
    structure = read_structure(CORPUS / "accepted_ligand_named_by_elements.pdb")
    ligand = np.flatnonzero(~structure.is_protein)
    assert structure.atom_name[structure.residue_index == ligand[0]].tolist() == [
        "C",
        "O",
        "C2",
        "O2",
    ]


def test_a_number_that_says_nothing_is_left_alone():
    peptide = (CORPUS / "accepted_plain.pdb").read_text().removesuffix("END\n")
    ions = [
        f"HETATM 1000 NA    NA B   1    {40 + i % 40 * 5:8.3f}{i // 40 * 5:8.3f}   0.000"
        for i in range(1001)
    ]
    structure = read_structure(peptide + "\n".join(ions) + "\n")
    assert structure.n_atoms == 53
    assert [drop.what for drop in structure.dropped] == ["1000 atoms"]
