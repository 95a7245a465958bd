"""Reading has a budget of CPU time, on the command line, in batches and in the service."""

from __future__ import annotations

import gzip
import time

import pytest

from protvox.checkpoint import checkpoint
from protvox.errors import InputError
from protvox.processes.messages import Message
from protvox.service.workers.read_process import _reply
from protvox.structure.io.example import read_example
from protvox.structure.io.read import read_structure
from protvox.structure.limits import ReadLimits

BRIEF = ReadLimits(seconds=1e-6)


@pytest.mark.parametrize("name", ["1ubi.pdb", "1a8o.cif", "3jqh.bcif.gz"])
def test_each_format_ends_when_the_time_is_used_up(data_dir, name):
    with pytest.raises(InputError) as caught:
        read_structure(data_dir / name, limits=BRIEF)
    assert caught.value.code == "input.too_slow"
    assert "PROTVOX_READ_SECONDS" in str(caught.value)
    checkpoint()  # nothing is left behind


def test_decompression_ends_when_the_time_is_used_up():
    content = gzip.compress(bytes(range(256)) * 200_000, 1)
    begun = time.thread_time()
    with pytest.raises(InputError) as caught:
        read_structure(content, limits=ReadLimits(seconds=0.001))
    assert caught.value.code == "input.too_slow"
    assert time.thread_time() - begun < 1.0


def test_the_example_has_no_budget(monkeypatch):
    """Formerly a low limit ended every batch, with an error about a file that nobody gave."""
    monkeypatch.setenv("PROTVOX_READ_SECONDS", "0.000001")
    assert read_example().n_residues == 346


def test_the_environment_sets_the_limit(data_dir, monkeypatch):
    monkeypatch.delenv("HOME", raising=False)  # no other setting is needed
    monkeypatch.setenv("PROTVOX_READ_SECONDS", "0.000001")
    with pytest.raises(InputError) as caught:
        read_structure(data_dir / "1ubi.pdb")
    assert (caught.value.code, caught.value.exit_code) == ("input.too_slow", 3)


def test_the_service_has_the_same_limit(ubiquitin_upload: Message):
    assert _reply(ubiquitin_upload, BRIEF)["error"]["code"] == "input.too_slow"


@pytest.fixture
def ubiquitin_upload(data_dir) -> Message:
    body = b"\r\n".join(
        [
            b"--x",
            b'Content-Disposition: form-data; name="file"; filename="1ubi.pdb"',
            b"",
            (data_dir / "1ubi.pdb").read_bytes(),
            b"--x--",
            b"",
        ]
    )
    kind = "multipart/form-data; boundary=x"
    return {"body": body, "content_type": kind, "route": "cath", "request_id": ""}
