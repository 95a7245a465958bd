from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from biotite.structure.io import pdbx

from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.errors import InputError
from protvox.structure.io.read import ReadLimits, read_structure
from protvox.structure.structure import ResidueKind, Structure


def same(a: Structure, b: Structure, tolerance: float = 1e-3) -> None:
    """Two readings of one structure agree: arrays equal, coordinates within 1e-3 Å."""
    np.testing.assert_allclose(a.coordinates, b.coordinates, atol=tolerance)
    for name in (
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
    ):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def to_bcif(path: Path) -> bytes:
    """Return biotite's BinaryCIF of an mmCIF file."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    out = pdbx.BinaryCIFFile()
    for name, block in pdbx.CIFFile.read(io.StringIO(text)).items():
        categories = {}
        for key in ("entity", "entity_poly", "entity_poly_seq", "atom_site"):
            if key in block:
                columns = {}
                for label, column in block[key].items():
                    numeric = label.startswith("Cartn") or label in ("occupancy", "B_iso_or_equiv")
                    data = column.as_array(float) if numeric else column.as_array()
                    mask = None if column.mask is None else pdbx.BinaryCIFData(column.mask.array)
                    columns[label] = pdbx.BinaryCIFColumn(pdbx.BinaryCIFData(data), mask)
                categories[key] = pdbx.BinaryCIFCategory(columns)
        out[name] = pdbx.BinaryCIFBlock(categories)
    stream = io.BytesIO()
    pdbx.compress(out).write(stream)
    return stream.getvalue()


def test_pdb_and_mmcif_agree(data_dir: Path) -> None:
    a, b = read_structure(data_dir / "1a8o.pdb"), read_structure(data_dir / "1a8o.cif")
    assert (a.format, b.format) == ("pdb", "mmcif")
    same(a, b)
    assert a.dropped == b.dropped


def test_pdb_and_mmcif_agree_on_nmr_models_and_dna(data_dir: Path) -> None:
    for model in (1, 2, 3):
        a = read_structure(data_dir / "1lcd.pdb.gz", model=model)
        b = read_structure(data_dir / "1lcd.cif.gz", model=model)
        assert a.model == b.model == model
        same(a, b)


@pytest.mark.parametrize(
    ("text", "binary"), [("3jqh.cif", "3jqh.bcif.gz"), ("1gbt.cif.gz", "1gbt.bcif.gz")]
)
def test_mmcif_and_binarycif_agree(data_dir: Path, text: str, binary: str) -> None:
    a, b = read_structure(data_dir / text), read_structure(data_dir / binary)
    assert b.format == "bcif"
    same(a, b)
    assert a.dropped == b.dropped
    assert a.warnings == b.warnings


@pytest.mark.parametrize("name", ["1a8o.cif", "1lcd.cif.gz", "1ake_chimerax.cif.gz", "3jqh.cif"])
def test_binarycif_by_biotite_agrees(data_dir: Path, name: str) -> None:
    a, b = read_structure(data_dir / name), read_structure(to_bcif(data_dir / name))
    same(a, b)
    assert a.dropped == b.dropped


def test_compression_changes_only_the_digest(data_dir: Path) -> None:
    data = (data_dir / "1a8o.pdb").read_bytes()
    a, b = read_structure(data), read_structure(gzip.compress(data))
    same(a, b, tolerance=0)
    assert a.sha256 != b.sha256


def test_reading_is_repeatable(example_path: Path) -> None:
    a, b = read_structure(example_path), read_structure(str(example_path))
    same(a, b, tolerance=0)
    assert (a.name, a.sha256, a.dropped, a.warnings) == (b.name, b.sha256, b.dropped, b.warnings)


def test_example(example_path: Path) -> None:
    structure = read_structure(example_path)
    assert structure.name == "1pwc.pdb.gz"
    assert structure.protein_chains == ("A",)
    assert structure.is_protein.sum() == 345
    assert structure.residue_name[~structure.is_protein].tolist() == ["PNM"]
    assert [d.what for d in structure.dropped] == ["507 water molecules", "59 atoms"]
    assert structure.warnings == (
        "Residues of the full sequence without coordinates: 4 of 349 in chain A.",
    )


def test_atom_types_of_the_example(example_path: Path) -> None:
    structure = read_structure(example_path)
    counts = np.bincount(structure.atom_type, minlength=len(ATOM_TYPE_INDEX))
    sequence = structure.parent[structure.is_protein]
    assert counts[ATOM_TYPE_INDEX["backbone_CA"]] == len(sequence)
    assert counts[ATOM_TYPE_INDEX["sulfur"]] == np.isin(sequence, ["CYS", "MET"]).sum()
    acids = np.isin(sequence, ["ASP", "GLU"]).sum()
    assert counts[ATOM_TYPE_INDEX["charged_O"]] == 2 * acids
    ligand = structure.kind[structure.residue_index] == ResidueKind.LIGAND
    hetero = np.isin(
        structure.atom_type, [ATOM_TYPE_INDEX["hetero_C"], ATOM_TYPE_INDEX["hetero_polar"]]
    )
    np.testing.assert_array_equal(ligand, hetero)


def test_selenomethionine_is_methionine(data_dir: Path) -> None:
    structure = read_structure(data_dir / "1a8o.pdb")
    modified = structure.residue_name == "MSE"
    assert modified.sum() > 0
    assert set(structure.parent[modified]) == {"MET"}
    atoms = modified[structure.residue_index] & (structure.element == "SE")
    assert set(structure.atom_type[atoms]) == {ATOM_TYPE_INDEX["sulfur"]}


def test_one_position_per_atom_of_crambin(data_dir: Path) -> None:
    structure = read_structure(data_dir / "1ejg.pdb.gz")
    assert structure.n_residues == structure.is_protein.sum() == 46
    keys = list(zip(structure.chain, structure.number, structure.insertion_code, strict=True))
    assert len(set(keys)) == 46
    assert structure.n_atoms == 327  # all non-hydrogen atoms of one conformer, no OXT missing


def test_dna_and_cofactor_are_kept(data_dir: Path) -> None:
    structure = read_structure(data_dir / "3mht.pdb.gz")
    kinds = np.bincount(structure.kind, minlength=4)
    assert kinds.tolist() == [327, 25, 1, 0]


def test_missing_file_is_reported() -> None:
    with pytest.raises(InputError) as caught:
        read_structure("no/such/file.pdb")
    assert caught.value.code == "input.not_found"
    assert "no/such/file.pdb" in str(caught.value)


def test_folders_and_invalid_names_are_rejected(tmp_path: Path) -> None:
    for source in (tmp_path, "a\0b", "x" * 5000, ""):
        with pytest.raises(InputError):
            read_structure(source)


def test_error_for_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder") as caught:
        read_structure(tmp_path)
    assert caught.value.code == "input.unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_is_read(data_dir: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pdb"
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", "--", data_dir / "1ubi.pdb", pipe]) as writer:
        assert read_structure(pipe).is_protein.sum() == 76
    assert writer.returncode == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_unreadable_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.pdb"
    path.write_text("ATOM")
    path.chmod(0)
    with pytest.raises(InputError) as caught:
        read_structure(path)
    assert caught.value.code == "input.unreadable"


def test_standard_input(data_dir: Path) -> None:
    code = (
        "from protvox.structure.io.read import read_structure\n"
        "s = read_structure('-')\n"
        "print(s.name, s.n_residues)"
    )
    with (data_dir / "1a8o.cif").open("rb") as stream:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=stream, capture_output=True, text=True, check=True
        )
    assert done.stdout == "stdin 70\n"


@pytest.mark.parametrize(
    "limits",
    [
        ReadLimits(atoms=555),
        ReadLimits(residues=69),
        ReadLimits(chains=0),
        ReadLimits(models=0),
        ReadLimits(inflated_bytes=1000),
        ReadLimits(crowd=5),
    ],
)
def test_limits(data_dir: Path, limits: ReadLimits) -> None:
    with pytest.raises(InputError) as caught:
        read_structure(data_dir / "1a8o.pdb", limits=limits)
    assert caught.value.code == "input.too_large"


def test_crowd_is_counted_wherever_it_lies(data_dir: Path) -> None:
    """All atoms close together, far from the origin."""
    lines = (data_dir / "1a8o.pdb").read_text().splitlines()
    rows = [line for line in lines if line.startswith("ATOM")]
    columns = [f"{-913.2:8.3f}{812.9:8.3f}{z:8.3f}" for z in (-0.1, -3.9)]
    packed = "\n".join(
        line[:30] + columns[row % 2] + line[54:] for row, line in enumerate(rows)
    ).encode()
    n = read_structure(packed, name="x").n_atoms
    assert read_structure(packed, name="x", limits=ReadLimits(crowd=n)).n_atoms == n
    with pytest.raises(InputError, match=f"{n} atoms in a cube of 4 Å"):
        read_structure(packed, name="x", limits=ReadLimits(crowd=n - 1))


def test_limits_are_inclusive(data_dir: Path) -> None:
    limits = ReadLimits(atoms=556, residues=70, chains=1, models=1)
    assert read_structure(data_dir / "1a8o.pdb", limits=limits).n_atoms == 556


def test_importing_the_reader_loads_no_parser() -> None:
    code = (
        "import sys, protvox.structure.io.read\nprint(sorted(m for m in sys.modules if m in "
        "('torch', 'gemmi', 'biotite', 'msgpack', 'Bio', 'mdtraj', 'pandas')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
