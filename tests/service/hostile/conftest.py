from __future__ import annotations

import time
from pathlib import Path

import pytest

MAX_GROWTH = 350 << 20
WORK_S = 30


@pytest.fixture(autouse=True)
def unharmed(server, ubiquitin):
    """After each test the service works, has grown little, and has left no file behind."""
    files = written(server)
    before = server.memory()
    yield
    end = time.monotonic() + WORK_S
    while True:
        answer = server.client.post("/predict/cath", files={"file": ubiquitin})
        assert answer.status_code == 200
        if server.memory() - before < MAX_GROWTH or time.monotonic() > end:
            break
        time.sleep(1)  # abandoned work ends after some seconds of CPU time
    assert server.memory() - before < MAX_GROWTH
    # Work of other tests may have had temporary files before.
    while written(server) - files and time.monotonic() < end:
        time.sleep(0.1)  # a job that the test created may be at work
    assert written(server) - files == set()
    assert "Traceback" not in server.log()


def written(server) -> set[Path]:
    """All files except those of jobs."""
    spool = server.folder / "spool"
    return {p for p in server.folder.rglob("*") if spool not in p.parents}


@pytest.fixture
def refused():
    """Check that a response is a client error with one of some codes; a function."""

    def check(answer, *codes: str) -> dict:
        assert 400 <= answer.status_code < 500, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] in codes, problem
        assert "Traceback" not in answer.text
        return problem

    return check


@pytest.fixture
def post():
    """Upload a file; a function."""

    def upload(client, content: bytes, name: str = "x", address: str = "/predict/cath", **fields):
        return client.post(address, files={"file": (name, content)}, data=fields)

    return upload
