"""Bodies of requests: how many are held, and for how long."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from protvox.service.failures import ServiceError
from protvox.service.http import bodies as bodies_module
from protvox.service.http.bodies import Bodies
from protvox.service.settings import load_service_settings

MIB = 1 << 20


def arriving(body: bytes) -> Request:
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_memory_of_a_body_is_released_after_reading():
    """The caller keeps the object while it waits, but not its memory."""
    bodies = Bodies(load_service_settings(bodies_mib=1))

    async def take_many():
        kept = []
        spent: list[float] = []
        for _ in range(3):  # more than may be held at a time
            async with bodies.receive(arriving(bytes(MIB)), "key:a", spent.append) as body:
                assert len(body) == MIB
                kept.append(body)
        return kept

    assert [len(body) for body in asyncio.run(take_many())] == [0, 0, 0]


def stalling(sizes: list[int], pause_s: float = 60.0) -> Request:
    """A body that arrives in pieces and then stalls."""
    pieces = [bytes(size) for size in sizes]

    async def receive():
        if not pieces:
            await asyncio.sleep(pause_s)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": True}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def hold(bodies: Bodies, request: Request, owner: str) -> str:
    """Return how an upload ends."""
    try:
        async with bodies.receive(request, owner, lambda _seconds: None):
            return "received"
    except ServiceError as error:
        return error.code


def test_a_body_larger_than_the_memory_for_all_is_too_large():
    """Formerly it was refused with 503, so that its client tried again forever."""
    bodies = Bodies(load_service_settings(bodies_mib=1))
    too_large = arriving(bytes(MIB + 1))
    assert asyncio.run(hold(bodies, too_large, "address:a")) == "request.too_large"


def test_stalled_bodies_are_given_up(monkeypatch):
    monkeypatch.setattr(bodies_module, "_PAUSE_S", 0.1)
    bodies = Bodies(load_service_settings(bodies_mib=1))
    assert asyncio.run(hold(bodies, stalling([MIB // 2]), "address:a")) == "request.slow"
    assert bodies._bytes == 0


def test_an_owner_has_a_share_of_the_memory():
    """Five stalled uploads of one client filled the memory of all for a minute."""
    bodies = Bodies(load_service_settings(bodies_mib=4, body_mib=1))

    async def main():
        stalled = [
            asyncio.create_task(hold(bodies, stalling([MIB]), "address:a")) for _ in range(5)
        ]
        await asyncio.sleep(0.01)
        assert bodies._bytes == 2 * MIB
        assert await hold(bodies, arriving(bytes(MIB)), "address:b") == "received"
        done = [task.result() for task in stalled if task.done()]
        assert done == ["request.uploads"] * 3
        for task in stalled:
            task.cancel()

    asyncio.run(main())


def test_the_owner_with_the_most_gives_up_a_body():
    bodies = Bodies(load_service_settings(bodies_mib=4, body_mib=1))

    async def main():
        stalled = [
            asyncio.create_task(hold(bodies, stalling([MIB - i]), f"address:{i}")) for i in range(4)
        ]
        await asyncio.sleep(0.01)
        assert await hold(bodies, arriving(bytes(MIB // 2)), "address:b") == "received"
        await asyncio.sleep(0.05)
        assert [task.done() for task in stalled] == [True, False, False, False]
        assert stalled[0].result() == "service.uploads"
        for task in stalled:
            task.cancel()
        await asyncio.gather(*stalled, return_exceptions=True)
        assert bodies._bytes == 0
        assert not bodies._own_bytes

    asyncio.run(main())
