"""What all routes share: the processes behind the service and the way through them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from protvox.processes.messages import Message
from protvox.service.failures import busy
from protvox.service.http.bodies import Bodies
from protvox.service.http.guard import Guard
from protvox.service.http.uploads import Kind
from protvox.service.jobs.jobs import Jobs
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.workers.engine import Engine
from protvox.service.workers.reader_pool import ReaderPool

_FETCHERS: Final = 2
_FETCH_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A structure as read, and what is asked about it.

    Attributes
    ----------
    structure
        As bytes, see `protvox.processes.structure_codec`.
    sha256
        Of the file.
    name
        Of the structure.
    n_residues
        How large it is.
    options
        ``task`` and what belongs to it.
    """

    structure: bytes
    sha256: str
    name: str
    n_residues: int
    options: Mapping[str, Any]


class Core:
    """Everything behind the routes.

    Parameters
    ----------
    settings
        Of the service.
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
        # Databases are slow, which must not hold up those who send files.
        self._fetchers = ReaderPool(settings, self.metrics, size=_FETCHERS, seconds=_FETCH_S)
        self._admitted = 0

    async def start(self) -> None:
        """Start the child processes."""
        await self.engine.start()
        await asyncio.gather(self._readers.start(), self._fetchers.start(), self.jobs.start())

    async def stop(self) -> None:
        """End the child processes."""
        await self.jobs.stop()
        await asyncio.gather(self.engine.stop(), self._readers.stop(), self._fetchers.stop())

    @asynccontextmanager
    async def take_in(self, request: Request, kind: Kind) -> AsyncIterator[tuple[Reading, float]]:
        """Read the structure of a request, and keep its place until the block ends.

        Parameters
        ----------
        request
            The request.
        kind
            Where it was sent to.

        Yields
        ------
        reading : Reading
            What it carries or names.
        deadline : float
            Time of the event loop after which nobody waits any more.

        Raises
        ------
        ProtvoxError
            What is wrong with the body; ``service.overloaded`` when there are too many
            requests, if possible before anything is spent on it; ``service.deadline``.
        """
        self._check_room()
        with contextlib.ExitStack() as place:
            async with self._bodies.receive(request) as body:
                place.enter_context(self._admitted_one())
                deadline = asyncio.get_running_loop().time() + self.settings.deadline_s
                content_type = request.headers.get("content-type", "")
                message = {"body": body, "content_type": content_type, "kind": kind}
                reply = await self._within(deadline, self._readers, message)
            if "identifier" in reply:
                options = reply.pop("options")
                reply = await self._within(deadline, self._fetchers, reply) | {"options": options}
            yield Reading(**reply), deadline

    @contextmanager
    def _admitted_one(self) -> Iterator[None]:
        # A body that comes in slowly takes no place; so it is checked again when it is here.
        self._check_room()
        self._admitted += 1
        self.metrics.admitted.set(self._admitted)
        try:
            yield
        finally:
            self._admitted -= 1
            self.metrics.admitted.set(self._admitted)

    def _check_room(self) -> None:
        if self._admitted >= self.settings.queue_size:
            self.metrics.refused.labels("overloaded").inc()
            raise busy("the service has more requests than it can answer", "service.overloaded", 2)

    async def _within(self, deadline: float, pool: ReaderPool, message: Message) -> Message:
        try:
            async with asyncio.timeout_at(deadline):
                return await pool.read(message)
        except TimeoutError as error:
            raise busy("the time for the request is over", "service.deadline", 10) from error


def core_of(request: Request) -> Core:
    """Return what is behind the application that got a request.

    Parameters
    ----------
    request
        The request.
    """
    core: Core = request.app.state.core
    return core
