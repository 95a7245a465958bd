from __future__ import annotations

import json

import pytest


@pytest.fixture
def table(tmp_path, example):
    path = tmp_path / "labels.csv"
    path.write_text("file,chain,chopping,cath,split\n1pwc.pdb.gz,A,3-30,3.40.710.10,train\n")
    return path


def test_shards_then_environment_training(protvox, table, example, tmp_path):
    folder = tmp_path / "shards"
    arguments = ("--structures", example.parent, "--task", "environment", "-o", folder)
    result = protvox("train", "shards", table, *arguments)
    assert result.code == 0
    assert "wrote 1 structures" in result.err
    assert len(list(folder.glob("shard-*.npz"))) == 1
    config = tmp_path / "config.toml"
    config.write_text("[loop]\nsteps = 2\nbatch_size = 4\n")
    run = ("train", "environment", config, "--train", folder, "--validation", folder)
    result = protvox(*run, "-o", tmp_path / "run", "--device", "cpu")
    assert result.code == 0, result.err
    checked = json.loads(result.out)
    assert checked["step"] == 2
    assert checked["nll"] > 0
    assert "step 2/2" in result.err
    blind = protvox(*run[:-2], "-o", tmp_path / "blind", "--device", "cpu")
    assert blind.code == 0, blind.err
    # The same steps, and nothing measured.
    assert json.loads(blind.out) == {"step": 2, "loss": checked["loss"]}


def test_skipped_structures_are_code_4(protvox, table, example, tmp_path):
    table.write_text(table.read_text() + "nothing.pdb,A,,3.40.1.1,train\n")
    result = protvox(
        "train",
        "shards",
        table,
        "--structures",
        example.parent,
        "--task",
        "cath",
        "-o",
        tmp_path / "out",
    )
    assert result.code == 4
    assert "nothing.pdb" in result.err


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--task", "fold"),
        ("--task", "environment", "--per-shard", "0"),
        ("--task", "environment", "--query", "no_such_column == 1"),
    ],
)
def test_usage_errors(protvox, table, tmp_path, options):
    assert protvox("train", "shards", table, *options, "-o", tmp_path / "out").code == 2


def test_missing_shards_and_device(protvox, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "config.toml").write_text("")
    arguments = (tmp_path / "config.toml", "--train", tmp_path / "empty", "--validation", ".")
    result = protvox("train", "environment", *arguments, "-o", tmp_path / "run")
    assert result.code == 2
    assert "there is no shard" in result.err
    arguments = (tmp_path / "config.toml", "--train", tmp_path / "mistyped")
    result = protvox("train", "environment", *arguments, "-o", tmp_path / "run")
    assert result.code == 2
    assert "mistyped: there is no such folder" in result.err


def test_output_that_cannot_be_a_folder_is_a_usage_error(protvox, table, example, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[architecture]\nlabels = ["3.40"]\n')
    taken = tmp_path / "taken"
    taken.write_text("a file")
    shards = ("shards", table, "--structures", example.parent, "--task", "cath")
    training = ("cath", config, "--train", tmp_path, "--validation", tmp_path)
    for command in (shards, training):
        result = protvox("train", *command, "-o", taken)
        assert result.code == 2
        assert "cannot be made" in result.err


def test_no_usable_structure_is_bad_input(protvox, table, tmp_path):
    arguments = ("--structures", tmp_path, "--task", "cath", "-o", tmp_path / "out")
    result = protvox("train", "shards", table, *arguments)
    assert result.code == 3
    assert "there is no such file" in result.err
    assert ".." not in result.err.replace("...", "")
