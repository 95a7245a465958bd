"""The pool of reading processes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from protvox.errors import fail
from protvox.processes.child import ChildGone
from protvox.processes.messages import Message
from protvox.service.failures import refuse, restore
from protvox.service.logs import log, request_id
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.shares import Turnstile
from protvox.service.workers.process import Child

_START_S: Final = 60.0
_LEAVING_S: Final = 1.0
"""Seconds for which reading continues after its client has left."""


class ReaderPool:
    """Reads request bodies in child processes with limited memory and time.

    Parameters
    ----------
    settings
        Settings of the service.
    metrics
        Metrics to update.
    size
        Number of processes.
    seconds
        Time limit per body. The process itself has a limit of CPU time, ``settings.read_s``.
    """

    def __init__(
        self, settings: ServiceSettings, metrics: Metrics, *, size: int, seconds: float
    ) -> None:
        self._arguments = (str(settings.read_memory_mib), str(settings.read_s))
        self._metrics = metrics
        self._seconds = seconds
        self._size = size
        self._places = Turnstile(size, settings.share)
        self._idle: list[Child] = []
        self._all: set[Child] = set()

    async def start(self) -> None:
        """Start the processes."""
        await asyncio.gather(*(self._add() for _ in range(self._size)))

    async def stop(self) -> None:
        """Stop the processes."""
        await asyncio.gather(*(child.stop() for child in self._all))
        self._all.clear()

    async def read(self, message: Message, owner: str, spend: Callable[[float], None]) -> Message:
        """Send a message to an idle process and return its reply.

        If the caller is cancelled, the process has a moment to finish before it is replaced.

        Parameters
        ----------
        message
            See `protvox.service.workers.read_process`.
        owner
            Client that needs the reply; it may use a share of the processes.
        spend
            Called with the CPU seconds of the process, also after the caller was cancelled.

        Returns
        -------
        Message
            The reply.

        Raises
        ------
        ProtvoxError
            If the body is invalid; ``input.too_slow`` or ``input.too_large`` if reading it takes
            too much time or memory; ``input.unreadable`` if two processes crash with it, and
            ``service.process_died`` if the second is killed; ``service.readers`` if no process can
            be started.
        """
        reading = asyncio.create_task(self._read_in_turn(message, owner, spend))
        try:
            reply = await asyncio.shield(reading)
        except asyncio.CancelledError:
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())
            # Starting a process costs more than reading most structures.
            asyncio.get_running_loop().call_later(_LEAVING_S, reading.cancel)
            raise
        if "error" in reply:
            raise restore(reply["error"])
        return reply

    async def _read_in_turn(
        self, message: Message, owner: str, spend: Callable[[float], None]
    ) -> Message:
        async with self._places.enter(owner):
            child = self._idle.pop()
            before = child.cpu_s
            try:
                return await self._read(child, message)
            finally:
                spend(child.cpu_s - before)

    async def _read(self, child: Child, message: Message) -> Message:
        healthy = False
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    reply = await self._ask(child, message)
                except ChildGone:
                    # It may have been killed for another reason than this body.
                    log.warning("a reading process died")
                    await child.stop()
                    reply = await self._ask(child, message)
            healthy = not reply.pop("worn_out")
        except TimeoutError as error:
            raise fail("input.too_slow.process", seconds=f"{self._seconds:g}") from error
        except ChildGone as error:
            log.warning("a reading process died")
            if await child.was_killed():
                raise refuse("service.process_died.reader", status=503, retry_after=10) from error
            raise fail("input.unreadable.process") from error
        finally:
            self._metrics.read_seconds.observe(time.perf_counter() - start)
            await self._return(child, healthy=healthy)
        return reply

    async def _ask(self, child: Child, message: Message) -> Message:
        if not child.alive:
            await self._restart(child)
        await child.send({**message, "request_id": request_id.get()})
        return await child.receive()

    async def _add(self) -> None:
        child = Child("protvox.service.workers.read_process", self._arguments)
        self._all.add(child)
        await child.start(_START_S)
        self._idle.append(child)

    async def _restart(self, child: Child) -> None:
        for last in (False, True):
            try:
                await child.start(_START_S)
            except (ChildGone, OSError) as error:
                if last:
                    log.error("a reading process cannot be started: %s", error)
                    raise refuse("service.readers", status=503, retry_after=10) from error
                # It may have been killed while it started.
                log.warning("a reading process ended while it started: %s", error)
            else:
                return

    async def _return(self, child: Child, *, healthy: bool) -> None:
        try:
            if not healthy:
                self._metrics.restarts.labels("reader").inc()
                await child.stop()
                # If it cannot start now, the next body tries again.
                with contextlib.suppress(ChildGone, OSError):
                    await child.start(_START_S)
        finally:
            self._idle.append(child)
