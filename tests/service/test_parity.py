"""Every address answers as the command line does, over at least twenty structures."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest
from same_answers import assert_same_answer

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CASES = json.loads((CORPUS / "manifest.json").read_text())
DATA = CORPUS.parent / "data"
REAL = ("1a8o.cif", "1ubi.pdb", "3jqh.bcif.gz", "1ejg.pdb.gz", "1vii_3frames.pdb.gz")
ACCEPTED = sorted(n for n in CASES if "code" not in CASES[n] and "model" not in CASES[n])
PARTS = 7
LEAST = 20

QUESTIONS = {
    # what: command, its options, address, fields
    "cath": ("classify", ("--task", "cath", "--traces"), "/predict/cath", {"traces": "true"}),
    "environment": ("classify", ("--task", "environment"), "/predict/environment", {}),
    "mutations": ("mutations", (), "/predict/mutations", {}),
    "embed": ("embed", ("-o", "-"), "/embed", {}),
    "embed residues": ("embed", ("-o", "-", "--per", "residue"), "/embed", {"per": "residue"}),
    "search": ("search", ("--top", "7", "--traces"), "/search", {"top": "7", "traces": "true"}),
    "suggest": ("suggest", ("--top", "7"), "/suggest", {"top": "7"}),
    "check": ("check", (), "/check", {}),
}
JOBS = ("all", "mutations", "check")
NOTHING = ("input.nothing_to_predict", "domain.", "mutations.", "input.no_")


def files(question: int) -> list[Path]:
    """Return the real structures and a part of the others, which are all read by some question."""
    part = ACCEPTED[question % PARTS :: PARTS]
    return [*(DATA / name for name in REAL), *(CORPUS / "files" / name for name in part)]


def test_there_are_enough_structures():
    assert min(len(files(part)) for part in range(PARTS)) >= LEAST + 5
    assert len(QUESTIONS) >= PARTS


@pytest.mark.parametrize(
    "what", ["cath", *(pytest.param(w, marks=pytest.mark.slow) for w in QUESTIONS if w != "cath")]
)
def test_responses_equal_the_output_of_the_command_line(client, cli, what):
    command, options, address, fields = QUESTIONS[what]
    same = 0
    for path in files(list(QUESTIONS).index(what)):
        lines = cli(command, path, *options, "--format", "jsonl")
        upload = {"file": (path.name, path.read_bytes())}
        answer = client.post(address, files=upload, data=fields)
        if lines:
            assert answer.status_code == 200, path.name
            assert_same_answer(answer.content, b"".join(lines))
            same += 1
        else:  # the command line has nothing to say about it either
            assert 400 <= answer.status_code < 500
            assert answer.json()["code"].startswith(NOTHING), answer.text
    assert same >= LEAST


@pytest.mark.slow
@pytest.mark.parametrize("task", JOBS)
def test_job_results_equal_the_output_of_the_command_line(client, cli, task):
    command = ("classify",) if task == "all" else (task,)
    expected, jobs = {}, {}
    for path in files(JOBS.index(task)):
        expected[path.name] = b"".join(cli(*command, path, "--format", "json"))
        upload = {"file": (path.name, path.read_bytes())}
        jobs[path.name] = client.post("/jobs", files=upload, data={"task": task}).json()
    same = 0
    for name, job in jobs.items():
        job = over(client, job["id"])
        if expected[name]:
            found = client.get(f"/jobs/{job['id']}/results").content
            assert_same_answer(found, expected[name])
            same += 1
        else:
            assert job["state"] == "failed"
            assert job["error"]["code"].startswith(NOTHING)
    assert same >= LEAST


def over(client: httpx.Client, job_id: str, seconds: float = 120) -> dict:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = client.get(f"/jobs/{job_id}").json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.1)
    raise TimeoutError(job)
