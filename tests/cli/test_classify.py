from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from protvox.chemistry import AMINO_ACIDS

pytestmark = pytest.mark.usefixtures("fake")


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.pdb"
    path.write_text("<html>not found</html>\n")
    return path


def test_table_names_everything_and_fits_80_columns(protvox):
    result = protvox("classify", "--example")
    assert result.code == 0
    assert "1pwc.pdb.gz" in result.text
    assert "3.40  3-Layer(aba) Sandwich  0.91" in result.text
    assert "507 water molecules" in result.text
    assert "LPAPDDTGLQ AVLHTALSQG" in result.text
    assert "\x1b" not in result.text
    assert max(map(len, result.text.splitlines())) <= 80


def test_warnings_go_to_stderr_with_the_name(protvox):
    result = protvox("classify", "--example")
    assert result.err.startswith("warning: 1pwc.pdb.gz: ")
    assert "4 of 349" in result.err
    assert "warning" not in result.text


def test_json_of_one_input_is_an_object_of_the_schema(protvox):
    result = protvox("classify", "--example", "--format", "json", "--top-k", "2")
    document = json.loads(result.out)
    assert document["schema"] == "protvox.classify/1"
    assert list(document["residues"][0]["probabilities"]) == list(AMINO_ACIDS)
    assert len(document["residues"]) == 345
    assert [a["label"] for a in document["domains"][0]["architectures"]] == ["3.40", "3.30"]
    assert document["domains"][0]["architectures"][0]["probability"] == 0.912346


def test_json_of_several_inputs_is_a_list(protvox, example):
    result = protvox("classify", example, "--example", "--format", "json", "--task", "cath")
    assert [d["input"]["name"] for d in json.loads(result.out)] == ["1pwc.pdb.gz"] * 2


def test_jsonl_has_one_object_per_line(protvox, example):
    result = protvox("classify", example, "--example", "--format", "jsonl")
    lines = result.out.splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert json.loads(lines[0])["residues"][0]["number"] == 3


@pytest.mark.parametrize(("form", "separator"), [("csv", ","), ("tsv", "\t")])
def test_delimited_output_has_one_row_per_residue_with_its_architecture(protvox, form, separator):
    result = protvox("classify", "--example", "--format", form)
    table = pd.read_csv(io.BytesIO(result.out), sep=separator, keep_default_na=False)
    assert len(table) == 345
    assert list(table.columns[-20:]) == [f"p_{name}" for name in AMINO_ACIDS]
    assert set(table["architecture"].astype(str)) == {"3.4"}
    assert table.loc[0, "wild_type"] == "LEU"


def test_one_header_for_several_inputs(protvox, example):
    result = protvox("classify", example, "--example", "--format", "csv", "--task", "cath")
    assert result.text.count("architecture_2_name") == 1
    assert len(result.text.splitlines()) == 3


def test_parquet_agrees_with_csv(protvox, tmp_path):
    path = tmp_path / "out.parquet"
    assert protvox("classify", "--example", "-o", path).code == 0
    frame = pd.read_parquet(path)
    text = pd.read_csv(io.BytesIO(protvox("classify", "--example", "--format", "csv").out))
    assert list(frame.columns) == list(text.columns)
    assert frame["p_wild_type"].to_numpy() == pytest.approx(text["p_wild_type"], rel=1e-5)
    assert frame["architecture"].iloc[0] == "3.40"


def test_output_file_chooses_the_format_and_leaves_stdout_empty(protvox, tmp_path):
    path = tmp_path / "out.json"
    result = protvox("classify", "--example", "-o", path)
    assert result.out == b""
    assert json.loads(path.read_text())["schema"] == "protvox.classify/1"
    assert list(tmp_path.glob(".out*")) == []


def test_bad_input_is_code_3_in_one_line_and_no_file(protvox, broken, tmp_path):
    path = tmp_path / "out.json"
    result = protvox("classify", broken, "-o", path)
    assert result.code == 3
    assert result.out == b""
    assert result.err.startswith("error: broken.pdb")
    assert result.err.count("\n") == 1
    assert not path.exists()


def test_one_bad_input_does_not_stop_the_others(protvox, broken, example):
    result = protvox("classify", broken, example, "nothing.cif", "--format", "jsonl")
    assert result.code == 4
    assert len(result.out.splitlines()) == 1
    assert result.err.count("error: ") == 2


def test_all_inputs_bad_is_code_3_and_no_file(protvox, broken, tmp_path):
    path = tmp_path / "out.csv"
    assert protvox("classify", broken, "nothing.cif", "-o", path).code == 3
    assert not path.exists()


def test_a_bug_on_one_input_is_code_70(protvox, example, fake, monkeypatch):

    answers = iter([fake.crash, fake.predict])
    monkeypatch.setattr("protvox.predict.classify.classify", lambda s, **k: next(answers)(s, **k))
    result = protvox("classify", example, example, "--format", "jsonl")
    assert result.code == 70
    assert len(result.out.splitlines()) == 1
    assert "bug in protvox" in result.err


