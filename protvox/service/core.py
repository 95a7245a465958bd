"""The part shared by all routes: child processes, queues and admission of requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from starlette.requests import Request

from protvox.processes.messages import Message
from protvox.service.failures import refuse
from protvox.service.http.bodies import Bodies
from protvox.service.http.guard import Guard
from protvox.service.http.uploads import Route
from protvox.service.jobs.jobs import Jobs
from protvox.service.metrics import Metrics
from protvox.service.parsed_request import ParsedRequest
from protvox.service.settings import ServiceSettings
from protvox.service.workers.engine import Engine
from protvox.service.workers.reader_pool import ReaderPool

_FETCHERS: Final = 2
_FETCH_S: Final = 60.0


class Core:
    """Everything behind the routes.

    Parameters
    ----------
    settings
        Settings of the service.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.guard = Guard(settings)
        self.engine = Engine(settings, self.metrics)
        self.jobs = Jobs(settings, self.engine, self.metrics)
        self._bodies = Bodies(settings)
        self._readers = ReaderPool(
            settings, self.metrics, size=settings.readers, seconds=settings.read_s
        )
        # Databases are slow, and must not delay clients that send files.
        self._fetchers = ReaderPool(settings, self.metrics, size=_FETCHERS, seconds=_FETCH_S)
        self._admitted = 0

    async def start(self) -> None:
        """Start the child processes."""
        await self.engine.start()
        await asyncio.gather(self._readers.start(), self._fetchers.start(), self.jobs.start())

    async def stop(self) -> None:
        """Stop the child processes."""
        await self.jobs.stop()
        await asyncio.gather(self.engine.stop(), self._readers.stop(), self._fetchers.stop())

    @asynccontextmanager
    async def parse(
        self, request: Request, route: Route
    ) -> AsyncIterator[tuple[ParsedRequest, float]]:
        """Read the structure of a request. The request counts as admitted until the block ends.

        Parameters
        ----------
        request
            The request.
        route
            The address it was sent to.

        Yields
        ------
        parsed : ParsedRequest
            The structure and the options.
        deadline : float
            Time of the event loop by which the response is due.

        Raises
        ------
        ProtvoxError
            If the body is invalid; ``service.overloaded`` if there are too many requests, if
            possible before the body is read; ``service.deadline``.
        """
        self._check_load()
        with contextlib.ExitStack() as stack:
            async with self._bodies.receive(request) as body:
                stack.enter_context(self._admit())
                deadline = asyncio.get_running_loop().time() + self.settings.deadline_s
                content_type = request.headers.get("content-type", "")
                message = {"body": body, "content_type": content_type, "route": route}
                reply = await self._read_within(deadline, self._readers, message)
            if "identifier" in reply:
                options = reply.pop("options")
                fetched = await self._read_within(deadline, self._fetchers, reply)
                reply = fetched | {"options": options}
            yield ParsedRequest(**reply), deadline

    @contextmanager
    def _admit(self) -> Iterator[None]:
        # A body that arrives slowly is not admitted yet, so the load is checked once more.
        self._check_load()
        self._admitted += 1
        self.metrics.admitted.set(self._admitted)
        try:
            yield
        finally:
            self._admitted -= 1
            self.metrics.admitted.set(self._admitted)

    def _check_load(self) -> None:
        if self._admitted >= self.settings.queue_size:
            self.metrics.refused.labels("overloaded").inc()
            raise refuse("service.overloaded", status=503, retry_after=2)

    async def _read_within(self, deadline: float, pool: ReaderPool, message: Message) -> Message:
        try:
            async with asyncio.timeout_at(deadline):
                return await pool.read(message)
        except TimeoutError as error:
            raise refuse("service.deadline", status=503, retry_after=10) from error


def core_of(request: Request) -> Core:
    """Return the core of the application that received a request.

    Parameters
    ----------
    request
        The request.
    """
    core: Core = request.app.state.core
    return core
