"""Owners take turns on a device, and none takes all of its slots."""

from __future__ import annotations

import asyncio
import gc
import weakref

from protvox.service.metrics import Metrics
from protvox.service.workers.work import Work
from protvox.service.workers.work_queue import WorkQueue


def work(name: str, owner: str, cost: float = 1.0) -> Work:
    return Work(name.encode(), {}, (), 1e9, owner=owner, cost=cost)


def nothing() -> list[Work]:
    return []


def names(found: list[Work]) -> list[str]:
    return [one.structure.decode() for one in found]


def test_expensive_work_waits_for_cheap_work_of_others():
    async def main() -> list[str]:
        queue = WorkQueue(Metrics())
        for i in range(4):
            await queue.put(work(f"big{i}", "a", 5000))
        for i in range(4):
            await queue.put(work(f"small{i}", "b", 100))
        taken = [await queue.take(1, 1, nothing) for _ in range(8)]
        return [name for batch in taken for name in names(batch)]

    order = asyncio.run(main())
    assert order[:5] == ["big0", "small0", "small1", "small2", "small3"]


def test_an_owner_has_a_share_of_the_slots():
    async def main() -> None:
        queue = WorkQueue(Metrics())
        for i in range(8):
            await queue.put(work(f"a{i}", "a"))
        running = await queue.take(8, 4, nothing)
        assert names(running) == ["a0", "a1", "a2", "a3"]
        # The device waits, and other work is taken at once.
        waiting = asyncio.create_task(queue.take(8, 4, lambda: running))
        await asyncio.sleep(0.01)
        await queue.put(work("b0", "b"))
        found = await waiting
        assert names(found) == ["b0"]
        running += found
        waiting = asyncio.create_task(queue.take(8, 4, lambda: running))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        del running[0]
        await queue.notify()
        assert names(await waiting) == ["a4"]

    asyncio.run(main())


def test_work_that_nobody_waits_for_keeps_no_memory():
    """Formerly the structures of clients that left stayed while a model process started: 1 GiB."""

    async def main() -> tuple[int, list[str]]:
        queue = WorkQueue(metrics := Metrics())
        left = [work(f"a{i}", "a") for i in range(100)]
        gone = weakref.WeakSet(left)
        for one in left:
            await queue.put(one)
        await queue.put(work("b", "b"))
        for one in left:
            one.result.cancel()
        del left, one
        await asyncio.sleep(0)
        gc.collect()
        assert metrics.waiting._value.get() == 1
        return len(gone), names(await queue.take(200, 200, nothing))

    assert asyncio.run(main()) == (0, ["b"])


def test_small_work_of_a_dead_process_is_tried_alone_and_large_beside_other_work():
    """Formerly a job of hours that was tried again stopped every request."""

    async def main() -> list[list[str]]:
        queue = WorkQueue(Metrics())
        running: list[Work] = []
        order: list[list[str]] = []
        jobs = [work(f"job{i}", "") for i in range(2)]
        for job in jobs:
            job.urgent = False
        for one in (*jobs, work("large", "a", 5000), work("small", "a", 100)):
            queue.retry(one)
        await queue.put(work("new", "b"))
        while True:
            try:
                found = await asyncio.wait_for(queue.take(8, 4, running.copy), 0.05)
            except TimeoutError:
                if not running:
                    return order
                running.pop(0)
                await queue.notify()
                continue
            order.append(names(found))
            running += found

    assert asyncio.run(main()) == [["small"], ["job0", "new"], ["job1"], ["large"]]


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
            order += names(await queue.take(1, 1, nothing))
        return order

    order = asyncio.run(main())
    assert order[:3] == ["a0", "a1", "a2"]
    assert set(order[3:5]) == {"a3", "b0"}
    assert set(order[5:7]) == {"a4", "b1"}
