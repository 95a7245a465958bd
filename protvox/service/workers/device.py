"""The model process of one device, and the work it computes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from protvox.errors import ProtvoxError
from protvox.processes.child import ChildGone
from protvox.service.failures import restore
from protvox.service.logs import log
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.shares import share_of
from protvox.service.workers.process import Child
from protvox.service.workers.work import Results, Work
from protvox.service.workers.work_queue import WorkQueue

_START_S: Final = 300.0
_PAUSE_S: Final = (0.0, 0.5, 2.0, 5.0, 15.0)
"""Seconds before a start, by the number of consecutive failures."""
_OVERDUE_S: Final = 15.0
"""Seconds after a deadline at which a process that is still computing counts as stuck."""


class Device:
    """A model process, restarted whenever it dies.

    Parameters
    ----------
    name
        Device to compute on.
    settings
        Settings of the service.
    queue
        Work to compute.
    metrics
        Metrics to update.
    on_start_error
        Called after `start_error` was set, because the device or a model cannot be used.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        queue: WorkQueue,
        metrics: Metrics,
        on_start_error: Callable[[], None],
    ) -> None:
        self._on_start_error = on_start_error
        self._name = name
        self._queue = queue
        self._metrics = metrics
        self._slots = settings.batch_size
        self._most = share_of(self._slots, settings.share)
        arguments = (name, str(settings.compute_threads), str(self._slots))
        self._child = Child("protvox.service.workers.model_process", arguments)
        self._in_progress: dict[int, Work] = {}
        self._numbers = itertools.count(1)
        self.is_ready = False
        self.failures = 0
        self.models: list[dict[str, str]] | None = None
        self.start_error: ProtvoxError | None = None

    def state(self) -> dict[str, Any]:
        """Return its name and state."""
        return {"device": self._name, "ready": self.is_ready, "computing": len(self._in_progress)}

    async def run(self) -> None:
        """Start the process and supply it with work, indefinitely."""
        while True:
            try:
                await asyncio.sleep(_PAUSE_S[min(self.failures, len(_PAUSE_S) - 1)])
                info = await self._child.start(_START_S)
                if "error" in info:
                    raise restore(info["error"])
                log.info(
                    "a model process is ready", extra={"device": self._name, "pid": info["pid"]}
                )
                self.models = info["models"]
                self.is_ready = True
                self.failures = 0
                await self._serve()
            except ChildGone as error:
                self.failures += 1
                log.error("a model process died: %s", error, extra={"device": self._name})
            except ProtvoxError as error:
                self.failures += 1
                log.error("a model process cannot start: %s", error, extra={"device": self._name})
                if self.models is None:
                    self.start_error = error
                    self._on_start_error()
            finally:
                self.is_ready = False
                await self._child.stop()
                self._return_work()
            self._metrics.restarts.labels("model").inc()
            # Its work may go to another device.
            await self._queue.notify()

    async def _serve(self) -> None:
        tasks = [asyncio.create_task(f()) for f in (self._send, self._receive, self._watch)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = await self._queue.take(self._slots, self._most, self._in_progress.values)
            requests = []
            for work in batch:
                number = next(self._numbers)
                self._in_progress[number] = work
                work.result.add_done_callback(partial(self._cancel, number))
                requests.append(
                    {
                        "number": number,
                        "structure": work.structure,
                        "options": dict(work.options),
                        "forms": work.forms,
                        "urgent": work.urgent,
                        "seconds": max(0.0, work.deadline - loop.time()),
                        "request_id": work.request_id,
                    }
                )
            self._metrics.computing.inc(len(batch))
            self._metrics.batch_size.observe(len(batch))
            await self._child.send({"requests": requests})

    async def _receive(self) -> None:
        while True:
            reply = await self._child.receive()
            work = self._in_progress.pop(reply["number"], None)
            if work is None:
                continue
            self._metrics.computing.dec()
            self._metrics.predict_seconds.labels(work.options["task"]).observe(reply["seconds"])
            work.spend(reply["cpu_s"])
            if "error" in reply:
                work.fail(restore(reply["error"]))
            elif not work.result.done():
                work.result.set_result(reply["results"])
            await self._queue.notify()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            if any(loop.time() > work.deadline + _OVERDUE_S for work in self._in_progress.values()):
                raise ChildGone("it is stuck")

    def _cancel(self, number: int, result: asyncio.Future[Results]) -> None:
        if result.cancelled() and number in self._in_progress and self._child.alive:
            task = asyncio.ensure_future(self._child.send({"cancel": number}))
            task.add_done_callback(lambda t: t.cancelled() or t.exception())

    def _return_work(self) -> None:
        self._metrics.computing.dec(len(self._in_progress))
        for work in self._in_progress.values():
            if not work.result.done():
                self._queue.retry(work)
        self._in_progress.clear()
