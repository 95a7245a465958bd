"""Places of which each owner may hold a share only, so that one cannot take them all."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator


def share_of(total: int, share: float) -> int:
    """Return how many of some places one owner may hold, at least one.

    Parameters
    ----------
    total
        Number of places.
    share
        Fraction of them, between 0 and 1.

    Examples
    --------
    >>> share_of(8, 0.5), share_of(1, 0.5)
    (4, 1)
    """
    return max(1, int(share * total))


class Turnstile:
    """A fixed number of places for which owners wait.

    Of those who wait and are below their share, the owner with the fewest places comes first; the
    requests of each owner keep their order.

    Parameters
    ----------
    total
        Number of places.
    share
        Fraction that one owner may hold.
    """

    def __init__(self, total: int, share: float) -> None:
        self._free = total
        self._most = share_of(total, share)
        self._held: Counter[str] = Counter()
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def enter(self, owner: str) -> AsyncIterator[None]:
        """Wait for a place and hold it until the block ends.

        Parameters
        ----------
        owner
            Client that needs the place.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((owner, turn))
        self._admit()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._free += 1
                self._held[owner] -= 1
                self._held += Counter()  # forgets owners without places
            self._admit()

    def _admit(self) -> None:
        self._waiting = deque(entry for entry in self._waiting if not entry[1].done())
        while self._free:
            able = [entry for entry in self._waiting if self._held[entry[0]] < self._most]
            if not able:
                return
            owner, turn = entry = min(able, key=lambda one: self._held[one[0]])
            self._waiting.remove(entry)
            self._free -= 1
            self._held[owner] += 1
            turn.set_result(None)
