"""The pool of reading processes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from protvox.errors import InputError
from protvox.processes.child import ChildGone
from protvox.processes.messages import Message
from protvox.service.failures import busy, restore
from protvox.service.logs import log, request_id
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.workers.process import Child

_START_S: Final = 60.0


class ReaderPool:
    """Reads bodies of requests in child processes, each with little memory and time.

    Parameters
    ----------
    settings
        How many, and their limits.
    metrics
        Where to count.
    size
        Number of processes.
    seconds
        Time for one body.
    """

    def __init__(
        self, settings: ServiceSettings, metrics: Metrics, *, size: int, seconds: float
    ) -> None:
        self._arguments = (str(settings.read_memory_mib),)
        self._metrics = metrics
        self._seconds = seconds
        self._size = size
        self._idle: asyncio.LifoQueue[Child] = asyncio.LifoQueue()
        self._all: set[Child] = set()

    async def start(self) -> None:
        """Start the processes."""
        await asyncio.gather(*(self._add() for _ in range(self._size)))

    async def stop(self) -> None:
        """End the processes."""
        await asyncio.gather(*(child.stop() for child in self._all))
        self._all.clear()

    async def read(self, message: Message) -> Message:
        """Have a message answered by the next idle process.

        Parameters
        ----------
        message
            See `protvox.service.workers.read_process`.

        Returns
        -------
        Message
            Its answer.

        Raises
        ------
        ProtvoxError
            What is wrong with the body; ``input.too_slow`` or ``input.too_large`` if reading
            it takes too long or too much memory; ``service.readers`` if nothing can read now.
        """
        child = await self._idle.get()
        healthy = False
        begun = time.perf_counter()
        try:
            if not child.alive:
                await self._revive(child)
            async with asyncio.timeout(self._seconds):
                await child.send({**message, "request_id": request_id.get()})
                reply = await child.receive()
            healthy = not reply.pop("worn")
        except TimeoutError as error:
            raise InputError(
                "the structure takes too long to read",
                remedy="Send a smaller one",
                code="input.too_slow",
            ) from error
        except ChildGone as error:
            log.warning("a reading process died")
            raise InputError(
                "the structure cannot be read", remedy="Send a smaller one", code="input.unreadable"
            ) from error
        finally:
            self._metrics.read_seconds.observe(time.perf_counter() - begun)
            await asyncio.shield(self._give_back(child, healthy=healthy))
        if "error" in reply:
            raise restore(reply["error"])
        return reply

    async def _add(self) -> None:
        child = Child("protvox.service.workers.read_process", self._arguments)
        self._all.add(child)
        await child.start(_START_S)
        self._idle.put_nowait(child)

    async def _revive(self, child: Child) -> None:
        try:
            await child.start(_START_S)
        except (ChildGone, OSError) as error:
            log.error("a reading process does not start: %s", error)
            raise busy("structures cannot be read now", "service.readers", 10) from error

    async def _give_back(self, child: Child, *, healthy: bool) -> None:
        if not healthy:
            self._metrics.restarts.labels("reader").inc()
            await child.stop()
            # The next body finds it ready; if it cannot start now, it is tried again then.
            with contextlib.suppress(ChildGone, OSError):
                await child.start(_START_S)
        self._idle.put_nowait(child)
