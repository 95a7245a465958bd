"""What processes of the service do so that their memory does not grow."""

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


LARGE = """
import sys
from pathlib import Path
from protvox.service.workers.heap import limit_heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

if sys.argv[1] == "returned":
    limit_heap()
kept, before = [], resident()
for size in (8, 16, 8, 4):
    blocks = [(bytes(1) * (size << 20), bytes(2_000)) for _ in range(16)]
    kept += [small for _, small in blocks]
    del blocks
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc gives memory back on demand")
def test_fragmented_free_memory_is_released():
    done = subprocess.run([sys.executable, "-c", FRAGMENTED], capture_output=True, text=True)
    assert float(done.stdout) > 100, done.stderr


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc gives memory back on demand")
def test_large_blocks_are_returned():
    kept, returned = (
        float(subprocess.check_output([sys.executable, "-c", LARGE, how], text=True))
        for how in ("kept", "returned")
    )
    assert returned < 10 < kept


def test_every_worker_is_warm_before_the_first_request(monkeypatch):
    seen = set()
    monkeypatch.setattr(model_process, "classify", lambda *_, **__: seen.add(threading.get_ident()))
    model_process.ModelProcess("cpu", 1, 3, io.BytesIO()).warm_up()
    assert len(seen) == 3


def test_memory_is_released_occasionally_and_sooner_when_idle(monkeypatch):
    calls = []
    monkeypatch.setattr(model_process, "release_free_memory", lambda: calls.append(1))
    process = model_process.ModelProcess("cpu", 1, 1, io.BytesIO())
    process._release_if_due()
    assert not calls
    monkeypatch.setattr(model_process, "RELEASE_S", -1.0)
    process._running = 1
    process._release_if_due()
    assert not calls
    process._running = 0
    process._release_if_due()
    assert calls == [1]
    monkeypatch.setattr(model_process, "BUSY_RELEASE_S", -1.0)
    process._running = 1
    process._release_if_due()
    assert calls == [1, 1]
