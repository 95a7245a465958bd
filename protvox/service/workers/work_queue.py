"""The queue of predictions, shared by all devices."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from typing import Final

from protvox.service.failures import refuse
from protvox.service.metrics import Metrics
from protvox.service.workers.work import Work

_ATTEMPTS: Final = 2


class WorkQueue:
    """Work that waits for a device.

    Work whose client is waiting comes first. Work of a process that died is tried once more, alone,
    so that a request that kills processes affects no other request.

    Parameters
    ----------
    metrics
        Metrics to update.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._urgent: deque[Work] = deque()
        self._background: deque[Work] = deque()
        self._suspects: deque[Work] = deque()
        self._changed = asyncio.Condition()

    async def put(self, work: Work) -> None:
        """Add work.

        Parameters
        ----------
        work
            The work.
        """
        (self._urgent if work.urgent else self._background).append(work)
        self._metrics.waiting.inc()
        await self.notify()

    async def notify(self) -> None:
        """Notify the devices of new work."""
        async with self._changed:
            self._changed.notify_all()

    async def take(self, slots: int, *, idle: bool) -> list[Work]:
        """Return the next work, waiting for it if needed.

        Parameters
        ----------
        slots
            Maximum number of pieces of work.
        idle
            Whether the device computes nothing else.

        Returns
        -------
        list of Work
            Empty if the device must finish its other work first.
        """
        async with self._changed:
            while True:
                if idle and (suspect := self._next(self._suspects)):
                    return [suspect]
                if not self._suspects:
                    found = list(itertools.islice(self._waiting(), slots))
                    if found:
                        return found
                elif not idle:
                    # Work that may kill the process is computed alone, after the rest.
                    return []
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
            self._suspects.append(work)
            self._metrics.waiting.inc()

    def refuse_all(self) -> None:
        """Refuse all waiting work, because the service is stopping."""
        for work in (*self._urgent, *self._background, *self._suspects):
            work.fail(refuse("service.stopping", status=503, retry_after=5))

    def _waiting(self) -> Iterator[Work]:
        for queue in (self._urgent, self._background):
            while work := self._next(queue):
                yield work

    def _next(self, queue: deque[Work]) -> Work | None:
        while queue:
            work = queue.popleft()
            self._metrics.waiting.dec()
            if not work.result.done():
                return work
        return None
