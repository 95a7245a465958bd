from __future__ import annotations

import io
import json
import sqlite3
import time
from datetime import datetime

import httpx
import numpy as np
import pandas as pd
import pytest
from same_answers import assert_same_answer

from protvox.service.jobs.runner import FORMS


def create(client: httpx.Client, content: bytes, **fields) -> dict:
    answer = client.post("/jobs", files={"file": ("1ubi.pdb", content)}, data=fields)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    return job


def wait(client: httpx.Client, job: dict, states=("done", "failed"), seconds=60) -> dict:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = client.get(f"/jobs/{job['id']}").json()
        if job["state"] in states:
            return job
        time.sleep(0.1)
    raise TimeoutError(job)


def test_results_in_every_format(client, ubiquitin):
    job = wait(client, create(client, ubiquitin, task="environment"))
    assert (job["state"], job["name"], job["n_residues"]) == ("done", "1ubi.pdb", 76)
    address = f"/jobs/{job['id']}/results"
    answer = client.post("/predict/environment", files={"file": ("1ubi.pdb", ubiquitin)}).json()
    assert client.get(address).json() == answer
    table = pd.read_csv(io.BytesIO(client.get(address, params={"format": "csv"}).content))
    parquet = pd.read_parquet(io.BytesIO(client.get(address, params={"format": "parquet"}).content))
    assert len(table) == len(parquet) == 76
    expected = [residue["p_wild_type"] for residue in answer["residues"]]
    assert table.p_wild_type.tolist() == expected
    np.testing.assert_allclose(parquet.p_wild_type, expected, rtol=1e-5)
    times = [datetime.fromisoformat(job[name]) for name in ("created", "finished", "expires")]
    assert times == sorted(times)


def test_csv_equals_that_of_the_command_line(client, same_settings, ubiquitin, tmp_path):
    from protvox.cli.app import run

    path = tmp_path / "1ubi.pdb"
    path.write_bytes(ubiquitin)
    for task in ("all", "cath"):
        run(["classify", str(path), "--task", task, "-o", str(tmp_path / f"{task}.csv")])
        job = wait(client, create(client, ubiquitin, task=task))
        csv = client.get(f"/jobs/{job['id']}/results", params={"format": "csv"}).content
        assert_same_answer(csv, (tmp_path / f"{task}.csv").read_bytes())


def test_identical_jobs_share_their_work(client, server, ubiquitin):
    first = wait(client, create(client, ubiquitin, top_k="3"))
    second = create(client, ubiquitin, top_k="3")
    assert second["id"] != first["id"]
    assert second["state"] == "done"
    assert create(client, ubiquitin, top_k="2")["state"] in ("queued", "running")
    database = sqlite3.connect(server.folder / "spool" / "jobs.sqlite")
    (shared,) = database.execute(
        "SELECT count(DISTINCT key) FROM job WHERE id IN (?, ?)", (first["id"], second["id"])
    ).fetchone()
    assert shared == 1


def test_failures_are_reported(client, ubiquitin):
    job = wait(client, create(client, ubiquitin, task="mutations", mutations="A:P8W"))
    assert job["state"] == "failed"
    assert job["error"]["code"] == "mutations.none"
    answer = client.get(f"/jobs/{job['id']}/results")
    assert (answer.status_code, answer.json()["code"]) == (409, "job.failed")


def test_invalid_structures_create_no_job(client):
    answer = client.post("/jobs", files={"file": b"nothing"})
    assert (answer.status_code, answer.json()["code"]) == (422, "input.format")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_missing_jobs_are_reported(client, method):
    answer = client.request(method, "/jobs/unheard")
    assert (answer.status_code, answer.json()["code"]) == (404, "job.not_found")


def test_contradictory_options_are_refused(client, ubiquitin):
    for fields, code in (
        ({"task": "environment", "domains": "A:1-20"}, "usage.domain"),
        ({"task": "cath", "mutations": "A:L8W"}, "usage.mutations"),
        ({"task": "cath", "networks": "backbone"}, "usage.networks"),
        ({"task": "mutations", "networks": "none"}, "request.invalid"),
        ({"task": "cath", "sequence": ">a\nAC"}, "usage.check"),
        ({"task": "check", "plddt": "60"}, "usage.check"),
        ({"task": "check", "sequence": ">a\nA#C"}, "sequence.fasta"),
        ({"task": "unheard"}, "request.invalid"),
    ):
        answer = client.post("/jobs", files={"file": ubiquitin}, data=fields)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_deleting_a_job_deletes_its_files(client, server, ubiquitin):
    job = wait(client, create(client, ubiquitin, top_k="7"))
    files = server.folder / "spool" / "files"
    before = len(list(files.iterdir()))
    assert client.delete(f"/jobs/{job['id']}").status_code == 204
    assert client.get(f"/jobs/{job['id']}").status_code == 404
    # The structure and the results, each with its checksum.
    assert len(list(files.iterdir())) == before - 2 * (1 + len(FORMS))


def test_checks_equal_those_of_the_command_line(client, same_settings, ubiquitin, tmp_path):
    from protvox.cli.app import run

    path, fasta = tmp_path / "1ubi.pdb", tmp_path / "true.fasta"
    path.write_bytes(ubiquitin)
    fasta.write_text(
        ">ubiquitin\nMQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKE\n"
    )
    command = ["check", str(path), "--sequence", str(fasta)]
    expected = {name: tmp_path / f"x.{name}" for name in ("json", "csv", "cif")}
    run([*command, "-o", str(expected["json"]), "--annotate", str(expected["cif"])])
    run([*command, "-o", str(expected["csv"])])
    job = wait(client, create(client, ubiquitin, task="check", sequence=fasta.read_text()))
    for form, file in expected.items():
        answer = client.get(f"/jobs/{job['id']}/results", params={"format": form})
        assert answer.content == file.read_bytes(), form
    body = {"structure": ubiquitin.decode(), "sequence": fasta.read_text(), "name": path.name}
    answer = client.post("/check", json=body)
    assert answer.json() == json.loads(expected["json"].read_text())
    files = {"file": ("1ubi.pdb", ubiquitin), "sequence": ("true.fasta", fasta.read_bytes())}
    assert client.post("/check", files=files).content == answer.content
    refused = client.post("/check", json={**body, "plddt": 50})
    assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")


def test_annotated_structure_equals_command_line(client, same_settings, ubiquitin, tmp_path):
    from protvox.cli.app import run

    path = tmp_path / "1ubi.pdb"
    path.write_bytes(ubiquitin)
    run(
        [
            "classify",
            str(path),
            "-o",
            str(tmp_path / "x.csv"),
            "--annotate",
            str(tmp_path / "x.cif"),
        ]
    )
    job = wait(client, create(client, ubiquitin, task="all"))
    answer = client.get(f"/jobs/{job['id']}/results", params={"format": "cif"})
    assert answer.content == (tmp_path / "x.cif").read_bytes()
    job = wait(client, create(client, ubiquitin, task="cath"))
    answer = client.get(f"/jobs/{job['id']}/results", params={"format": "cif"})
    assert (answer.status_code, answer.json()["code"]) == (422, "job.format")
