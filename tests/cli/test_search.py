"""``protvox embed``, ``index`` and ``search``, with small random networks."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from protvox.predict.embedding.embed import embed
from protvox.predict.search.search import search
from protvox.structure.io.read import read_structure


@pytest.fixture(autouse=True)
def searchable(searchable_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(searchable_models))


@pytest.fixture
def ubiquitin(data_dir):
    return data_dir / "1ubi.pdb"


@pytest.fixture
def folder(data_dir, tmp_path):
    folder = tmp_path / "structures"
    (folder / "inner").mkdir(parents=True)
    shutil.copy(data_dir / "1ubi.pdb", folder)
    shutil.copy(data_dir / "1lcd.pdb.gz", folder / "inner")
    (folder / "notes.txt").write_text("no structure")
    return folder


def test_an_archive_of_domains(protvox, ubiquitin, data_dir, tmp_path):
    out = tmp_path / "e.npz"
    result = protvox("embed", ubiquitin, data_dir / "1lcd.pdb.gz", "-o", out)
    assert (result.code, result.out) == (0, b"")
    with np.load(out, allow_pickle=False) as file:
        assert file["embedding"].dtype == np.float32
        assert file["id"].tolist() == ["1ubi.pdb", "1lcd.pdb.gz"]
        expected = embed(read_structure(ubiquitin)).vectors
        np.testing.assert_allclose(file["embedding"][:1], expected, atol=1e-6)
        assert file["n_residues"].tolist()[0] == 76


def test_a_table_of_residues(protvox, ubiquitin, tmp_path):
    out = tmp_path / "e.parquet"
    assert protvox("embed", ubiquitin, "--per", "residue", "-o", out).code == 0
    frame = pd.read_parquet(out)
    assert frame.number.tolist() == list(range(1, 77))
    assert len(frame.embedding[0]) == 8


def test_json_is_that_of_the_library(protvox, ubiquitin):
    result = protvox("embed", ubiquitin, "-o", "-", "--format", "jsonl")
    assert result.text == embed(read_structure(ubiquitin)).to_json() + "\n"


def test_one_bad_input_of_several(protvox, ubiquitin, tmp_path):
    bad, out = tmp_path / "bad.pdb", tmp_path / "e.npz"
    bad.write_text("nothing")
    result = protvox("embed", bad, ubiquitin, "-o", out)
    assert result.code == 4
    assert "bad.pdb" in result.err
    assert np.load(out)["id"].tolist() == ["1ubi.pdb"]
    assert protvox("embed", bad, "-o", tmp_path / "none.npz").code == 3
    assert not (tmp_path / "none.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["embed", "-o", "x.npz"], 2, "no INPUT was given"),
        (["embed", "a.pdb", "-o", "x.txt"], 2, "does not imply a format"),
        (["embed", "-", "-", "-o", "x.npz"], 2, "only once"),
        (["search"], 2, "no INPUT was given"),
        (["search", "a.pdb", "-o", "x.csv.gz"], 2, "does not imply a format"),
        (["search", "a.pdb", "--top", "0"], 2, "0"),
        (["index", "build", "absent", "-o", "x.index"], 3, "not a table of embedded domains"),
        (["index", "show", "absent"], 5, "cannot be read"),
    ],
)
def test_invalid_arguments_are_rejected(protvox, tmp_path, monkeypatch, arguments, code, expected):
    monkeypatch.chdir(tmp_path)
    result = protvox(*arguments)
    assert result.code == code, result.err
    assert expected in result.err
    assert list(tmp_path.glob("x.*")) == []


def test_neighbours_as_table_and_as_json(protvox, ubiquitin):
    people = protvox("search", ubiquitin, "--top", "3")
    assert "Nearest to chain A" in people.text
    assert "of 40 domains: forty domains" in people.text
    assert "P-loop hydrolases" in people.text
    assert max(map(len, people.text.splitlines())) <= 80
    programs = protvox("search", ubiquitin, "--top", "3", "--format", "csv")
    frame = pd.read_csv(io.StringIO(programs.text))
    (domain,) = search(read_structure(ubiquitin), top_k=3).domains
    assert frame.neighbour.tolist() == [near.domain for near in domain.nearest]
    assert frame["rank"].tolist() == [1, 2, 3]
    plain = json.loads(protvox("search", ubiquitin, "--top", "3", "--format", "json").out)
    assert plain["schema"] == "protvox.search/1"
    assert [near["domain"] for near in plain["domains"][0]["nearest"]] == frame.neighbour.tolist()


def test_neighbours_are_superposed(protvox, ubiquitin, data_dir, tmp_path):
    index, folder = tmp_path / "i", tmp_path / "hits"
    files = (data_dir / "1ubi.pdb", data_dir / "1lcd.pdb.gz")
    (tmp_path / "known").mkdir()
    for file in files:
        shutil.copy(file, tmp_path / "known")
    assert protvox("index", "build", tmp_path / "known", "-o", index).code == 0
    arguments = ("--index", index, "--sort", "tm", "--format", "json", "--superpose", folder)
    result = protvox("search", ubiquitin, *arguments, "--traces")
    assert result.code == 0, result.err
    first, second = json.loads(result.out)["domains"][0]["nearest"]
    assert first["domain"] == "1ubi.pdb A"
    aligned = first["alignment"]
    assert (aligned["tm_query"], aligned["tm_hit"]) == pytest.approx((1, 1), abs=2e-3)
    assert (aligned["identity"], aligned["n_aligned"]) == (1, 76)
    assert aligned["rmsd"] < 0.1  # coordinates of the index are rounded
    assert second["alignment"]["tm_query"] < 0.5
    moved = read_structure(folder / "domain1_01_1ubi_pdb_A.pdb")
    own = read_structure(ubiquitin).backbone()[:76, 1]
    np.testing.assert_allclose(aligned["ca"], moved.backbone()[:, 1], atol=1e-3)
    assert tm_of_rows(own, second["alignment"]) == pytest.approx(
        second["alignment"]["tm_query"], abs=2e-3
    )
    np.testing.assert_allclose(moved.backbone()[:, 1], own, atol=0.1)
    assert {"query.cif", "superposed.pml", "superposed.cxc"} < {p.name for p in folder.iterdir()}
    assert protvox("search", *files, "--sort", "tm", "--superpose", folder).code == 2


def test_two_inputs_are_aligned_unless_a_search_is_asked_for(protvox, ubiquitin, tmp_path):
    folder = tmp_path / "moved"
    arguments = (ubiquitin, ubiquitin, "--format", "json")
    aligned = protvox("search", *arguments, "--superpose", folder)
    assert aligned.code == 0, aligned.err
    assert "to search for both, add --top 20" in aligned.err
    assert aligned.out == protvox("align", *arguments).out
    assert json.loads(aligned.out)["query"]["tm_score"] == pytest.approx(1, abs=1e-4)
    assert {"query.cif", "target.cif", "superposed.pml"} < {p.name for p in folder.iterdir()}
    searched = protvox("search", *arguments, "--top", "3")
    assert [one["schema"] for one in json.loads(searched.out)] == ["protvox.search/1"] * 2


def tm_of_rows(query, alignment):
    """TM-score by the length of the query, from the alignment and the moved CA atoms alone."""
    rows = alignment["query_row"], alignment["hit_row"]
    letters = [np.array(list(row)) != "-" for row in rows]
    own, hit = (np.cumsum(row) - 1 for row in letters)
    both = letters[0] & letters[1]
    moved = np.array(alignment["ca"])
    assert len(moved) == letters[1].sum()
    distances = np.linalg.norm(query[own[both]] - moved[hit[both]], axis=1)
    d0 = 1.24 * np.cbrt(len(query) - 15) - 1.8
    return (1 / (1 + (distances / d0) ** 2)).sum() / len(query)


def test_neighbours_without_traces_are_not_aligned(protvox, ubiquitin, tmp_path):
    table, index = tmp_path / "t.parquet", tmp_path / "i"
    assert protvox("embed", ubiquitin, "-o", table).code == 0
    assert protvox("index", "build", table, "-o", index).code == 0
    found = protvox("search", ubiquitin, "--index", index, "--format", "csv")
    frame = pd.read_csv(io.StringIO(found.text))
    assert frame.neighbour.tolist() == ["1ubi.pdb A"]
    assert frame[["tm_query", "tm_hit", "rmsd", "n_aligned", "identity"]].isna().all(axis=None)
    shown = protvox("search", ubiquitin, "--index", index).text
    assert "similarity" in shown and "RMSD" not in shown


def test_a_folder_and_its_embeddings_give_the_same_index(protvox, folder, ubiquitin, tmp_path):
    first, second = tmp_path / "a.index", tmp_path / "b.index"
    table = tmp_path / "t.parquet"
    result = protvox("index", "build", folder, "-o", first)
    assert result.code == 0, result.err
    assert "2 domains" in result.err
    shown = protvox("index", "show", first)
    assert shown.text.split("\t")[:2] == ["structures", "2"]
    files = (folder / "1ubi.pdb", folder / "inner" / "1lcd.pdb.gz")
    assert protvox("embed", *files, "-o", table).code == 0
    assert protvox("index", "build", table, "-o", second, "--name", "all").code == 0
    similar = []
    for index in (first, second):
        found = protvox("search", ubiquitin, "--index", index, "--format", "csv")
        frame = pd.read_csv(io.StringIO(found.text))
        assert frame.neighbour[0] == "1ubi.pdb A"
        similar.append(frame.similarity.tolist())
    assert similar[0] == pytest.approx(similar[1], abs=1e-6)


def test_an_unreadable_file_is_reported_and_skipped(protvox, folder, tmp_path):
    (folder / "bad.cif").write_text("nothing")
    result = protvox("index", "build", folder, "-o", tmp_path / "i")
    assert result.code == 4
    assert "bad.cif" in result.err
    assert "2 domains" in result.err


def test_an_empty_folder(protvox, tmp_path):
    (tmp_path / "empty").mkdir()
    result = protvox("index", "build", tmp_path / "empty", "-o", tmp_path / "i")
    assert result.code == 3
    assert not (tmp_path / "i").exists()
