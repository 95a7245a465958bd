"""``protvox check``, with the released model."""

from __future__ import annotations

import json
import shutil

import pytest

ONE_LETTER = {
    **{"ALA": "A", "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E"},
    **{"GLY": "G", "HIS": "H", "ILE": "I", "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F"},
    **{"PRO": "P", "SER": "S", "THR": "T", "TRP": "W", "TYR": "Y", "VAL": "V"},
}


@pytest.fixture(autouse=True)
def released(monkeypatch):
    monkeypatch.delenv("PROTVOX_MODEL_DIR", raising=False)


@pytest.fixture
def wrong(data_dir, tmp_path):
    """Ubiquitin with residues 22 to 38 given the types of those two further on."""
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    lines = [line for line in lines if line.startswith("ATOM")]
    names = {int(line[22:26]): line[17:20] for line in lines}
    out = []
    for line in lines:
        number, atom = int(line[22:26]), line[12:16].strip()
        if 22 <= number <= 38:
            name = names[number + 2]
            if atom not in ("N", "CA", "C", "O", "CB") or (name, atom) == ("GLY", "CB"):
                continue
            line = line[:17] + name + line[20:]
        out.append(line)
    path = tmp_path / "wrong.pdb"
    path.write_text("\n".join(out) + "\n")
    (tmp_path / "true.fasta").write_text(
        ">ubiquitin\n" + "".join(ONE_LETTER[name] for name in names.values()) + "\n"
    )
    return path


def test_a_shift_in_every_output(protvox, wrong, tmp_path):
    views = {name: tmp_path / f"out.{name}" for name in ("cif", "pml", "cxc")}
    result = protvox(
        *("check", wrong, "--sequence", tmp_path / "true.fasta", "--format", "json"),
        *("--annotate", views["cif"], "--pymol", views["pml"], "--chimerax", views["cxc"]),
    )
    assert result.code == 0
    (segment,) = json.loads(result.text)["segments"]
    assert (segment["kind"], segment["shift"]) == ("register", 2)
    name = "segment_1_register"
    assert f"cmd.select('{name}', 'protvox and polymer" in views["pml"].read_text()
    assert f"name {name} /A:{segment['first']}-{segment['last']}" in views["cxc"].read_text()
    assert "protvox check found" in views["cif"].read_text()


def test_tables(protvox, wrong):
    text = protvox("check", wrong).text
    assert "register" in text
    assert "+2" in text
    rows = protvox("check", wrong, "--format", "csv").text.splitlines()
    assert rows[0].startswith("input,kind,chain,first,last,shift")
    assert rows[1].startswith("wrong.pdb,register,A,")


def test_bad_sequences_are_one_error(protvox, wrong, tmp_path):
    path = tmp_path / "bad.fasta"
    path.write_text(">a\nAC#D\n")
    result = protvox("check", wrong, "--sequence", path)
    assert result.code == 3
    assert "bad.fasta, line 2" in result.err


def test_no_input(protvox):
    assert protvox("check").code == 2


def test_a_folder(protvox, data_dir, tmp_path):
    (tmp_path / "models" / "inner").mkdir(parents=True)
    shutil.copy(data_dir / "1ubi.pdb", tmp_path / "models" / "inner")
    (tmp_path / "models" / "bad.pdb").write_text("no structure")
    result = protvox("check", tmp_path / "models", "--chain", "A", "--format", "json")
    assert result.code == 4
    assert [one["input"]["name"] for one in json.loads(result.text)] == ["inner/1ubi.pdb"]
    assert "bad.pdb" in result.err
