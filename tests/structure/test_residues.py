from __future__ import annotations

import pytest

from protvox.structure.residues import residue_word
from protvox.vocabulary import AMINO_ACIDS, MODIFIED_RESIDUES


@pytest.mark.parametrize("name", AMINO_ACIDS)
def test_standard_residues_stand_for_themselves(name: str) -> None:
    word = residue_word(name)
    assert word.parent == name
    assert word.amino_acid is True
    assert not word.water
    assert not word.nucleotide
    assert not word.mirrored


@pytest.mark.parametrize(("name", "parent"), MODIFIED_RESIDUES.items())
def test_the_table_decides(name: str, parent: str) -> None:
    assert residue_word(name).parent == parent


@pytest.mark.parametrize(
    ("name", "parent"), [("NLE", "LEU"), ("DVA", "VAL"), ("DGN", "GLN"), ("CSO", "CYS")]
)
def test_others_come_from_the_component_dictionary(name: str, parent: str) -> None:
    assert residue_word(name).parent == parent


def test_unknown_amino_acid_has_no_parent() -> None:
    assert residue_word("UNK").amino_acid is True
    assert residue_word("UNK").parent == ""


@pytest.mark.parametrize("name", ["HOH", "DOD", "WAT", "TIP3", "SOL", "SPC"])
def test_water(name: str) -> None:
    assert residue_word(name).water


@pytest.mark.parametrize("name", ["A", "DA", "C", "DT", "U"])
def test_nucleotides(name: str) -> None:
    assert residue_word(name).nucleotide
    assert residue_word(name).amino_acid is False


@pytest.mark.parametrize("name", ["DAL", "DPN", "DVA"])
def test_mirrored(name: str) -> None:
    assert residue_word(name).mirrored


@pytest.mark.parametrize("name", ["HEM", "ATP", "ZN", "ACE", "NH2"])
def test_other_things_are_no_amino_acids(name: str) -> None:
    assert residue_word(name).amino_acid is False


def test_names_nobody_knows() -> None:
    assert residue_word("Q!Q").amino_acid is None
    assert residue_word("").amino_acid is None
