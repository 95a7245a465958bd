"""The part shared by all routes: child processes, queues and admission of requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from starlette.requests import Request

from protvox.errors import ProtvoxError
from protvox.processes.messages import Message
from protvox.service.failures import ServiceError, refuse
from protvox.service.http.bodies import Bodies
from protvox.service.http.disconnects import while_connected
from protvox.service.http.guard import Guard
from protvox.service.http.uploads import Route
from protvox.service.jobs.jobs import Jobs
from protvox.service.metrics import Metrics
from protvox.service.parsed_request import ParsedRequest
from protvox.service.settings import ServiceSettings
from protvox.service.shares import share_of
from protvox.service.waste import Waste
from protvox.service.workers.engine import Engine
from protvox.service.workers.heap import release_regularly
from protvox.service.workers.reader_pool import ReaderPool

_FETCHERS: Final = 2
_FETCH_S: Final = 60.0
_REFUSAL_S: Final = 1.0
"""Seconds until a client that has wasted too much is refused; it may try again at once."""
_BUSY: Final = 2.0
"""Time that reading may take, as a multiple of its CPU time; a longer one is stuck."""


class Core:
    """Everything behind the routes.

    Parameters
    ----------
    settings
        Settings of the service.
    on_start_error
        Called if no device can be used at the start; see `Engine`.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        on_start_error: Callable[[ProtvoxError], None] | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.guard = Guard(settings)
        self._waste = Waste(settings.wasted_s_per_minute)
        self.engine = Engine(settings, self.metrics, on_start_error)
        self.jobs = Jobs(settings, self.engine, self.metrics)
        self._bodies = Bodies(settings)
        self._readers = ReaderPool(
            settings, self.metrics, size=settings.readers, seconds=_BUSY * settings.read_s
        )
        # Databases are slow, and must not delay clients that send files.
        self._fetchers = ReaderPool(settings, self.metrics, size=_FETCHERS, seconds=_FETCH_S)
        self._admitted: Counter[str] = Counter()
        self._releasing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the child processes."""
        self._releasing = asyncio.create_task(release_regularly())
        try:
            # First, because the disk is the likeliest to fail.
            await self.jobs.start()
            await self.engine.start()
            await asyncio.gather(self._readers.start(), self._fetchers.start())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the child processes."""
        if self._releasing is not None:
            self._releasing.cancel()
        await self.jobs.stop()
        await asyncio.gather(self.engine.stop(), self._readers.stop(), self._fetchers.stop())

    @asynccontextmanager
    async def parse(
        self, request: Request, route: Route
    ) -> AsyncIterator[tuple[ParsedRequest, float, Callable[[float], None]]]:
        """Read the structure of a request. The request counts as admitted until the block ends.

        If it fails because of its client until then, what was spent on it counts as wasted.

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
        spend : callable
            To be called with CPU seconds spent on this request.

        Raises
        ------
        ProtvoxError
            If the body is invalid; ``service.overloaded`` if there are too many requests, if
            possible before the body is read; ``request.concurrent`` if this client has too many;
            ``request.waste`` if it has wasted too much, always before the body is read;
            ``request.too_large`` if only a job may predict so much; ``service.deadline``.
        """
        owner = request.state.client_id
        await self._check_waste(owner)
        self._check_load(owner)
        with self._waste.watch(owner) as spend, contextlib.ExitStack() as stack:
            async with self._bodies.receive(request, owner, spend) as body:
                stack.enter_context(self._admit(owner))
                deadline = asyncio.get_running_loop().time() + self.settings.deadline_s
                content_type = request.headers.get("content-type", "")
                message = {"body": body, "content_type": content_type, "route": route}
                reading = self._read_within(deadline, self._readers, message, owner, spend)
                reply = await while_connected(request, reading)
            if "identifier" in reply:
                options = reply["options"]
                fetching = self._read_within(deadline, self._fetchers, reply, owner, spend)
                reply = await while_connected(request, fetching) | {"options": options}
            parsed = ParsedRequest(**reply)
            if route != "jobs":
                self._check_size(parsed)
            yield parsed, deadline, spend

    async def _check_waste(self, owner: str) -> None:
        try:
            self._waste.check(owner)
        except ServiceError:
            self.metrics.refused.labels("waste").inc()
            await asyncio.sleep(_REFUSAL_S)
            raise

    def _check_size(self, parsed: ParsedRequest) -> None:
        limit = self.settings.request_residues
        if parsed.n_requested > limit:
            raise refuse(
                "request.too_large.residues",
                where=parsed.name,
                status=413,
                count=parsed.n_requested,
                limit=limit,
            )

    @contextmanager
    def _admit(self, owner: str) -> Iterator[None]:
        # A body that arrives slowly is not admitted yet, so the load is checked once more.
        self._check_load(owner)
        self._admitted[owner] += 1
        self.metrics.admitted.set(self._admitted.total())
        try:
            yield
        finally:
            self._admitted -= Counter({owner: 1})
            self.metrics.admitted.set(self._admitted.total())

    def _check_load(self, owner: str) -> None:
        size = self.settings.queue_size
        if self._admitted.total() >= size:
            self.metrics.refused.labels("overloaded").inc()
            raise refuse("service.overloaded", status=503, retry_after=2)
        if self._admitted[owner] >= share_of(size, self.settings.share):
            self.metrics.refused.labels("share").inc()
            raise refuse("request.concurrent", where="requests", status=429, retry_after=2)

    async def _read_within(
        self,
        deadline: float,
        pool: ReaderPool,
        message: Message,
        owner: str,
        spend: Callable[[float], None],
    ) -> Message:
        try:
            async with asyncio.timeout_at(deadline):
                return await pool.read(message, owner, spend)
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
