"""Bodies of requests: how many are held, and for how long."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

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
        for _ in range(3):  # more than may be held at a time
            async with bodies.receive(arriving(bytes(MIB))) as body:
                assert len(body) == MIB
                kept.append(body)
        return kept

    assert [len(body) for body in asyncio.run(take_many())] == [0, 0, 0]
