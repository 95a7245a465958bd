"""Request bodies, received within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

from protvox.service.failures import ServiceError, client_gone, refuse
from protvox.service.settings import ServiceSettings
from protvox.structure.limits import MIB

_MAX_TYPE_LENGTH: Final = 512
_MAX_UPLOADS: Final = 512


class Bodies:
    """All request bodies in memory.

    Parameters
    ----------
    settings
        The limits.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._max_bytes = settings.bodies_mib * MIB
        self._bytes = 0
        self._uploads = 0

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[bytearray]:
        """Receive the body of a request. Its memory is accounted for until the block ends.

        Parameters
        ----------
        request
            The request.

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
        if self._uploads >= _MAX_UPLOADS:
            raise _too_many_uploads()
        self._uploads += 1
        body = bytearray()
        try:
            await self._fill(body, request)
            yield body
        finally:
            self._uploads -= 1
            self._bytes -= len(body)
            # The caller may keep the object while it waits for the prediction.
            body.clear()

    async def _fill(self, body: bytearray, request: Request) -> None:
        try:
            async with asyncio.timeout(self._settings.body_s):
                async for chunk in request.stream():
                    self._reserve(len(body), len(chunk))
                    body += chunk
        except TimeoutError as error:
            raise refuse("request.slow", where="body", status=408) from error
        except ClientDisconnect as error:
            raise client_gone() from error

    def _reserve(self, received: int, more: int) -> None:
        if received + more > self._settings.body_bytes:
            raise self._too_large()
        if self._bytes + more > self._max_bytes:
            raise _too_many_uploads()
        self._bytes += more

    def _check_headers(self, request: Request) -> None:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise refuse("request.encoding", where="Content-Encoding", status=415)
        if len(request.headers.get("content-type", "")) > _MAX_TYPE_LENGTH:
            raise refuse("request.media_type.long", where="Content-Type", status=415)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.body_bytes:
            raise self._too_large()

    def _too_large(self) -> ServiceError:
        limit = self._settings.body_mib
        return refuse("request.too_large", where="body", status=413, limit=limit)


def _too_many_uploads() -> ServiceError:
    return refuse("service.uploads", status=503, retry_after=5)
