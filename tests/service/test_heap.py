"""What the model process does so that its memory does not grow."""

from __future__ import annotations

import io
import platform
import subprocess
import sys
import threading

import pytest

from protvox.service.workers import model_process

FRAGMENTED = """
import sys
from pathlib import Path
from protvox.service.workers.heap import release_free_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

blocks = [bytes(20_000) for _ in range(10_000)]
kept = blocks[::100]
del blocks
before = resident()
release_free_memory()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc gives memory back on demand")
def test_fragmented_free_memory_is_released():
    done = subprocess.run([sys.executable, "-c", FRAGMENTED], capture_output=True, text=True)
    assert float(done.stdout) > 100, done.stderr


def test_every_worker_is_warm_before_the_first_request(monkeypatch):
    seen = set()
    monkeypatch.setattr(model_process, "classify", lambda *_, **__: seen.add(threading.get_ident()))
    model_process.ModelProcess("cpu", 1, 3, io.BytesIO()).warm_up()
    assert len(seen) == 3


def test_memory_is_released_occasionally_and_only_when_idle(monkeypatch):
    calls = []
    monkeypatch.setattr(model_process, "release_free_memory", lambda: calls.append(1))
    process = model_process.ModelProcess("cpu", 1, 1, io.BytesIO())
    process._release_if_idle()
    assert not calls
    monkeypatch.setattr(model_process, "RELEASE_S", -1.0)
    process._running = 1
    process._release_if_idle()
    assert not calls
    process._running = 0
    process._release_if_idle()
    assert calls == [1]
