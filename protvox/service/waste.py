"""Computing time that clients waste, which is limited."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from protvox.errors import ProtvoxError
from protvox.service.failures import refuse, status_of

AT_ONCE_MINUTES: Final = 15.0
"""Minutes whose allowance a client may waste at once, and for which it waits at most."""
QUIET_S: Final = 30.0
"""Least seconds for which a client that is refused is asked to wait."""
HASTE_S: Final = 2.0
"""Seconds after a refusal within which a further one cancels what was regained meanwhile."""
_MAX_CLIENTS: Final = 10_000
_SERVER_ERROR: Final = 500


class Waste:
    """Limits the CPU time spent for each client on requests that fail or are left by it.

    A body costs its sender less than the service that reads it. Time that leads to a result is not
    counted, nor is that of failures of the service.

    Parameters
    ----------
    per_minute
        CPU seconds that a client may waste per minute; 0 means no limit.
    clock
        Returns seconds; replaced in tests.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_minute / 60
        self._at_once = AT_ONCE_MINUTES * per_minute
        self._clock = clock
        # Seconds left to each client, and when.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, client: str) -> None:
        """Refuse a request of a client that has wasted too much.

        A client that sends on without a pause regains nothing and stays refused. The threads of
        one that waits as long as ``Retry-After`` says may come one after the other.

        Parameters
        ----------
        client
            The client.

        Raises
        ------
        ServiceError
            ``request.waste``.
        """
        left, since = self._left.get(client, (self._at_once, 0.0))
        quiet_s = self._clock() - since
        if quiet_s > HASTE_S:
            left += quiet_s * self._per_s
        if left < 0:
            self._set(client, left)
            wait_s = max(QUIET_S, -left / self._per_s)
            raise refuse("request.waste", where="requests", status=429, retry_after=wait_s)

    @contextmanager
    def watch(self, client: str) -> Iterator[Callable[[float], None]]:
        """Count the time spent on a request, if it fails because of its client.

        Parameters
        ----------
        client
            The client.

        Yields
        ------
        spend : callable
            To be called with CPU seconds, also after the request has ended.
        """
        total, failed = 0.0, False

        def spend(seconds: float) -> None:
            nonlocal total
            total += seconds
            if failed:
                self._add(client, seconds)

        try:
            yield spend
        except ProtvoxError as error:
            failed = status_of(error) < _SERVER_ERROR
            if failed:
                self._add(client, total)
            raise

    def _add(self, client: str, seconds: float) -> None:
        if self._per_s:
            before, since = self._left.get(client, (self._at_once, 0.0))
            regained = (self._clock() - since) * self._per_s
            left = min(before + regained, self._at_once) - seconds
            self._set(client, max(left, -self._at_once))

    def _set(self, client: str, left: float) -> None:
        self._left[client] = left, self._clock()
        self._left.move_to_end(client)
        if len(self._left) > _MAX_CLIENTS:
            self._left.popitem(last=False)
