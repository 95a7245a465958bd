from __future__ import annotations

import pytest

from protvox.chemistry import AMINO_ACIDS, MODIFIED_RESIDUES
from protvox.structure.cleaning.residue_names import residue_name


@pytest.mark.parametrize("name", AMINO_ACIDS)
def test_standard_residues_are_their_own_parents(name: str) -> None:
    word = residue_name(name)
    assert word.parent == name
    assert word.amino_acid is True
    assert not word.water
    assert not word.nucleotide
    assert not word.mirrored


@pytest.mark.parametrize(("name", "parent"), MODIFIED_RESIDUES.items())
def test_table_of_modified_residues(name: str, parent: str) -> None:
    assert residue_name(name).parent == parent


@pytest.mark.parametrize(
    ("name", "parent"), [("NLE", "LEU"), ("DVA", "VAL"), ("DGN", "GLN"), ("CSO", "CYS")]
)
def test_other_names_come_from_the_component_dictionary(name: str, parent: str) -> None:
    assert residue_name(name).parent == parent


def test_unknown_amino_acid_has_no_parent() -> None:
    assert residue_name("UNK").amino_acid is True
    assert residue_name("UNK").parent == ""


@pytest.mark.parametrize("name", ["HOH", "DOD", "WAT", "TIP3", "SOL", "SPC"])
def test_water(name: str) -> None:
    assert residue_name(name).water


@pytest.mark.parametrize("name", ["A", "DA", "C", "DT", "U"])
def test_nucleotides(name: str) -> None:
    assert residue_name(name).nucleotide
    assert residue_name(name).amino_acid is False


@pytest.mark.parametrize("name", ["DAL", "DPN", "DVA"])
def test_d_amino_acids(name: str) -> None:
    assert residue_name(name).mirrored


@pytest.mark.parametrize("name", ["HEM", "ATP", "ZN", "ACE", "NH2"])
def test_other_compounds_are_not_amino_acids(name: str) -> None:
    assert residue_name(name).amino_acid is False


def test_unknown_names() -> None:
    assert residue_name("Q!Q").amino_acid is None
    assert residue_name("").amino_acid is None
