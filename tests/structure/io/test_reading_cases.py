"""Files of the kinds described in public reports, with the results that their authors expect."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from protvox.chemistry import ONE_LETTER
from protvox.predict.mutations.list_files import read_mutations
from protvox.predict.mutations.notation import parse_mutation
from protvox.structure.io.read import read_structure
from protvox.structure.io.trajectory import Trajectory
from protvox.structure.selection import parse_selection
from protvox.structure.structure import ResidueKind, Structure

_DATA = os.environ.get("PROTVOX_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data")
FOLDER = Path(_DATA).parent / "cases" / "reading"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the reading cases are not here")


def read(name: str) -> Structure:
    return read_structure(FOLDER / name)


def sequence(structure: Structure, chain: str | None = None) -> str:
    rows = structure.is_protein
    if chain is not None:
        rows = rows & (structure.chain == chain)
    return "".join(ONE_LETTER.get(parent, "X") for parent in structure.parent[rows].tolist())


@pytest.mark.parametrize(
    "name", ["b01_two_proteins_blank_chain.pdb", "b01_two_proteins_chain_P_segids.pdb"]
)
def test_two_proteins_of_one_chain_name_are_two_chains(name: str) -> None:
    found, expected = read(name), read("b01_expected_named_chains.pdb")
    assert len(found.protein_chains) == 2
    parts = [sequence(found, chain) for chain in found.protein_chains]
    assert parts == [sequence(expected, chain) for chain in expected.protein_chains]
    assert [len(part) for part in parts] == [14, 14]
    assert parts[0].startswith("DIVLTQSPASLS")
    assert parts[1].startswith("KVFGRCELAAAM")
    np.testing.assert_array_equal(found.coordinates, expected.coordinates)
    assert any("used for 2 chains" in warning for warning in found.warnings)


def test_left_justified_names_and_charmm_histidine() -> None:
    found, expected = read("b03_left_justified_names_hsd.pdb"), read("b03_expected_his.pdb")
    assert sequence(found) == sequence(expected)
    assert found.n_residues == 31
    assert "HSD" in found.residue_name
    for name in ("element", "atom_name", "atom_type", "coordinates", "number", "parent"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_four_letter_residue_names() -> None:
    gromos = read("b04_gromos_four_letter_names.pdb")
    assert gromos.protein_chains == ("A",)
    assert sequence(gromos) == "NIQKESTLHLVLRLRGG"
    assert {"LYSH", "ARGN", "HISB"} <= set(gromos.residue_name.tolist())
    gromacs = read("b04_gromacs_terminal_names.pdb")
    assert len(gromacs.protein_chains) == 1
    assert sequence(gromacs) == "MQIFVKTLTG"
    assert not gromacs.warnings


def test_chains_after_end_are_read() -> None:
    found = read("b05_end_between_chains.pdb")
    assert len(found.protein_chains) == 2
    assert found.n_residues == 24
    assert any("END" in warning for warning in found.warnings)


def test_long_ligand_name() -> None:
    found = read("b06_ligand_name_of_8_letters.cif")
    assert found.is_protein.sum() == 12
    assert found.kind.tolist().count(ResidueKind.LIGAND) == 1


def test_line_numbers_in_the_last_columns() -> None:
    found = read("b07_line_numbers_in_columns_73_80.pdb")
    assert (found.n_residues, found.n_atoms) == (12, 94)
    assert found.protein_chains == ("",)


@pytest.mark.parametrize("name", ["b08_no_label_asym_id.cif", "b08_no_type_symbol.cif"])
def test_missing_columns(name: str) -> None:
    found, expected = read(name), read("b07_line_numbers_in_columns_73_80.pdb")
    assert found.protein_chains == ("A",)
    assert sequence(found) == sequence(expected)
    np.testing.assert_array_equal(found.element, expected.element)


def test_ions_without_elements() -> None:
    found = read("b09_ions_without_elements.pdb")
    ions = np.flatnonzero(found.kind == ResidueKind.ION)
    elements = {
        str(found.residue_name[found.residue_index[row]]): str(found.element[row])
        for row in np.flatnonzero(np.isin(found.residue_index, ions)).tolist()
    }
    assert elements == {
        "SOD": "NA",
        "POT": "K",
        "CLA": "CL",
        "CAL": "CA",
        "CES": "CS",
        "CL": "CL",
        "NA": "NA",
        "BR": "BR",
    }


def test_two_names_of_one_number() -> None:
    found = read("b10_two_names_one_number.pdb")
    assert found.n_residues == 12
    assert found.residue_name[found.number == 6].tolist() == ["LYS"]
    assert [drop.what for drop in found.dropped] == ["5 atoms"]


def test_five_digit_numbers() -> None:
    found = read("b12_five_digit_numbers.pdb")
    assert found.number.tolist() == list(range(9996, 10008))
    assert not found.insertion_code.any()


def test_neutral_lysine_and_arginine() -> None:
    found = read("b14_neutral_lysine_arginine_names.pdb")
    assert found.parent[found.residue_name == "LSN"].tolist() == ["LYS"]
    assert set(found.parent[found.residue_name == "ARN"].tolist()) == {"ARG"}


def test_coordinates_in_the_second_block() -> None:
    found = read("b17_coordinates_in_second_block.cif")
    assert found.is_protein.sum() == 12


def test_blank_chain_can_be_named_as_printed() -> None:
    found = read("b11_blank_chain_of_two.pdb")
    assert len(found.protein_chains) == 2
    assert found.protein_chains[0] == ""
    mask = parse_selection(":1-20").mask(found)
    assert set(found.chain[mask].tolist()) == {""}
    assert mask.sum() == ((found.chain == "") & (found.number <= 20)).sum()
    mutation = parse_mutation(":11W")
    assert (mutation.chain, str(mutation)) == ("", ":11W")


def test_several_mutations_in_one_row_are_made_at_once() -> None:
    found = read_mutations(FOLDER / "b15_multi_mutants.csv")
    assert [len(variant.mutations) for variant in found.variants.values()] == [1, 2, 2]
    assert found.failures == ()


@pytest.mark.parametrize(
    "name", ["b02_side_chains_last", "b02_blank_chain_before_named", "b02_contiguous"]
)
def test_frames_have_the_atoms_of_their_topology(name: str) -> None:
    topology = read(f"{name}.pdb")
    trajectory = Trajectory(str(FOLDER / f"{name}.xtc"), str(FOLDER / f"{name}.pdb"))
    found = trajectory.structure(trajectory.frame(0))
    assert found.atom_name.tolist() == topology.atom_name.tolist()
    assert found.coordinates == pytest.approx(topology.coordinates, abs=0.011)
