"""No owner takes all places."""

from __future__ import annotations

import asyncio

import pytest

from protvox.service.shares import Turnstile


def test_one_owner_leaves_places_to_others_and_turns_are_fair():
    order: list[str] = []

    async def use(gate: Turnstile, owner: str, seconds: float) -> None:
        async with gate.enter(owner):
            order.append(owner)
            await asyncio.sleep(seconds)

    async def main() -> None:
        gate = Turnstile(2, 0.5)
        greedy = [asyncio.create_task(use(gate, "greedy", 0.05)) for _ in range(4)]
        await asyncio.sleep(0.01)
        assert order == ["greedy"]  # its second place stays free
        await asyncio.wait_for(use(gate, "other", 0), 0.03)
        await asyncio.gather(*greedy)

    asyncio.run(main())
    assert order == ["greedy", "other", "greedy", "greedy", "greedy"]


def test_those_who_leave_free_their_places():
    async def main() -> None:
        gate = Turnstile(1, 1.0)
        async with gate.enter("a"):
            waiting = [asyncio.create_task(gate.enter(o).__aenter__()) for o in "bcd"]
            await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(ZeroDivisionError):
            async with gate.enter("a"):
                raise ZeroDivisionError
        async with asyncio.timeout(1), gate.enter("e"):
            pass
        assert gate._free == 1

    asyncio.run(main())
