from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import Bio.PDB
import gemmi
import numpy as np
import pytest

from protvox.errors import UsageError
from protvox.structure.io.annotate import write_annotated
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

CORPUS = Path(__file__).parents[2] / "corpus" / "files"


def values_of(structure: Structure) -> np.ndarray:
    return np.where(structure.is_protein, np.arange(structure.n_residues) / 7.0, np.nan)


@pytest.mark.parametrize("suffix", [".pdb", ".ent", ".cif", ".mmcif", ".pdb.gz", ".cif.gz"])
@pytest.mark.parametrize("name", ["1gbt.cif.gz", "1lcd.pdb.gz", "1a8o.cif", "3mht.pdb.gz"])
def test_written_files_read_back_unchanged(
    data_dir: Path, tmp_path: Path, name: str, suffix: str
) -> None:
    structure = read_structure(data_dir / name)
    path = tmp_path / f"out{suffix}"
    write_annotated(structure, values_of(structure), path, remark="Percent")
    again = read_structure(path)
    np.testing.assert_allclose(again.coordinates, structure.coordinates, atol=1e-3)
    for field in (
        "atom_name",
        "element",
        "atom_type",
        "residue_index",
        "chain",
        "number",
        "insertion_code",
        "residue_name",
        "parent",
        "kind",
    ):
        np.testing.assert_array_equal(getattr(again, field), getattr(structure, field))
    assert again.dropped == ()
    # A check depends on these.
    # Lines of a PDB title are joined with a blank, also where a word was broken.
    assert again.title.replace(" ", "") == structure.title.replace(" ", "")
    assert again.sequences == structure.sequences
    assert again.experiment.method == structure.experiment.method
    assert again.experiment.resolution == structure.experiment.resolution
    if structure.experiment.cell:
        assert again.experiment.space_group == structure.experiment.space_group
    np.testing.assert_allclose(again.experiment.cell, structure.experiment.cell, atol=1e-3)


def test_predicted_models_keep_their_plddt(data_dir: Path, tmp_path: Path) -> None:
    """Their B-factors hold the values, so the pLDDT is written as ModelCIF has it."""
    source = data_dir / "AF-Q5VSL9-F1-model_v4.cif.gz"
    structure = read_structure(source)
    write_annotated(structure, values_of(structure), tmp_path / "out.cif", remark="Percent")
    again = read_structure(tmp_path / "out.cif")
    np.testing.assert_allclose(again.plddt, structure.plddt, rtol=0, atol=0.005)
    ours, theirs = (
        {
            tuple(row)[:2]: float(row[2])
            for row in block.find(
                "_ma_qa_metric_local.", ["label_seq_id", "label_comp_id", "metric_value"]
            )
        }
        for block in (
            gemmi.cif.read(str(path)).sole_block() for path in (tmp_path / "out.cif", source)
        )
    )
    assert ours == theirs
    # Without declared sequences, residues are numbered in their order.
    few = (structure.number > 200) & (structure.number <= 210)
    bare = replace(structure.select(few), sequences={})
    write_annotated(bare, values_of(bare), tmp_path / "bare.cif", remark="Percent")
    np.testing.assert_allclose(read_structure(tmp_path / "bare.cif").plddt, bare.plddt, atol=0.005)


@pytest.mark.parametrize("suffix", [".pdb", ".cif"])
def test_biopython_finds_the_values(data_dir: Path, tmp_path: Path, suffix: str) -> None:
    structure = read_structure(data_dir / "1gbt.cif.gz")
    values = values_of(structure)
    path = tmp_path / f"out{suffix}"
    write_annotated(structure, values, path, remark="Percent")
    parser = Bio.PDB.PDBParser(QUIET=True) if suffix == ".pdb" else Bio.PDB.MMCIFParser(QUIET=True)
    found = {}
    for residue in parser.get_structure("x", str(path)).get_residues():
        factors = {(atom.bfactor, atom.occupancy) for atom in residue}
        assert len(factors) == 1
        found[residue.id[1], residue.id[2].strip()] = factors.pop()
    for row in range(structure.n_residues):
        factor, occupancy = found[int(structure.number[row]), structure.insertion_code[row].item()]
        if np.isnan(values[row]):
            assert (factor, occupancy) == (0.0, 0.0)
        else:
            assert factor == pytest.approx(values[row], abs=0.006)
            assert occupancy == 1.0


