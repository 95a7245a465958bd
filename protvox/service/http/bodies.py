"""Request bodies, received within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import ClientDisconnect, Request

from protvox.service.failures import ServiceError, client_gone, refuse
from protvox.service.settings import ServiceSettings
from protvox.service.shares import share_of
from protvox.structure.limits import MIB

_MAX_TYPE_LENGTH: Final = 512
_MAX_UPLOADS: Final = 512
_PAUSE_S: Final = 10.0
"""Longest time a body may lag behind `_LEAST_RATE`, seconds."""
_LEAST_RATE: Final = 16 << 10
"""Least rate at which a body must arrive, bytes per second."""

_S_PER_MIB: Final = 0.007
"""CPU seconds that the process that answers needs to receive 1 MiB, measured."""


@dataclass(eq=False)
class _Arrival:
    """A body that is arriving."""

    owner: str
    begun: float
    due: float
    body: bytearray = field(default_factory=bytearray)
    evicted: bool = False
    timeout: asyncio.Timeout | None = None

    def progress(self, size: int, now: float, end: float) -> None:
        """Postpone the time limit by what the chunk may take at the least rate."""
        self.due = min(max(self.due, now) + size / _LEAST_RATE, now + _PAUSE_S, end)
        if self.timeout is not None:
            self.timeout.reschedule(self.due)

    def evict(self, now: float) -> None:
        """Stop receiving the body."""
        self.evicted = True
        if self.timeout is not None:
            self.timeout.reschedule(now)


class Bodies:
    """All request bodies in memory.

    Each owner may use a share of the memory. When it is full nevertheless, the owner with the most
    gives up its slowest body for an owner with less.

    Parameters
    ----------
    settings
        The limits.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._max_bytes = settings.bodies_mib * MIB
        self._bytes = 0
        self._own_bytes: Counter[str] = Counter()
        self._own_uploads: Counter[str] = Counter()
        self._arriving: set[_Arrival] = set()

    @asynccontextmanager
    async def receive(
        self, request: Request, owner: str, spend: Callable[[float], None]
    ) -> AsyncIterator[bytearray]:
        """Receive the body of a request. Its memory is accounted for until the block ends.

        Parameters
        ----------
        request
            The request.
        owner
            Its client.
        spend
            Called with the CPU seconds of receiving it, estimated from its size.

        Yields
        ------
        bytearray
            The complete body.

        Raises
        ------
        ServiceError
            ``request.too_large``, ``request.slow``, ``request.encoding``,
            ``request.disconnected``, or ``service.uploads`` if too many or too large bodies arrive
            at once.
        """
        self._check_headers(request)
        share = self._settings.share
        if self._own_uploads[owner] >= share_of(_MAX_UPLOADS, share):
            raise refuse("request.uploads", where="body", status=429, retry_after=5)
        if self._own_uploads.total() >= _MAX_UPLOADS:
            raise _too_many_uploads()
        now = asyncio.get_running_loop().time()
        arrival = _Arrival(owner, now, now + min(_PAUSE_S, self._settings.body_s))
        self._own_uploads[owner] += 1
        try:
            try:
                await self._fill(arrival, request)
            finally:
                spend(_S_PER_MIB * len(arrival.body) / MIB)
            yield arrival.body
        finally:
            self._own_uploads -= Counter({owner: 1})
            self._release(arrival)

    async def _fill(self, arrival: _Arrival, request: Request) -> None:
        loop = asyncio.get_running_loop()
        end = arrival.begun + self._settings.body_s
        self._arriving.add(arrival)
        try:
            async with asyncio.timeout_at(arrival.due) as arrival.timeout:
                async for chunk in request.stream():
                    self._reserve(arrival, len(chunk))
                    arrival.body += chunk
                    arrival.progress(len(chunk), loop.time(), end)
        except TimeoutError as error:
            if arrival.evicted:
                raise _too_many_uploads() from error
            raise refuse("request.slow", where="body", status=408) from error
        except ClientDisconnect as error:
            raise client_gone() from error
        finally:
            self._arriving.discard(arrival)
            arrival.timeout = None

    def _reserve(self, arrival: _Arrival, more: int) -> None:
        owner = arrival.owner
        size, own = len(arrival.body) + more, self._own_bytes[owner] + more
        if size > self._settings.body_bytes:
            raise self._too_large()
        # A single body is always allowed, however small the share.
        if own > size and own > self._settings.share * self._max_bytes:
            raise refuse("request.uploads", where="body", status=429, retry_after=5)
        if self._bytes + more > self._max_bytes and not self._evict(own):
            raise _too_many_uploads()
        self._bytes += more
        self._own_bytes[owner] += more

    def _evict(self, own: int) -> bool:
        """Give up the slowest body of the owner with the most, if it has more than this one."""
        owners = {one.owner for one in self._arriving if one.body}
        largest = max(owners, key=lambda owner: self._own_bytes[owner], default=None)
        if largest is None or self._own_bytes[largest] <= own:
            return False
        bodies = [one for one in self._arriving if one.body and one.owner == largest]
        slowest = min(bodies, key=lambda one: one.due)
        slowest.evict(asyncio.get_running_loop().time())
        self._release(slowest)
        return True

    def _release(self, arrival: _Arrival) -> None:
        size = len(arrival.body)
        self._bytes -= size
        self._own_bytes -= Counter({arrival.owner: size})
        # The caller may keep the object while it waits for the prediction.
        arrival.body.clear()

    def _check_headers(self, request: Request) -> None:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise refuse("request.encoding", where="Content-Encoding", status=415)
        if len(request.headers.get("content-type", "")) > _MAX_TYPE_LENGTH:
            raise refuse("request.media_type.long", where="Content-Type", status=415)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.body_bytes:
            raise self._too_large()

    def _too_large(self) -> ServiceError:
        limit = self._settings.body_bytes // MIB
        return refuse("request.too_large", where="body", status=413, limit=limit)


def _too_many_uploads() -> ServiceError:
    return refuse("service.uploads", status=503, retry_after=5)
