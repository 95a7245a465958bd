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

_BODY: Final = json.dumps(
    {
        "type": "urn:protvox:error:service.connections", "title": "Not possible now",
        "status": 503, "detail": "There are too many connections. Try again later.",
        "code": "service.connections", "what": "there are too many connections", "where": None,
        "remedy": "Try again later", "request_id": "",
    }
).encode()  # fmt: skip
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n"
    b"retry-after: 5\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
) % (len(_BODY), _BODY)


class Connection(H11Protocol):
    """One connection, with the bounds that uvicorn leaves to a proxy.

    While the application answers, its own limits hold: a body has its time, a prediction its
    deadline. Before and after, it is this class that waits.
    """

    _timer: asyncio.TimerHandle | None = None

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

    def _begin(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._cut)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut(self) -> None:
        self.transport.abort()
