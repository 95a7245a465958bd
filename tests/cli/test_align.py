"""``protvox align``: scores, superposed files and errors."""

from __future__ import annotations

import json

import numpy as np
import pytest

import protvox
from protvox.cli.app import run
from protvox.structure.io.read import read_structure


def test_a_structure_is_superposed_on_itself(data_dir, tmp_path, capsys):
    source = str(data_dir / "1ubi.pdb")
    folder = tmp_path / "moved"
    assert run(["align", source, source, "--superpose", str(folder), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "protvox.align/1"
    assert document["query"]["tm_score"] == pytest.approx(1, abs=1e-4)
    assert document["identity"] == 1
    assert document["pairs"][44] == ["A:45", "A:45"] or "45" in document["pairs"][44][0]
    assert len(document["query"]["row"]) == document["n_aligned"] == 76
    moved, target = (read_structure(folder / name) for name in ("query.cif", "target.cif"))
    np.testing.assert_allclose(moved.coordinates, target.coordinates, atol=0.01)
    assert {path.name for path in folder.iterdir()} == {
        "query.cif",
        "target.cif",
        "superposed.pml",
        "superposed.cxc",
    }


def test_python_gives_the_same_as_the_command(data_dir, capsys):
    source = str(data_dir / "1ubi.pdb")
    assert run(["align", source, source, "--query-part", "1-40", "--format", "jsonl"]) == 0
    result = protvox.align(source, source, query_part="1-40")
    assert result.to_json() + "\n" == capsys.readouterr().out
    assert result.found.superposed().n_residues == result.found.query.n_residues


def test_a_part_is_aligned_as_text_and_as_table(data_dir, capsys):
    source = str(data_dir / "1ubi.pdb")
    assert run(["align", source, source, "--query-part", "1-40"]) == 0
    text = capsys.readouterr().out
    assert "TM-score" in text and "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQ" in text
    assert max(map(len, text.splitlines())) <= 80
    assert run(["align", source, source, "--query-part", "1-40", "--format", "csv"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.startswith("id,target,n_residues,n_target,tm_score")
    assert row.split(",")[2:4] == ["40", "76"]


def test_a_chain_must_be_named_where_there_are_several(data_dir, capsys):
    source = str(data_dir / "3hsy.pdb.gz")
    chains = read_structure(source).protein_chains
    assert len(chains) > 1
    assert run(["align", source, str(data_dir / "1ubi.pdb")]) == 3
    assert chains[1] in capsys.readouterr().err
    assert run(["align", source, str(data_dir / "1ubi.pdb"), "--query-part", chains[1]]) == 0
