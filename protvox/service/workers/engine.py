"""The way to the model processes: one queue, one process a device, batches of requests."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from protvox.processes.child import ChildGone
from protvox.service.failures import busy, restore
from protvox.service.logs import log, request_id
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.workers.process import Child

_START_S: Final = 300.0
_PAUSE_S: Final = (0.0, 0.5, 2.0, 5.0, 15.0)
_OVERDUE_S: Final = 15.0
"""Seconds after a deadline at which a process that still computes is taken for stuck."""
_ATTEMPTS: Final = 2
_HOPELESS: Final = 3
"""Starts that failed in a row, after which requests are no longer kept waiting."""

Results = Mapping[str, bytes]


@dataclass(eq=False)
class Work:
    """One structure to predict.

    Attributes
    ----------
    structure
        As bytes, from `protvox.processes.structure_codec.encode_structure`.
    options
        ``task`` and what belongs to it, from `protvox.service.http.uploads`.
    forms
        Formats of the results.
    deadline
        Time of the event loop after which nobody waits any more.
    urgent
        Whether somebody waits for the answer now; others come after.
    request_id
        For the log of the model process.
    """

    structure: bytes
    options: Mapping[str, Any]
    forms: tuple[str, ...]
    deadline: float
    urgent: bool = True
    request_id: str = field(default_factory=request_id.get)
    attempts: int = 0
    answer: asyncio.Future[Results] = field(init=False)

    def __post_init__(self) -> None:
        self.answer = asyncio.get_running_loop().create_future()


class Engine:
    """Hands work to the model processes.

    A process gets what is waiting, up to its free places, in one message, and more as places
    come free. When it dies, what it held is tried once more, one at a time, so that a request
    that kills processes harms nobody else.

    Parameters
    ----------
    settings
        Devices, batches and queue.
    metrics
        Where to count.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._urgent: deque[Work] = deque()
        self._patient: deque[Work] = deque()
        self._suspects: deque[Work] = deque()
        self._news = asyncio.Condition()
        self._devices = [_Device(name, settings, self, metrics) for name in settings.devices]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to start the model processes; does not wait until they are ready."""
        self._tasks = [asyncio.create_task(device.run()) for device in self._devices]

    async def stop(self) -> None:
        """End the model processes; what they hold is given up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for work in (*self._urgent, *self._patient, *self._suspects):
            fail(work, busy("the service is stopping", "service.stopping", 5))

    @property
    def is_ready(self) -> bool:
        """Whether at least one device answers."""
        return any(device.is_ready for device in self._devices)

    def about(self) -> list[dict[str, Any]]:
        """Return what is known of the devices."""
        return [device.about() for device in self._devices]

    def models(self) -> list[dict[str, str]]:
        """Return the models at hand.

        Raises
        ------
        ServiceError
            ``service.starting`` as long as no model process has told.
        """
        for device in self._devices:
            if device.models is not None:
                return device.models
        raise busy("the models are being loaded", "service.starting", 5)

    async def predict(self, work: Work) -> Results:
        """Return the results of some work.

        Parameters
        ----------
        work
            What to do.

        Returns
        -------
        mapping
            Format to bytes.

        Raises
        ------
        ProtvoxError
            What the prediction raised, ``service.deadline``, or ``service.unavailable``.
        """
        if all(device.failures >= _HOPELESS for device in self._devices):
            raise busy("the models cannot be loaded", "service.unavailable", 60)
        (self._urgent if work.urgent else self._patient).append(work)
        self._metrics.waiting.inc()
        await self.tell()
        try:
            async with asyncio.timeout_at(work.deadline):
                return await work.answer
        except TimeoutError as error:
            raise busy("the time for the request is over", "service.deadline", 10) from error
        finally:
            work.answer.cancel()

    async def tell(self) -> None:
        """Tell the devices that there is work."""
        async with self._news:
            self._news.notify_all()

    async def take(self, places: int, *, idle: bool) -> list[Work]:
        """Return the next work, at least one, waiting for it if needed.

        Parameters
        ----------
        places
            At most this many.
        idle
            Whether nothing else is computed where it goes.
        """
        async with self._news:
            while True:
                if idle and (suspect := self._next(self._suspects)):
                    return [suspect]
                if not self._suspects:
                    found = list(itertools.islice(self._waiting(), places))
                    if found:
                        return found
                elif not idle:
                    # What may kill the process is computed alone: first let the rest finish.
                    return []
                await self._news.wait()

    def retry(self, work: Work) -> None:
        """Take back what a process held when it died.

        Parameters
        ----------
        work
            What it held.
        """
        work.attempts += 1
        if work.attempts >= _ATTEMPTS:
            fail(work, busy("the model process died of the request", "service.process_died", 10))
        else:
            self._suspects.append(work)
            self._metrics.waiting.inc()

    def _waiting(self) -> Any:
        for queue in (self._urgent, self._patient):
            while work := self._next(queue):
                yield work

    def _next(self, queue: deque[Work]) -> Work | None:
        while queue:
            work = queue.popleft()
            self._metrics.waiting.dec()
            if not work.answer.done():
                return work
        return None


