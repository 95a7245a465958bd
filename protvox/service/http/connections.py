"""Connections of clients: so many at a time, and none that comes in drop by drop."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST: Final = 1000
"""Connections at a time."""
HEAD_S: Final = 20.0
"""Seconds in which the head of a request has to come in, or what is left of a body after its
answer."""
LINGER_S: Final = 300.0
"""Seconds in which a client has to take its last answer."""
STALL_S: Final = 60.0
"""Seconds in which a client has to take some of what waits for it."""
LEAST_TAKEN: Final = 16 << 10
"""Bytes that are some."""


def _answer(
    line: bytes, status: int, title: str, code: str, what: str, remedy: str, headers: bytes = b""
) -> bytes:
    """Return a whole answer, for what never becomes a request."""
    body = json.dumps(
        {
            "type": f"urn:protvox:error:{code}",
            "title": title,
            "status": status,
            "detail": f"{what}. {remedy}.",
            "code": code,
            "what": what,
            "where": None,
            "remedy": remedy,
            "request_id": "",
        }
    ).encode()
    return (
        b"HTTP/1.1 %s\r\ncontent-type: application/problem+json\r\n%s"
        b"x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
    ) % (line, headers, len(body), body)


_FULL: Final = _answer(
    b"503 Service Unavailable",
    503,
    "Not possible now",
    "service.connections",
    "there are too many connections",
    "Try again later",
    b"retry-after: 5\r\n",
)
_NO_HTTP: Final = _answer(
    b"400 Bad Request",
    400,
    "The request is malformed",
    "request.http",
    "the request is not HTTP, or its head is too long",
    "Correct the request",
)


class Connection(H11Protocol):
    """One connection, with the bounds that uvicorn leaves to a proxy.

    While the application answers, its own limits hold: a body has its time, a prediction its
    deadline. Before and after, it is this class that waits.
    """

    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.write(_FULL)
            transport.close()
        self._begin(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end()
        self._end_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes in."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end()
        elif self._timer is None:
            # Uvicorn waits as long as a little comes in now and then.
            self._begin(HEAD_S)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle, also when its client does not read."""
        super().timeout_keep_alive_handler()
        self._end()
        self._begin(LINGER_S)

    def pause_writing(self) -> None:
        """Wait for a client that does not take its answer, but not for ever."""
        super().pause_writing()
        self._watch_stall()

    def resume_writing(self) -> None:
        """Go on with a client that takes its answer."""
        super().resume_writing()
        self._end_stall()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in the words of all other errors."""
        self.transport.write(_NO_HTTP)
        self.transport.close()

    def _watch_stall(self) -> None:
        self._end_stall()
        left = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(STALL_S, self._check_stall, left)

    def _check_stall(self, before: int) -> None:
        # A large answer may take long, as long as some of it goes.
        if before - self.transport.get_write_buffer_size() < LEAST_TAKEN:
            self._cut()
        else:
            self._watch_stall()

    def _end_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _begin(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._cut)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut(self) -> None:
        self.transport.abort()
