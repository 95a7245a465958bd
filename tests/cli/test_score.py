"""The command ``protvox score``; what a run does is tested in tests/batch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from protvox.batch.progress import Progress
from protvox.cli.counter import describe

BATCH_TESTS = Path(__file__).parents[1] / "batch"


@pytest.fixture
def fake(monkeypatch):
    """A model process without networks."""
    monkeypatch.setenv("PYTHONPATH", str(BATCH_TESTS))
    monkeypatch.setattr("protvox.batch.workers.pool.MODEL", "fake_model")
    monkeypatch.setenv("PROTVOX_THREADS", "1")


@pytest.fixture
def folder(tmp_path, data_dir):
    made = tmp_path / "in"
    made.mkdir()
    shutil.copy(data_dir / "1ubi.pdb", made)
    shutil.copy(data_dir / "1a8o.cif", made)
    return made


def test_tables_and_exit_codes(fake, protvox, folder, tmp_path):
    out = tmp_path / "out"
    result = protvox("score", folder, "-o", out, "--format", "csv")
    assert result.code == 0
    assert result.out == b""
    assert f"{out}: 2 scored, 2 in total" in result.err
    assert len(pd.read_parquet(out / "domains")) == 2
    assert len(pd.read_csv(out / "residues.csv")) == len(pd.read_parquet(out / "residues"))
    assert pd.read_csv(out / "failures.csv").columns[0] == "id"

    (folder / "bad.pdb").write_text("nothing")
    result = protvox("score", folder, "-o", out, "--format", "jsonl")
    assert result.code == 4
    assert "0 scored, 2 kept from an earlier run, 1 failed, 3 in total" in result.err
    assert "bad.pdb" in result.err
    lines = (out / "domains.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1a8o.cif", "1ubi.pdb"]

    assert protvox("score", folder / "bad.pdb", "-o", tmp_path / "bad").code == 3
    result = protvox("score", folder, "-o", out, "--task", "cath")
    assert result.code == 2
    assert "different options" in result.err
    assert protvox("score", folder, "-o", out, "--no-resume").code == 2
    assert protvox("score", folder / "1ubi.pdb", "-o", out, "--task", "cath", "--force").code == 0
    assert pd.read_parquet(out / "inputs")["id"].tolist() == [str(folder / "1ubi.pdb")]


def test_a_damaged_manifest_ends_with_exit_code_2_and_can_be_started_over(
    fake, protvox, folder, tmp_path
):
    out = tmp_path / "out"
    assert protvox("score", folder, "-o", out).code == 0
    (out / "manifest.json").write_bytes((out / "manifest.json").read_bytes()[:40])
    for command in (("score", folder, "-o", out), ("report", out)):
        result = protvox(*command)
        assert result.code == 2
        assert "manifest.json of the results cannot be read" in result.err
        assert "Copy manifest.json from another run" in result.err
    assert protvox("score", folder, "-o", out, "--force").code == 0
    assert len(pd.read_parquet(out / "domains")) == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("score", "-o", "out"), "no INPUT was given"),
        (("score", "."), "Missing option"),
        (("score", ".", "-o", "out", "--timeout", "0"), "timeout"),
        (("score", ".", "-o", "out", "--workers", "0"), "workers"),
        (("score", "@no-such-list", "-o", "out"), "cannot be read"),
        (("score", "empty", "-o", "out"), "nothing to score"),
        (("score", ".", "-o", "out", "--ray-address", "auto"), "Add --engine ray"),
        (("score", "https://a.b/c.pdb", "-o", "out"), "not supported"),
        (("score", ".", "-o", "out", "--mutations", "A:1W"), "with one of mutations"),
        (("score", ".", "-o", "out", "--task", "cath", "--sequence", "x"), "with one of check"),
        (("score", ".", "-o", "out", "--task", "check", "--plddt", "70"), "does not have this"),
        (("score", ".", "-o", "out", "--task", "sheet"), "not one of all, mutations, check, cath"),
        (("score", "m.csv", "-o", "out", "--task", "mutations"), "whole chains, not domains"),
    ],
)
def test_invalid_arguments_exit_with_code_2(protvox, tmp_path, monkeypatch, arguments, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "m.csv").write_text("path,chopping\n1ubi.pdb,1-40\n")
    result = protvox(*arguments)
    assert result.code == 2
    assert expected in result.err
    assert not (tmp_path / "out").exists()


def test_a_list_of_mutations_is_read_before_any_work(protvox, folder, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("F45Z\n")
    options = ("--task", "mutations", "--mutations", listed)
    result = protvox("score", folder, "-o", tmp_path / "out", *options)
    assert result.code == 3
    assert "none of 1 mutation can be scored" in result.err
    assert not (tmp_path / "out").exists()


def test_missing_ray_is_reported(protvox, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("protvox.batch.ray.cluster.find_spec", lambda name: None)
    result = protvox("score", folder, "-o", tmp_path / "out", "--engine", "ray")
    assert result.code == 2
    assert "pip install 'protvox[ray]'" in result.err
    assert not (tmp_path / "out").exists()


def test_the_address_of_a_ray_client_is_rejected(protvox, folder, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    address = ("--engine", "ray", "--ray-address", "ray://head:10001")
    result = protvox("score", folder, "-o", tmp_path / "out", *address)
    assert result.code == 2
    assert "HOST:PORT or auto" in result.err


def test_an_output_url_of_an_unknown_protocol_is_rejected(protvox, folder):
    result = protvox("score", folder, "-o", "http://a.b/out")
    assert result.code == 2
    assert "not supported" in result.err


def test_progress_line():
    assert describe(Progress(10), 1.0) == "0/10, starting"
    assert describe(Progress(10, kept=10), 1.0) == "10/10"
    going = Progress(10, done=4, failed=1, kept=1, residues=500)
    assert describe(going, 10.0) == "6/10, 1 failed, 0.5/s, 50 residues/s, 0:08 left"
