"""Owners take turns on a device, and none takes all of its slots."""

from __future__ import annotations

import asyncio
from collections import Counter

from protvox.service.metrics import Metrics
from protvox.service.workers.work import Work
from protvox.service.workers.work_queue import WorkQueue


def work(name: str, owner: str, cost: float = 1.0) -> Work:
    return Work(name.encode(), {}, (), 1e9, owner=owner, cost=cost)


def names(found: list[Work]) -> list[str]:
    return [one.structure.decode() for one in found]


def test_expensive_work_waits_for_cheap_work_of_others():
    async def main() -> list[str]:
        queue = WorkQueue(Metrics())
        for i in range(4):
            await queue.put(work(f"big{i}", "a", 5000))
        for i in range(4):
            await queue.put(work(f"small{i}", "b", 100))
        taken = [await queue.take(1, 1, Counter) for _ in range(8)]
        return [name for batch in taken for name in names(batch)]

    order = asyncio.run(main())
    assert order[:5] == ["big0", "small0", "small1", "small2", "small3"]


def test_an_owner_has_a_share_of_the_slots():
    async def main() -> None:
        queue = WorkQueue(Metrics())
        running: Counter[str] = Counter()
        for i in range(8):
            await queue.put(work(f"a{i}", "a"))
        first = await queue.take(8, 4, lambda: running)
        assert names(first) == ["a0", "a1", "a2", "a3"]
        running["a"] = 4
        # The device waits, and other work is taken at once.
        waiting = asyncio.create_task(queue.take(8, 4, lambda: running))
        await asyncio.sleep(0.01)
        await queue.put(work("b0", "b"))
        assert names(await waiting) == ["b0"]
        running["b"] = 1
        waiting = asyncio.create_task(queue.take(8, 4, lambda: running))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        running["a"] = 3
        await queue.notify()
        assert names(await waiting) == ["a4"]

    asyncio.run(main())


def test_nobody_saves_up_time():
    """An owner that returns after a while does not overtake the others for long."""

    async def main() -> list[str]:
        queue = WorkQueue(Metrics())
        for i in range(6):
            await queue.put(work(f"a{i}", "a"))
        order = []
        for i in range(9):
            if i == 3:
                for k in range(3):
                    await queue.put(work(f"b{k}", "b"))
            order += names(await queue.take(1, 1, Counter))
        return order

    order = asyncio.run(main())
    assert order[:3] == ["a0", "a1", "a2"]
    assert set(order[3:5]) == {"a3", "b0"}
    assert set(order[5:7]) == {"a4", "b1"}
