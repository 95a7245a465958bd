"""The reader pool with fake processes."""

from __future__ import annotations

import asyncio
import sys

import pytest

from protvox.errors import ProtvoxError
from protvox.processes.child import ChildGone
from protvox.service.failures import ServiceError
from protvox.service.metrics import Metrics
from protvox.service.settings import load_service_settings
from protvox.service.workers import process, reader_pool
from protvox.service.workers.reader_pool import ReaderPool


class FakeChild:
    """Starts once, then never again."""

    starts = 0
    cpu_s = 0.0

    def __init__(self, *_):
        self.alive = False

    async def start(self, _seconds):
        type(self).starts += 1
        if self.starts > 1:
            raise ChildGone("no memory")
        self.alive = True

    async def stop(self):
        self.alive = False


def test_missing_readers_are_not_blamed_on_the_structure(monkeypatch):
    monkeypatch.setattr(reader_pool, "Child", FakeChild)

    async def main():
        pool = ReaderPool(load_service_settings(), Metrics(), size=1, seconds=1)
        await pool.start()
        for child in pool._all:
            child.alive = False
        with pytest.raises(ServiceError) as caught:
            await pool.read({}, "key:a", lambda _seconds: None)
        return caught.value

    error = asyncio.run(main())
    assert (error.code, error.status) == ("service.readers", 503)


class Dying(FakeChild):
    """Dies with each body."""

    killed = False

    async def start(self, _seconds):
        self.alive = True

    async def send(self, message):
        raise ChildGone("it died")

    async def was_killed(self):
        return self.killed


@pytest.mark.parametrize(
    ("killed", "code", "status"),
    [(True, "service.process_died", 503), (False, "input.unreadable", None)],
)
def test_killed_readers_are_not_blamed_on_the_structure(monkeypatch, killed, code, status):
    """Formerly 422, and "send a smaller structure", whoever had killed them."""
    monkeypatch.setattr(reader_pool, "Child", Dying)
    monkeypatch.setattr(Dying, "killed", killed)

    async def main():
        pool = ReaderPool(load_service_settings(), Metrics(), size=1, seconds=1)
        await pool.start()
        with pytest.raises(ProtvoxError) as caught:
            await pool.read({}, "key:a", lambda _seconds: None)
        return caught.value

    error = asyncio.run(main())
    assert (error.code, getattr(error, "status", None)) == (code, status)


@pytest.mark.parametrize(("number", "killed"), [(9, True), (11, False)])
def test_a_kill_differs_from_a_crash(monkeypatch, number, killed):
    program = f"import os, signal; os.kill(os.getpid(), {number})"
    monkeypatch.setattr(process, "child_command", lambda *_: [sys.executable, "-Sc", program])

    async def main():
        child = process.Child("any")
        child._process = await asyncio.create_subprocess_exec(*child._command)
        return await child.was_killed()

    assert asyncio.run(main()) is killed


class KilledWhileStarting(FakeChild):
    """Is killed during its second start."""

    starts = 0

    async def start(self, _seconds):
        type(self).starts += 1
        if self.starts == 2:
            raise ChildGone("killed")
        self.alive = True

    async def send(self, message):
        self.message = message

    async def receive(self):
        return {"text": self.message["text"], "worn_out": False}


def test_a_reader_killed_while_it_starts_is_started_again(monkeypatch):
    monkeypatch.setattr(reader_pool, "Child", KilledWhileStarting)

    async def main():
        pool = ReaderPool(load_service_settings(), Metrics(), size=1, seconds=1)
        await pool.start()
        for child in pool._all:
            child.alive = False
        return await pool.read({"text": "ATOM"}, "key:a", lambda _seconds: None)

    assert asyncio.run(main()) == {"text": "ATOM"}
    assert KilledWhileStarting.starts == 3