class _Device:
    """One model process, started again whenever it dies."""

    def __init__(
        self, name: str, settings: ServiceSettings, engine: Engine, metrics: Metrics
    ) -> None:
        self._name = name
        self._engine = engine
        self._metrics = metrics
        self._places = settings.batch_size
        arguments = (name, str(settings.compute_threads), str(self._places))
        self._child = Child("protvox.service.workers.model_process", arguments)
        self._held: dict[int, Work] = {}
        self._numbers = itertools.count(1)
        self._free = asyncio.Event()
        self.is_ready = False
        self.failures = 0
        self.models: list[dict[str, str]] | None = None

    def about(self) -> dict[str, Any]:
        """Return what is known of it."""
        return {"device": self._name, "ready": self.is_ready, "computing": len(self._held)}

    async def run(self) -> None:
        """Start the process and keep it busy, for ever."""
        while True:
            try:
                await asyncio.sleep(_PAUSE_S[min(self.failures, len(_PAUSE_S) - 1)])
                about = await self._child.start(_START_S)
                log.info(
                    "a model process is ready", extra={"device": self._name, "pid": about["pid"]}
                )
                self.models = about["models"]
                self.is_ready = True
                self.failures = 0
                await self._serve()
            except ChildGone as error:
                self.failures += 1
                log.error("a model process died: %s", error, extra={"device": self._name})
            finally:
                self.is_ready = False
                await self._child.stop()
                self._give_back()
            self._metrics.restarts.labels("model").inc()
            # What it held may go to another device.
            await self._engine.tell()

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
            self._free.clear()
            places = self._places - len(self._held)
            batch = await self._engine.take(places, idle=not self._held) if places else []
            if not batch:
                await self._free.wait()
                continue
            requests = []
            for work in batch:
                number = next(self._numbers)
                self._held[number] = work
                work.answer.add_done_callback(partial(self._cancel, number))
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
                # A suspect is alone.
                while self._held:
                    self._free.clear()
                    await self._free.wait()

    async def _receive(self) -> None:
        while True:
            reply = await self._child.receive()
            work = self._held.pop(reply["number"], None)
            if work is None:
                continue
            self._metrics.computing.dec()
            self._metrics.predict_seconds.labels(work.options["task"]).observe(reply["seconds"])
            if "error" in reply:
                fail(work, restore(reply["error"]))
            elif not work.answer.done():
                work.answer.set_result(reply["results"])
            self._free.set()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            if any(loop.time() > work.deadline + _OVERDUE_S for work in self._held.values()):
                raise ChildGone("it is stuck")

    def _cancel(self, number: int, answer: asyncio.Future[Results]) -> None:
        if answer.cancelled() and number in self._held and self._child.alive:
            task = asyncio.ensure_future(self._child.send({"cancel": number}))
            task.add_done_callback(lambda t: t.cancelled() or t.exception())

    def _give_back(self) -> None:
        self._metrics.computing.dec(len(self._held))
        for work in self._held.values():
            if not work.answer.done():
                self._engine.retry(work)
        self._held.clear()


def fail(work: Work, error: Exception) -> None:
    """End some work with an error, unless nobody waits for it any more.

    Parameters
    ----------
    work
        The work.
    error
        Why.
    """
    if not work.answer.done():
        work.answer.set_exception(error)
