"""Bodies of requests, taken in within bounds of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

from protvox.service.failures import ServiceError, busy, client_gone
from protvox.service.settings import ServiceSettings
from protvox.structure.limits import MIB

_LONGEST_TYPE: Final = 512
_MOST_UPLOADS: Final = 512


class Bodies:
    """All bodies held at the moment.

    Parameters
    ----------
    settings
        The bounds.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._most = settings.bodies_mib * MIB
        self._held = 0
        self._uploads = 0

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[bytearray]:
        """Take in the body of a request; its memory counts until the block ends.

        Parameters
        ----------
        request
            The request.

        Yields
        ------
        bytearray
            The whole body.

        Raises
        ------
        ServiceError
            ``request.too_large``, ``request.slow``, ``request.encoding``,
            ``request.disconnected``, or ``service.uploads`` when too many or too large bodies
            come in at once.
        """
        self._check_headers(request)
        if self._uploads >= _MOST_UPLOADS:
            raise _too_many()
        self._uploads += 1
        body = bytearray()
        try:
            await self._fill(body, request)
            yield body
        finally:
            self._uploads -= 1
            self._held -= len(body)
            # Others still have the object while they wait for what was in it.
            body.clear()

    async def _fill(self, body: bytearray, request: Request) -> None:
        try:
            async with asyncio.timeout(self._settings.body_s):
                async for chunk in request.stream():
                    self._reserve(len(body), len(chunk))
                    body += chunk
        except TimeoutError as error:
            raise ServiceError(
                "the body comes in too slowly",
                where="body",
                remedy="Use a faster connection",
                code="request.slow",
                status=408,
            ) from error
        except ClientDisconnect as error:
            raise client_gone() from error

    def _reserve(self, have: int, more: int) -> None:
        if have + more > self._settings.body_bytes:
            raise self._too_large()
        if self._held + more > self._most:
            raise _too_many()
        self._held += more

    def _check_headers(self, request: Request) -> None:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise ServiceError(
                "the body is encoded as a whole",
                where="Content-Encoding",
                remedy="Compress the structure file instead, or send it plain",
                code="request.encoding",
                status=415,
            )
        if len(request.headers.get("content-type", "")) > _LONGEST_TYPE:
            raise ServiceError(
                "the content type is too long",
                where="Content-Type",
                remedy="Send a shorter boundary",
                code="request.media_type",
                status=415,
            )
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.body_bytes:
            raise self._too_large()

    def _too_large(self) -> ServiceError:
        return ServiceError(
            f"the body is larger than {self._settings.body_mib} MiB",
            where="body",
            remedy="Compress the structure, or use protvox on the command line",
            code="request.too_large",
            status=413,
        )


def _too_many() -> ServiceError:
    return busy("too many uploads at once", "service.uploads", 5)
