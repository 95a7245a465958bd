"""Distributes predictions among the model processes: one queue, one process per device."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from protvox.processes.child import ChildGone
from protvox.service.failures import refuse, restore
from protvox.service.logs import log, request_id
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.workers.process import Child

_START_S: Final = 300.0
_PAUSE_S: Final = (0.0, 0.5, 2.0, 5.0, 15.0)
_OVERDUE_S: Final = 15.0
"""Seconds after a deadline at which a process that is still computing counts as stuck."""
_ATTEMPTS: Final = 2
_MAX_FAILED_STARTS: Final = 3
"""Consecutive failed starts after which requests are refused instead of queued."""

Results = Mapping[str, bytes]


@dataclass(eq=False)
class Work:
    """A prediction to compute.

    Attributes
    ----------
    structure
        Encoded structure, from `protvox.processes.structure_codec.encode_structure`.
    options
        ``task`` and its options, from `protvox.service.http.uploads`.
    forms
        Formats of the results.
    deadline
        Time of the event loop by which the result is due.
    urgent
        Whether a client is waiting; other work comes later.
    request_id
        Id of the request, for the log of the model process.
    attempts
        Number of model processes that died while computing it.
    result
        Format to bytes, once computed.
    """

    structure: bytes
    options: Mapping[str, Any]
    forms: tuple[str, ...]
    deadline: float
    urgent: bool = True
    request_id: str = field(default_factory=request_id.get)
    attempts: int = 0
    result: asyncio.Future[Results] = field(init=False)

    def __post_init__(self) -> None:
        self.result = asyncio.get_running_loop().create_future()


class Engine:
    """Distributes work among the model processes.

    A process receives waiting work in batches, up to its number of free slots. If it dies, its
    work is tried once more, one piece at a time, so that a request that kills processes affects no
    other request.

    Parameters
    ----------
    settings
        Settings of the service.
    metrics
        Metrics to update.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._urgent: deque[Work] = deque()
        self._background: deque[Work] = deque()
        self._suspects: deque[Work] = deque()
        self._changed = asyncio.Condition()
        self._devices = [_Device(name, settings, self, metrics) for name in settings.devices]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the model processes, without waiting until they are ready."""
        self._tasks = [asyncio.create_task(device.run()) for device in self._devices]

    async def stop(self) -> None:
        """Stop the model processes and refuse their remaining work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for work in (*self._urgent, *self._background, *self._suspects):
            fail(work, refuse("service.stopping", status=503, retry_after=5))

    @property
    def is_ready(self) -> bool:
        """Whether at least one device is ready."""
        return any(device.is_ready for device in self._devices)

    def device_states(self) -> list[dict[str, Any]]:
        """Return the name and state of every device."""
        return [device.state() for device in self._devices]

    def models(self) -> list[dict[str, str]]:
        """Return the installed models.

        Raises
        ------
        ServiceError
            ``service.starting`` until a model process has started.
        """
        for device in self._devices:
            if device.models is not None:
                return device.models
        raise refuse("service.starting", status=503, retry_after=5)

    async def predict(self, work: Work) -> Results:
        """Compute some work and return its results.

        Parameters
        ----------
        work
            The work.

        Returns
        -------
        mapping
            Format to bytes.

        Raises
        ------
        ProtvoxError
            An error of the prediction, ``service.deadline``, or ``service.unavailable``.
        """
        if all(device.failures >= _MAX_FAILED_STARTS for device in self._devices):
            raise refuse("service.unavailable", status=503, retry_after=60)
        (self._urgent if work.urgent else self._background).append(work)
        self._metrics.waiting.inc()
        await self.notify()
        try:
            async with asyncio.timeout_at(work.deadline):
                return await work.result
        except TimeoutError as error:
            raise refuse("service.deadline", status=503, retry_after=10) from error
        finally:
            work.result.cancel()

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
            fail(work, refuse("service.process_died", status=503, retry_after=10))
        else:
            self._suspects.append(work)
            self._metrics.waiting.inc()

    def _waiting(self) -> Any:
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


class _Device:
    """A model process, restarted whenever it dies."""

    def __init__(
        self, name: str, settings: ServiceSettings, engine: Engine, metrics: Metrics
    ) -> None:
        self._name = name
        self._engine = engine
        self._metrics = metrics
        self._slots = settings.batch_size
        arguments = (name, str(settings.compute_threads), str(self._slots))
        self._child = Child("protvox.service.workers.model_process", arguments)
        self._in_progress: dict[int, Work] = {}
        self._numbers = itertools.count(1)
        self._slot_freed = asyncio.Event()
        self.is_ready = False
        self.failures = 0
        self.models: list[dict[str, str]] | None = None

    def state(self) -> dict[str, Any]:
        """Return its name and state."""
        return {"device": self._name, "ready": self.is_ready, "computing": len(self._in_progress)}

    async def run(self) -> None:
        """Start the process and supply it with work, indefinitely."""
        while True:
            try:
                await asyncio.sleep(_PAUSE_S[min(self.failures, len(_PAUSE_S) - 1)])
                info = await self._child.start(_START_S)
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
            finally:
                self.is_ready = False
                await self._child.stop()
                self._return_work()
            self._metrics.restarts.labels("model").inc()
            # Its work may go to another device.
            await self._engine.notify()

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
            self._slot_freed.clear()
            slots = self._slots - len(self._in_progress)
            batch = await self._engine.take(slots, idle=not self._in_progress) if slots else []
            if not batch:
                await self._slot_freed.wait()
                continue
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
                        "seconds": max(0.0, work.deadline - loop.time()),
                        "request_id": work.request_id,
                    }
                )
            self._metrics.computing.inc(len(batch))
            self._metrics.batch_size.observe(len(batch))
            await self._child.send({"requests": requests})
            if batch[0].attempts:
                # Work that may have killed a process is computed alone.
                while self._in_progress:
                    self._slot_freed.clear()
                    await self._slot_freed.wait()

    async def _receive(self) -> None:
        while True:
            reply = await self._child.receive()
            work = self._in_progress.pop(reply["number"], None)
            if work is None:
                continue
            self._metrics.computing.dec()
            self._metrics.predict_seconds.labels(work.options["task"]).observe(reply["seconds"])
            if "error" in reply:
                fail(work, restore(reply["error"]))
            elif not work.result.done():
                work.result.set_result(reply["results"])
            self._slot_freed.set()

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
                self._engine.retry(work)
        self._in_progress.clear()


def fail(work: Work, error: Exception) -> None:
    """End some work with an error, unless it has ended already.

    Parameters
    ----------
    work
        The work.
    error
        The error.
    """
    if not work.result.done():
        work.result.set_exception(error)
