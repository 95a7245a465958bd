"""A task of another package, from the training to the service, without a change to protvox."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import httpx
import pandas as pd
import pytest

from protvox.cli.app import run
from protvox.report.run_page.render import render_page
from protvox.report.run_page.summary import summarize

ROOT = Path(__file__).parents[2]
TABLE = (
    "file,helical\n1a8o.pdb,yes\n1lcd.pdb.gz,yes\n1vii_3frames.pdb.gz,yes\n"
    "1ubi.pdb,no\n1gbt.cif.gz,no\n"
)
CONFIG = """
[architecture]
hidden = 4

[loop]
steps = 200
batch_size = 5
learning_rate = 0.05
warmup = 0
evaluate_every = 200
"""


def protvox(*arguments):
    """Run the command line in this process."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
        out.flush()
    return SimpleNamespace(code=code, text=out.buffer.getvalue().decode(), err=err.getvalue())


def succeed(*arguments):
    """Run the command line in this process and return what it writes to stdout."""
    result = protvox(*arguments)
    assert result.code == 0, result.err
    return result.text


@pytest.fixture(scope="module")
def model(installed_helical, data_dir, tmp_path_factory):
    """The folder of a trained and released model."""
    folder = tmp_path_factory.mktemp("helical")
    (folder / "labels.csv").write_text(TABLE)
    (folder / "config.toml").write_text(CONFIG)
    shards, config = folder / "shards", folder / "config.toml"
    table = (folder / "labels.csv", "--structures", data_dir)
    succeed("train", "shards", *table, "--task", "helical", "-o", shards)
    options = ("--train", shards, "--validation", shards, "--device", "cpu")
    metrics = json.loads(succeed("train", "helical", config, *options, "-o", folder / "run"))
    assert metrics["step"] == 200
    assert metrics["top1"] == 1
    released = folder / "models" / "helical"
    kind = ("--task", "helical", "--config", config)
    succeed("train", "release", folder / "run", *kind, *options, "-o", released)
    return released


@pytest.fixture(scope="module")
def environment(model, helical_path, tmp_path_factory):
    """Environment of processes in which the package and the model are installed."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("PROTVOX_")},
        "PYTHONPATH": os.pathsep.join((str(ROOT), *helical_path)),
        "PROTVOX_MODEL_DIR": str(model.parent),
        "PROTVOX_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "PROTVOX_OFFLINE": "1",
    }


def test_card_has_the_measures(model):
    card = json.loads((model / "card.json").read_text())
    assert (card["name"], card["version"], card["task"]) == ("helical", "1", "helical")
    assert card["metrics"]["validation"]["top1"] == 1
    assert card["training"]["n_labelled"] == 5
    assert "helical@1" in (model / "MODEL_CARD.md").read_text()


def test_model_is_listed_and_verified(model, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(model.parent))
    lines = succeed("models", "list").splitlines()
    assert "helical@1\thelical\tmostly helical chains" in lines
    assert succeed("models", "verify", "helical") == "helical\tok\n"


def test_command_line_predicts(model, data_dir):
    options = ("classify", data_dir / "1a8o.pdb", "--task", "helical", "--model", model)
    text = succeed(*options)
    assert "mostly helical chains  helical@1\nchain  helical  probability\nA      yes" in text
    document = json.loads(succeed(*options, "--format", "json"))
    assert document["models"] == {"helical": "helical@1"}
    assert document["domains"] == document["residues"] == []
    (row,) = document["others"]["helical"]
    assert row["chain"] == "A"
    assert row["helical"] is True
    assert row["probability"] > 0.5
    (line,) = csv.DictReader(io.StringIO(succeed(*options, "--format", "csv")))
    assert line.keys() == {"id", "chain", "helical", "probability"}
    assert float(line["probability"]) == pytest.approx(row["probability"], abs=1e-5)


def test_model_of_another_task_is_refused(model, data_dir):
    failed = protvox("classify", data_dir / "1ubi.pdb", "--task", "cath", "--model", model)
    assert failed.code == 5
    assert "the model is not for the task cath" in failed.err


def test_help_and_errors_name_the_task(installed_helical, data_dir):
    assert "Train a network for mostly helical chains." in succeed("train", "--help")
    failed = protvox("classify", data_dir / "1ubi.pdb", "--task", "sheet")
    assert failed.code == 2
    assert "'sheet' is not one of all, cath, environment, helical." in failed.err
    failed = protvox("classify", data_dir / "1ubi.pdb", "--task", "helical")
    assert failed.code == 5
    assert "there is no such model" in failed.err


def test_command_in_a_process_of_its_own_finds_the_package(environment, data_dir):
    options = ("--task", "helical", "--format", "jsonl")
    command = (sys.executable, "-m", "protvox", "classify", data_dir / "1ubi.pdb", *options)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["others"]["helical"]
    assert row["helical"] is False


@pytest.mark.slow
def test_many_structures_are_scored(environment, model, data_dir, tmp_path):
    for name in ("1a8o.cif", "1ubi.pdb"):
        shutil.copy(data_dir / name, tmp_path)
    (tmp_path / "broken.pdb").write_text("ATOM")
    out = tmp_path / "out"
    command = (sys.executable, "-m", "protvox", "score", tmp_path, "-o", out, "--task", "helical")
    for expected in ("2 scored, 1 failed", "0 scored, 2 kept from an earlier run, 1 failed"):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 4, done.stderr
        assert expected in done.stderr
    found = pd.read_parquet(out / "helical")
    assert list(found.columns) == ["id", "path", "chain", "helical", "probability"]
    assert found.set_index("id")["helical"].to_dict() == {"1a8o.cif": True, "1ubi.pdb": False}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["tables"] == ["inputs", "helical", "failures"]
    assert "rows in the table helical" in render_page(summarize(out))


@pytest.mark.slow
def test_service_predicts(environment, data_dir, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "PROTVOX_SERVICE_SPOOL_DIR": str(tmp_path / "spool"),
        "PROTVOX_SERVICE_PORT": str(port),
        "PROTVOX_SERVICE_THREADS": "1",
    }
    command = [sys.executable, "-m", "protvox", "serve"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment | settings, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            wait_until_ready(server, client)
            assert "/predict/helical" in client.get("/openapi.json").json()["paths"]
            with (data_dir / "1a8o.pdb").open("rb") as file:
                response = client.post("/predict/helical", files={"file": file})
            assert response.status_code == 200, response.text
            (row,) = response.json()["others"]["helical"]
            assert row["helical"] is True
            with (data_dir / "1a8o.pdb").open("rb") as file:
                body = {"files": {"file": file}, "data": {"task": "helical"}}
                job = client.post("/jobs", **body).json()["id"]
            assert wait_for_results(client, job).json()["others"]["helical"] == [row]
            table = client.get(f"/jobs/{job}/results", params={"format": "csv"})
            assert table.text.splitlines()[0] == "id,chain,helical,probability"
    finally:
        server.terminate()
        server.wait(60)


def wait_for_results(client, job):
    """The results of a job, once it is done."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        response = client.get(f"/jobs/{job}/results")
        if response.status_code != 409 or response.json()["code"] != "job.not_done":
            return response
        time.sleep(0.2)
    raise TimeoutError


def wait_until_ready(server, client) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            assert server.poll() is None
        time.sleep(0.2)
    raise TimeoutError