@pytest.mark.parametrize(("mode", "code"), [("crash", 70), ("memory", 6), ("device", 6)])
def test_failures_are_one_line_without_a_trace(protvox, fake, monkeypatch, mode, code):

    monkeypatch.setattr("protvox.predict.classify.classify", fake.MODES[mode])
    result = protvox("classify", "--example")
    assert result.code == code
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err


def test_debug_setting_shows_the_trace(protvox, fake, monkeypatch):

    monkeypatch.setattr("protvox.predict.classify.classify", fake.crash)
    monkeypatch.setenv("PROTVOX_DEBUG", "1")
    assert "Traceback" in protvox("classify", "--example").err


def test_a_missing_device_stops_at_the_first_input(protvox, fake, monkeypatch, example):

    monkeypatch.setattr("protvox.predict.classify.classify", fake.device)
    result = protvox("classify", example, example)
    assert result.code == 6
    assert result.err.count("error: ") == 1


def test_environments_of_a_domain_alone(protvox, fake):
    """Python could do it, the command line refused."""
    result = protvox("classify", "--example", "--task", "environment", "--domain", "A:5-20")
    assert result.code == 0
    assert fake.CALLS[-1]["task"] == "environment"
    assert [str(d) for d in fake.CALLS[-1]["domains"]] == ["A:5-20"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--no-such-option",),
        ("--example", "--task", "everything"),
        ("--example", "--top-k", "0"),
        ("--example", "--device", "tpu"),
        ("-", "-"),
        ("--example", "-o", "no/such/folder/out.csv"),
        ("--example", "--annotate", "scored.txt"),
        ("--example", "--task", "cath", "--annotate", "scored.pdb"),
        ("-", "--pymol", "scored.pml"),
        ("--example", "--pymol", "scored.txt"),
        ("--example", "1abc", "--chimerax", "scored.cxc"),
    ],
)
def test_usage_errors_are_code_2_in_one_line(protvox, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = protvox("classify", *arguments)
    assert result.code == 2
    assert result.out == b""
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_input_is_never_overwritten(protvox, example, tmp_path):
    copy = tmp_path / "mine.pdb.gz"
    copy.write_bytes(example.read_bytes())
    assert protvox("classify", copy, "-o", copy, "--format", "json").code == 2
    assert copy.read_bytes() == example.read_bytes()


def test_options_reach_the_predictor(protvox, fake):
    protvox(
        "classify",
        "--example",
        "--chain",
        "A",
        "--domain",
        "A:3-90,120-150",
        "--domain",
        "A:91-119",
        "--top-k",
        "3",
        "--device",
        "cpu",
        "--model",
        "mine@2",
    )
    call = fake.CALLS[-1]
    assert [str(d) for d in call["domains"]] == ["A:3-90,120-150", "A:91-119"]
    assert (call["chain"], call["top_k"], call["device"]) == ("A", 3, "cpu")
    assert call["model"] == "mine@2"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "auto"),
        (("--domains", "auto"), "auto"),
        (("--domains", "chain"), "chain"),
        (("--domains", "A:3-90"), ["A:3-90"]),
        (("--domain", "A:3-90"), ["A:3-90"]),
    ],
)
def test_choice_of_domains(protvox, fake, options, expected):
    assert protvox("classify", "--example", *options).code == 0
    domains = fake.CALLS[-1]["domains"]
    assert (domains if isinstance(domains, str) else [str(d) for d in domains]) == expected


def test_auto_cannot_be_combined_with_domains(protvox, fake):
    result = protvox("classify", "--example", "--domains", "auto", "--domain", "A:3-90")
    assert result.code == 2
    assert "'auto' cannot be combined with other domains" in result.err


def test_device_defaults_to_the_setting(protvox, fake, monkeypatch):
    monkeypatch.setenv("PROTVOX_DEVICE", "cuda:1")
    protvox("classify", "--example")
    assert fake.CALLS[-1]["device"] == "cuda:1"


def test_terminal_escapes_in_a_file_name_are_not_sent_to_the_terminal(protvox, tmp_path, example):
    path = tmp_path / "a\x1b[31m\nb.pdb.gz"
    path.write_bytes(example.read_bytes())
    result = protvox("classify", path)
    assert "\x1b" not in result.text + result.err
    assert "a\\x1b[31m\\nb.pdb.gz" in result.text


def test_stdin_gives_the_same_result(protvox, example, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(example.read_bytes())

    by_path = json.loads(protvox("classify", example, "--format", "json").out)
    monkeypatch.setattr("sys.stdin", Stdin)
    by_stdin = json.loads(protvox("classify", "-", "--format", "json").out)
    assert by_stdin["input"].pop("name") != by_path["input"].pop("name")
    by_stdin["warnings"] = by_path["warnings"] = []
    assert by_stdin == by_path
