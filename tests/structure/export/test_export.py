"""Exports to other libraries keep every atom, name, number and insertion code."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import Bio.PDB
import numpy as np
import pytest

from protvox.errors import InputError, UsageError
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

ROOT = Path(__file__).parents[2]
EXPORTS = ("to_biopython", "to_biotite", "to_gemmi")
FILES = sorted(
    path
    for path in (ROOT / "data").iterdir()
    if path.name.removesuffix(".gz").endswith((".pdb", ".cif", ".bcif"))
)
ARRAYS = (
    "coordinates",
    "element",
    "atom_name",
    "atom_type",
    "residue_index",
    "chain",
    "number",
    "insertion_code",
    "residue_name",
    "parent",
    "kind",
)


def assert_returns(structure: Structure, export: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = read_structure(getattr(structure, export)(), name=structure.name)
    for name in ARRAYS:
        np.testing.assert_array_equal(
            getattr(again, name), getattr(structure, name), err_msg=f"{export} {name}"
        )
    assert again.dropped == ()
    if structure.plddt is not None and structure.plddt_source == "ma_qa_metric_local":
        np.testing.assert_array_equal(again.plddt, structure.plddt)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_round_trips_of_bundled_files(path):
    structure = read_structure(path)
    for export in EXPORTS:
        assert_returns(structure, export)


def test_round_trips_of_the_corpus():
    read = 0
    for path in sorted((ROOT / "corpus" / "files").iterdir()):
        try:
            structure = read_structure(path)
        except InputError:
            continue
        read += 1
        for export in EXPORTS:
            assert_returns(structure, export)
    assert read > 150


def test_round_trips_of_shared_structures(raw_files):
    read = 0
    for path in raw_files:
        try:
            structure = read_structure(path)
        except InputError:
            continue
        if structure.n_atoms < 6000 and read < 40:
            read += 1
            for export in EXPORTS:
                assert_returns(structure, export)
    assert read >= 20


@pytest.fixture(scope="module")
def trypsin(data_dir):
    return read_structure(data_dir / "1gbt.cif.gz")


def test_biopython_agrees_with_its_own_parser(trypsin, data_dir, tmp_path):
    """What Biopython reads from a file that it has written itself."""
    writer = Bio.PDB.PDBIO()
    writer.set_structure(trypsin.to_biopython())
    path = tmp_path / "trypsin.pdb"
    writer.save(str(path))
    again = Bio.PDB.PDBParser(QUIET=True).get_structure("x", str(path))
    expected = trypsin.to_biopython()
    for found, mine in zip(again.get_atoms(), expected.get_atoms(), strict=True):
        assert found.get_full_id()[2:] == mine.get_full_id()[2:]
        assert (found.fullname, found.element) == (mine.fullname, mine.element)
        np.testing.assert_allclose(found.coord, mine.coord, atol=1e-3)
    codes = [residue.id[2] for residue in expected.get_residues()]
    assert set(codes) == {" ", "A"}
    assert repr(expected[0]["A"]) == "<Chain id=A>"


def test_biotite_has_its_own_types(trypsin, tmp_path):
    import biotite.structure as struc
    import biotite.structure.io.pdbx as pdbx

    array = trypsin.to_biotite()
    assert isinstance(array, struc.AtomArray)
    assert struc.get_residue_count(array) == trypsin.n_residues
    assert struc.filter_amino_acids(array[~array.hetero]).all()
    file = pdbx.CIFFile()
    pdbx.set_structure(file, array)
    file.write(str(tmp_path / "trypsin.cif"))
    again = read_structure(tmp_path / "trypsin.cif")
    np.testing.assert_array_equal(again.insertion_code, trypsin.insertion_code)
    array.coord += 1
    assert not np.shares_memory(array.coord, trypsin.coordinates)


def test_gemmi_marks_polymers(trypsin):
    structure = trypsin.to_gemmi()
    polymer = structure[0]["A"].get_polymer()
    assert len(polymer) == trypsin.is_protein.sum()
    assert polymer.make_one_letter_sequence().startswith("IVGGYTC")


def test_names_longer_than_those_of_files_are_kept(trypsin):
    names = np.array(["HeavyChain"] * trypsin.n_residues)
    for export in EXPORTS:
        assert_returns(replace(trypsin, chain=names, name="x"), export)


@pytest.mark.parametrize("export", EXPORTS)
def test_a_missing_library_is_named(trypsin, export, monkeypatch):
    library = export.removeprefix("to_")
    for name in {"biopython": ["Bio", "Bio.PDB"], "biotite": ["biotite.structure"]}.get(
        library, [library]
    ):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError) as caught:
        getattr(trypsin, export)()
    assert str(caught.value) == (
        f"{library}: this needs {library}, which is not installed. Run pip install {library}."
    )
    assert caught.value.code == "usage.package"
