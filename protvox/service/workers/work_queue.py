"""The queue of predictions, shared by all devices."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from protvox.service.failures import refuse
from protvox.service.metrics import Metrics
from protvox.service.workers.work import Work

_ATTEMPTS: Final = 2
_ALONE_COST: Final = 1000.0
"""Largest cost of work that the rest waits for when it is tried again alone: a few seconds."""


class _Turns:
    """Waiting work of several owners, whose shares of the computing time are equal.

    Start-time fair queueing: each owner has a clock, which advances by the cost of its work. The
    owner whose clock is behind comes next. The clock of an owner that returns starts at the time of
    the others, so that nobody saves up time.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Work]] = {}
        self._clock: dict[str, float] = {}
        self._now = 0.0

    def __iter__(self) -> Iterator[Work]:
        return (work for queue in self._waiting.values() for work in queue)

    def add(self, work: Work) -> None:
        self._waiting.setdefault(work.owner, deque()).append(work)
        self._clock[work.owner] = max(self._clock.get(work.owner, 0.0), self._now)

    def discard(self, work: Work) -> bool:
        """Remove work; return whether it was waiting."""
        queue = self._waiting.get(work.owner, ())
        if work not in queue:
            return False
        self._waiting[work.owner].remove(work)
        if not self._waiting[work.owner]:
            del self._waiting[work.owner]
        return True

    def next(self, full: Mapping[str, int]) -> Work | None:
        """Return the next work of an owner with a free slot, None if there is none."""
        able = [owner for owner in self._waiting if full.get(owner, 1) > 0]
        if not able:
            return None
        owner = min(able, key=lambda name: self._clock[name])
        work = self._waiting[owner].popleft()
        # An owner that had its share of the slots may be behind.
        self._now = max(self._now, self._clock[owner])
        self._clock[owner] += work.cost
        if not self._waiting[owner]:
            del self._waiting[owner]
        # Whoever is not ahead and does not wait is forgotten.
        behind = [name for name, time in self._clock.items() if time <= self._now]
        for name in behind:
            if name not in self._waiting:
                del self._clock[name]
        return work


class WorkQueue:
    """Work that waits for a device.

    Owners take turns, and an owner has a share of the slots of a device.

    Work whose client is waiting comes first. Work is removed, with the memory of its structure, as
    soon as nobody waits for its result.

    Work of a process that died is tried once more, so that a request that kills processes affects
    no other request: alone if that takes little time, otherwise one at a time beside other work,
    because a job may take hours.

    Parameters
    ----------
    metrics
        Metrics to update.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._urgent = _Turns()
        self._background = _Turns()
        self._suspects: deque[Work] = deque()
        self._large_suspects: deque[Work] = deque()
        self._changed = asyncio.Condition()

    async def put(self, work: Work) -> None:
        """Add work.

        Parameters
        ----------
        work
            The work.
        """
        (self._urgent if work.urgent else self._background).add(work)
        self._metrics.waiting.inc()
        work.result.add_done_callback(lambda _: self._discard(work))
        await self.notify()

    async def notify(self) -> None:
        """Notify the devices of new work."""
        async with self._changed:
            self._changed.notify_all()

    async def take(
        self, slots: int, most: int, running: Callable[[], Collection[Work]]
    ) -> list[Work]:
        """Return the next work for a device, waiting for it and for a free slot if needed.

        Parameters
        ----------
        slots
            Number of slots of the device.
        most
            Number of slots that one owner may use.
        running
            Returns the work in these slots. Whenever it changes, `notify` is called.
        """
        async with self._changed:
            while True:
                if found := self._next(slots, most, running()):
                    return found
                await self._changed.wait()

    def retry(self, work: Work) -> None:
        """Queue the work of a process that died, or refuse it after too many attempts.

        Parameters
        ----------
        work
            The work.
        """
        work.attempts += 1
        if work.attempts >= _ATTEMPTS:
            work.fail(refuse("service.process_died", status=503, retry_after=10))
        else:
            (self._suspects if _is_tried_alone(work) else self._large_suspects).append(work)
            self._metrics.waiting.inc()

    def refuse_all(self) -> None:
        """Refuse all waiting work, because the service is stopping."""
        for work in (*self._all(), *self._suspects, *self._large_suspects):
            work.fail(refuse("service.stopping", status=503, retry_after=5))

    def _all(self) -> Iterator[Work]:
        yield from self._urgent
        yield from self._background

    def _next(self, slots: int, most: int, running: Collection[Work]) -> list[Work]:
        if self._suspects and not running:
            self._metrics.waiting.dec()
            return [self._suspects.popleft()]
        if self._suspects or any(map(_is_tried_alone, running)):
            return []
        return self._choose(slots, most, running)

    def _choose(self, slots: int, most: int, running: Collection[Work]) -> list[Work]:
        # Work without an owner is limited by whoever submits it.
        used = Counter(work.owner for work in running)
        free = Counter({w.owner: most - used[w.owner] for w in self._all() if w.owner})
        found: list[Work] = []
        slots -= len(running)
        if slots > 0 and self._large_suspects and not any(work.attempts for work in running):
            self._metrics.waiting.dec()
            found.append(self._large_suspects.popleft())
        for queue in (self._urgent, self._background):
            while len(found) < slots and (work := queue.next(free)):
                self._metrics.waiting.dec()
                if not work.result.done():
                    found.append(work)
                    if work.owner:
                        free[work.owner] -= 1
        return found

    def _discard(self, work: Work) -> None:
        for queue in (self._suspects, self._large_suspects):
            if work in queue:
                queue.remove(work)
                self._metrics.waiting.dec()
        if self._urgent.discard(work) or self._background.discard(work):
            self._metrics.waiting.dec()


def _is_tried_alone(work: Work) -> bool:
    return work.attempts > 0 and work.urgent and work.cost <= _ALONE_COST
