"""The reader pool with fake processes."""

from __future__ import annotations

import asyncio

import pytest

from protvox.processes.child import ChildGone
from protvox.service.failures import ServiceError
from protvox.service.metrics import Metrics
from protvox.service.settings import load_service_settings
from protvox.service.workers import reader_pool
from protvox.service.workers.reader_pool import ReaderPool


class FakeChild:
    """Starts once, then never again."""

    starts = 0

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
            await pool.read({}, "key:a")
        return caught.value

    error = asyncio.run(main())
    assert (error.code, error.status) == ("service.readers", 503)


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
        return await pool.read({"text": "ATOM"}, "key:a")

    assert asyncio.run(main()) == {"text": "ATOM"}
    assert KilledWhileStarting.starts == 3