def test_unnamed_chains_have_entities(tmp_path: Path, data_dir: Path) -> None:
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    atoms = [f"{x[:21]} {x[22:]}" for x in lines if x.startswith(("ATOM", "HETATM"))]
    structure = read_structure("\n".join([*atoms, "END", ""]).encode(), name="nameless.pdb")
    assert set(structure.chain.tolist()) == {""}
    write_annotated(structure, values_of(structure), tmp_path / "out.cif", remark="Percent")
    block = gemmi.cif.read(str(tmp_path / "out.cif")).sole_block()
    known = set(block.find_values("_entity.id"))
    assert {row[0] for row in block.find("_atom_site.", ["label_entity_id"])} <= known
    again = read_structure(tmp_path / "out.cif")
    np.testing.assert_array_equal(again.chain, structure.chain)


@pytest.mark.parametrize("suffix", [".pdb", ".cif"])
def test_remark_explains_the_values(data_dir: Path, tmp_path: Path, suffix: str) -> None:
    structure = read_structure(data_dir / "1ubi.pdb")
    path = tmp_path / f"out{suffix}"
    remark = "Probability of the residue that is there, in percent, within 10 Å; model x@1 " * 3
    write_annotated(structure, values_of(structure), path, remark=remark)
    words = path.read_text().replace("REMARK   6", " ").split()
    assert "A;" in words  # the letter Å is not in these formats
    assert "B-factor" in words
    assert all(len(line) <= 80 for line in path.read_text().splitlines()) or suffix == ".cif"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("accepted_long_chain.cif", ".pdb"),
        ("accepted_two_letter_chain.pdb", ".pdb"),
        ("accepted_hybrid36.pdb", ".pdb"),
        ("accepted_plain.pdb", ".xyz"),
        ("accepted_plain.pdb", ""),
        ("accepted_plain.pdb", ".gz"),
    ],
)
def test_structures_that_do_not_fit_pdb_are_rejected(
    tmp_path: Path, name: str, suffix: str
) -> None:
    structure = read_structure(CORPUS / name)
    path = tmp_path / f"out{suffix}"
    with pytest.raises(UsageError) as caught:
        write_annotated(structure, values_of(structure), path, remark="x")
    assert caught.value.code == "usage.output_format"
    assert ".cif" in str(caught.value)
    assert not path.exists()


def test_large_values_fit_mmcif_but_not_pdb(tmp_path: Path) -> None:
    structure = read_structure(CORPUS / "accepted_plain.pdb")
    values = np.full(structure.n_residues, -123.4)
    with pytest.raises(UsageError):
        write_annotated(structure, values, tmp_path / "x.pdb", remark="x")
    write_annotated(structure, values, tmp_path / "x.cif", remark="x")
    assert "-123.4" in (tmp_path / "x.cif").read_text()


@pytest.mark.parametrize("name", ["accepted_long_chain.cif", "accepted_hybrid36.pdb"])
def test_mmcif_holds_every_structure(tmp_path: Path, name: str) -> None:
    structure = read_structure(CORPUS / name)
    write_annotated(structure, values_of(structure), tmp_path / "x.cif", remark="x")
    again = read_structure(tmp_path / "x.cif")
    assert again.chain.tolist() == structure.chain.tolist()
    assert again.number.tolist() == structure.number.tolist()


def test_output_is_deterministic(tmp_path: Path) -> None:
    structure = read_structure(CORPUS / "accepted_plain.pdb")
    for name in ("a.pdb.gz", "b.pdb.gz"):
        write_annotated(structure, values_of(structure), tmp_path / name, remark="x")
    assert (tmp_path / "a.pdb.gz").read_bytes() == (tmp_path / "b.pdb.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.pdb.gz").read_bytes()).startswith(b"REMARK   6")


def test_unwritable_path_is_reported(tmp_path: Path) -> None:
    structure = read_structure(CORPUS / "accepted_plain.pdb")
    with pytest.raises(UsageError) as caught:
        write_annotated(structure, values_of(structure), tmp_path / "no" / "x.pdb", remark="x")
    assert caught.value.code == "usage.output"


def test_one_value_per_residue_is_required(tmp_path: Path) -> None:
    structure = read_structure(CORPUS / "accepted_plain.pdb")
    with pytest.raises(ValueError, match="6 residues"):
        write_annotated(structure, np.zeros(5), tmp_path / "x.pdb", remark="x")
