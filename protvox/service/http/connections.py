"""Client connections: their number is limited, also for each address; slow ones are closed."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from protvox.service.failures import ServiceError, refuse
from protvox.service.http.guard import owner_of
from protvox.service.http.problems import problem
from protvox.service.shares import share_of

MAX_CONNECTIONS: Final = 1000
"""Maximum number of connections at a time."""
_OTHER_FILES: Final = 48
"""Files that are not connections: pipes to child processes, jobs and libraries."""
HEAD_S: Final = 20.0
"""Seconds within which the head of a request must arrive, or, after the response, the rest of its
body."""
LINGER_S: Final = 300.0
"""Seconds within which a client must read its last response."""
STALL_S: Final = 60.0
"""Seconds within which a client must read at least `MIN_READ` bytes of what waits for it."""
MIN_READ: Final = 16 << 10
"""Bytes that count as progress."""
PER_S: Final = 100.0
"""Requests per second that are handled for one address; further ones wait."""
AT_ONCE: Final = 500
"""Requests of one address that are handled without a pause; the page, with a result, needs 70."""
_MAX_OWNERS: Final = 10_000


def _raw_response(error: ServiceError, reason: bytes, headers: bytes = b"") -> bytes:
    """Return a complete HTTP response, for connections on which no request was parsed."""
    body = json.dumps(problem(error, error.status)).encode()
    return (
        b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\n%s"
        b"x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
    ) % (error.status, reason, headers, len(body), body)


_FULL: Final = _raw_response(
    refuse("service.connections", status=503), b"Service Unavailable", b"retry-after: 5\r\n"
)
_NOT_HTTP: Final = _raw_response(refuse("request.http", status=400), b"Bad Request")


class Pace:
    """When the next request of each owner of connections may be handled.

    One process answers all requests: one that is refused, or has a small response, takes it half a
    millisecond. Hundreds of connections that send them without a pause would fill all its time.

    Parameters
    ----------
    per_s
        Requests per second of one owner.
    at_once
        Requests that need not wait after a pause.
    clock
        Returns seconds; replaced in tests.
    """

    def __init__(
        self, per_s: float, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s = per_s
        self._at_once = at_once
        self._clock = clock
        self._next: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, owner: str) -> float:
        """Reserve the next turn of an owner, and return the seconds until then.

        Parameters
        ----------
        owner
            Address or network of the connection.

        Examples
        --------
        >>> pace = Pace(10, 2, clock=lambda: 0.0)
        >>> [round(pace.wait_s("a"), 3) for _ in range(4)]
        [0.0, 0.0, 0.1, 0.2]
        """
        now = self._clock()
        # When the turn would be if none could be saved up.
        due = max(self._next.pop(owner, -math.inf), now - (self._at_once - 1) / self._per_s)
        self._next[owner] = due + 1 / self._per_s
        while len(self._next) > _MAX_OWNERS:
            self._next.popitem(last=False)
        return max(due - now, 0.0)


def connections_within(files: int) -> int:
    """Return how many connections a process may have at a time.

    Parameters
    ----------
    files
        Its limit of open files, -1 for none.

    Examples
    --------
    >>> connections_within(4096), connections_within(64)
    (1000, 8)
    """
    if files < 0:
        return MAX_CONNECTIONS
    # A new connection over the limit has a descriptor until it is refused.
    return max(1, min(MAX_CONNECTIONS, (files - _OTHER_FILES) // 2))


def connection_class(
    most: int, share: float = 1.0, proxies: Sequence[str] = ()
) -> type[Connection]:
    """Return the connections of a server that has at most so many of them.

    Parameters
    ----------
    most
        Maximum number at a time.
    share
        Fraction of them that one address may hold.
    proxies
        Addresses or networks of proxies, which hold the connections of many clients.
    """
    limits = {
        "most": most,
        "most_own": share_of(most, share),
        "proxies": tuple(ipaddress.ip_network(proxy) for proxy in proxies),
        "by_owner": Counter(),
        "pace": Pace(PER_S, AT_ONCE),
    }
    return type("LimitedConnection", (Connection,), limits)


class Connection(H11Protocol):
    """One connection, with the limits that uvicorn leaves to a proxy.

    While the application handles a request, its own limits apply: a time limit for the body, a
    deadline for the prediction. This class limits the time before and after.

    Attributes
    ----------
    most
        Maximum number of connections at a time; None for `MAX_CONNECTIONS`.
    most_own
        Maximum number from one address, or network (IPv6); None for no limit.
    proxies
        Networks without this limit.
    by_owner
        Number of connections from each address.
    pace
        Limits how fast the requests of one address are handled; None for no limit.
    """

    most: int | None = None
    most_own: int | None = None
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    by_owner: ClassVar[Counter[str]] = Counter()
    pace: Pace | None = None

    _owner: str = ""
    _from_proxy = False
    _has_turn = False
    _turn: asyncio.TimerHandle | None = None
    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or refuse it if there are too many."""
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        self._owner = owner_of(host)
        self._from_proxy = self._is_proxy(host)
        self.by_owner[self._owner] += 1
        too_many_own = self.most_own is not None and self.by_owner[self._owner] > self.most_own
        if len(self.connections) > (self.most or MAX_CONNECTIONS) or (
            too_many_own and not self._from_proxy
        ):
            transport.write(_FULL)
            transport.close()
        self._start_timer(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        self._stop_timer()
        self._stop_stall_timer()
        if self._turn is not None:
            self._turn.cancel()
        self.by_owner[self._owner] -= 1
        if not self.by_owner[self._owner]:
            del self.by_owner[self._owner]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Process received data."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._time_head()

    def _time_head(self) -> None:
        """Start or stop the time limit for the rest of what the client sends."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_timer()
        elif self._timer is None and self._turn is None:
            # Uvicorn itself would wait as long as a few bytes arrive now and then.
            self._start_timer(HEAD_S)

    def handle_events(self) -> None:
        """Process the data received so far, once it is the turn of this address."""
        if self._turn is not None:
            return
        before = self.cycle
        starts = before is None or before.response_complete
        if starts and not self._has_turn and self.conn.trailing_data[0]:
            wait_s = 0.0 if self.pace is None or self._from_proxy else self.pace.wait_s(self._owner)
            self._has_turn = True
            if wait_s > 0:
                self._stop_timer()
                self._unset_keepalive_if_required()
                self.flow.pause_reading()
                self._turn = self.loop.call_later(wait_s, self._take_turn)
                return
        super().handle_events()
        if self.cycle is not before:
            self._has_turn = False

    def _take_turn(self) -> None:
        self._turn = None
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self.handle_events()
        self._time_head()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even if its client does not read."""
        super().timeout_keep_alive_handler()
        self._stop_timer()
        self._start_timer(LINGER_S)

    def pause_writing(self) -> None:
        """Start the time limit for a client that does not read its response."""
        super().pause_writing()
        self._start_stall_timer()

    def resume_writing(self) -> None:
        """Stop the time limit once the client reads."""
        super().resume_writing()
        self._stop_stall_timer()

    def send_400_response(self, msg: str) -> None:
        """Refuse data that is not HTTP, with a problem document."""
        self.transport.write(_NOT_HTTP)
        self.transport.close()

    def _is_proxy(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.proxies)

    def _start_stall_timer(self) -> None:
        self._stop_stall_timer()
        unread = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(STALL_S, self._check_stall, unread)

    def _check_stall(self, before: int) -> None:
        # A large response may take long, provided that there is progress.
        if before - self.transport.get_write_buffer_size() < MIN_READ:
            self._abort()
        else:
            self._start_stall_timer()

    def _stop_stall_timer(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _start_timer(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _abort(self) -> None:
        self.transport.abort()
