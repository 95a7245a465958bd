"""A bug in a child process: its trace is in the log under the id the client got."""

from __future__ import annotations

import io
import json
import logging
import time

import pytest

from protvox.processes.messages import read_message
from protvox.service.logs import JsonFormatter, log
from protvox.service.workers import model_process, read_process
from protvox.structure.limits import ReadLimits


@pytest.fixture
def lines():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)


def test_trace_of_the_model_process(lines):
    outward = io.BytesIO()
    process = model_process.ModelProcess("cpu", 1, 1, outward)
    request = {
        "number": 7,
        "structure": b"\x80",
        "options": {},
        "forms": ["jsonl"],
        "seconds": 60.0,
        "request_id": "0123456789abcdef",
    }
    process._compute(request, time.monotonic())
    outward.seek(0)
    assert read_message(outward)["error"] == {"kind": "bug"}
    (line,) = lines()
    assert line["request_id"] == "0123456789abcdef"
    assert "Traceback" in line["trace"]


def test_trace_of_the_reading_process(lines, monkeypatch):
    monkeypatch.setattr(read_process, "parse_upload", lambda *_: 1 / 0)
    message = {"body": b"", "content_type": "", "route": "cath", "request_id": "fedcba9876543210"}
    assert read_process._reply(message, ReadLimits()) == {"error": {"kind": "bug"}}
    (line,) = lines()
    assert line["request_id"] == "fedcba9876543210"
    assert "ZeroDivisionError" in line["trace"]
