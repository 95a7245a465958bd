from __future__ import annotations

import io
import json
import sys

import pandas as pd
import pytest

from protvox.predict.mutations.table import COLUMNS


@pytest.fixture(autouse=True)
def models(tiny_models, monkeypatch):
    """Predict with small random networks."""
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))


@pytest.fixture
def ubiquitin(data_dir):
    return data_dir / "1ubi.pdb"


def rows(result, separator=","):
    return pd.read_csv(io.BytesIO(result.out), sep=separator, keep_default_na=False)


def test_a_scan_has_exactly_the_columns(protvox, ubiquitin):
    result = protvox("mutations", ubiquitin, "--format", "csv")
    assert result.code == 0
    assert result.out.splitlines()[0].decode() == ",".join(COLUMNS)
    assert len(rows(result)) == 76 * 19


def test_one_network_leaves_the_column_of_the_other_empty(protvox, ubiquitin):
    both = rows(protvox("mutations", ubiquitin, "--format", "csv"))
    alone = rows(protvox("mutations", ubiquitin, "--networks", "environment", "--format", "csv"))
    assert (alone["backbone"] == "").all()
    assert (alone["score"] == both["environment"]).all()
    assert protvox("mutations", ubiquitin, "--networks", "all").code == 2


def test_a_list_goes_by_options_and_files(protvox, ubiquitin, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xef\xbb\xbfchain,number,wild_type,mutant\r\nA,1,m,g\r\n")
    result = protvox(
        "mutations", ubiquitin, "--mutations", "A:45W", "--mutations", path, "--format", "tsv"
    )
    assert result.code == 0
    table = rows(result, "\t")
    assert table[["number", "wild_type", "mutant"]].values.tolist() == [
        [45, "PHE", "TRP"],
        [1, "MET", "GLY"],
    ]


def test_json_states_the_sign(protvox, ubiquitin):
    document = json.loads(
        protvox("mutations", ubiquitin, "--mutations", "A:45W", "--format", "json").out
    )
    assert document["schema"] == "protvox.mutations/3"
    assert "positive = predicted destabilising" in document["score"]
    assert document["mutations"][0]["wild_type"] == "PHE"
    assert document["failures"] == []


def test_help_states_the_sign(protvox):
    assert "POSITIVE = PREDICTED DESTABILISING" in " ".join(
        protvox("mutations", "--help").text.split()
    )


def test_a_failed_row_is_code_4_and_the_others_are_written(protvox, ubiquitin, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("chain,number,wild_type,mutant\nA,45,LEU,TRP\nA,45,PHE,TRP\nA,zz,,G\nZ,1,,G\n")
    result = protvox("mutations", ubiquitin, "--mutations", path, "--format", "csv")
    assert result.code == 4
    table = rows(result)
    assert list(table.columns) == [*COLUMNS, "note"]
    assert (table["score"] != "").tolist() == [False, True, False, False]
    assert "the residue is PHE, not LEU" in result.err
    assert "chain Z does not exist" in result.err
    assert "zz" in result.err
    assert (
        json.loads(protvox("mutations", ubiquitin, "--mutations", path, "--format", "jsonl").out)[
            "failures"
        ][0]["row"]
        == 0
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the list is empty"),
        ("chain,number,mutant\n", "a header but no rows"),
        ("name,place\nA,45\n", "the header lacks chain, number, mutant"),
        ("chain,number,mutant\nA,45,X\n", "not one of the 20"),
        ("chain,number,mutant\nA,45,PHE\n", "the residue is already PHE"),
        ("chain,number,mutant\nQ,45,TRP\n", "chain Q does not exist"),
    ],
)
def test_lists_without_any_score_are_code_3(protvox, ubiquitin, tmp_path, text, words):
    path, out = tmp_path / "list.csv", tmp_path / "out.csv"
    path.write_text(text)
    result = protvox("mutations", ubiquitin, "--mutations", path, "-o", out)
    assert result.code == 3
    assert words in result.err
    assert result.out == b""
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--example", "1abc.pdb"), 2),
        (("{ubi}", "--heatmap", "map.txt"), 2),
        (("{ubi}", "--annotate", "map.txt"), 2),
        (("{ubi}", "--mutations", "no/such/list.csv"), 3),
        (("{ubi}", "--mutations", "A:45"), 3),
        (("{ubi}", "--mutations", "A:45X"), 3),
        (("{ubi}", "--chain", "Z"), 3),
        (("{corpus}/accepted_ca_only.cif",), 3),
        (("{corpus}/refused_dna_only.pdb",), 3),
        (("{ubi}", "--model", "cath"), 5),
    ],
)
def test_errors_are_one_line_and_write_nothing(
    protvox, ubiquitin, tmp_path, monkeypatch, arguments, code
):
    monkeypatch.chdir(tmp_path)
    corpus = ubiquitin.parents[1] / "corpus" / "files"
    result = protvox("mutations", *(a.format(ubi=ubiquitin, corpus=corpus) for a in arguments))
    assert result.code == code
    assert result.out == b""
    assert result.err.splitlines()[-1].startswith("error: ")
    assert result.err.count("error: ") == 1
    assert list(tmp_path.iterdir()) == []


def test_table_shows_both_ends_and_fits_80_columns(protvox, ubiquitin):
    text = protvox("mutations", ubiquitin).text
    assert "positive = predicted destabilising" in text
    assert "Least destabilising  15 of 1444" in text
    assert "Most destabilising  15 of 1444" in text
    assert max(map(len, text.splitlines())) <= 80


def test_ranked_rows_ascend(protvox, ubiquitin, tmp_path):
    out = tmp_path / "ranked.parquet"
    assert protvox("mutations", ubiquitin, "--sort", "score", "-o", out).code == 0
    frame = pd.read_parquet(out)
    assert frame["score"].is_monotonic_increasing
    assert list(frame.columns) == list(COLUMNS)


def test_parquet_holds_failed_rows_too(protvox, ubiquitin, tmp_path):
    out = tmp_path / "out.parquet"
    code = protvox(
        "mutations", ubiquitin, "--mutations", "A:45W", "--mutations", "A:999G", "-o", out
    ).code
    assert code == 4
    frame = pd.read_parquet(out)
    assert frame["number"].tolist() == [45, 999]
    assert frame["score"].isna().tolist() == [False, True]


def test_pictures_and_the_annotated_structure_are_written(protvox, ubiquitin, tmp_path):
    pytest.importorskip("matplotlib")
    names = {"--heatmap": "map.svg", "--logo": "logo.png", "--annotate": "scored.pdb"}
    options = [part for option, name in names.items() for part in (option, tmp_path / name)]
    result = protvox("mutations", ubiquitin, "--format", "csv", *options)
    assert result.code == 0
    mean = rows(result).groupby("number")["score"].mean()
    first = next(
        line
        for line in (tmp_path / "scored.pdb").read_text().splitlines()
        if line.startswith("ATOM") and line[22:26].strip() == "45"
    )
    assert float(first[60:66]) == pytest.approx(mean[45], abs=0.006)
    assert (tmp_path / "logo.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "map.svg").read_text()[:1000]


def test_missing_matplotlib_is_reported_before_any_work(protvox, ubiquitin, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = protvox("mutations", ubiquitin, "--heatmap", tmp_path / "map.png")
    assert result.code == 2
    assert "pip install 'protvox[figures]'" in result.err
    assert list(tmp_path.iterdir()) == []
