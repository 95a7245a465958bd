"""Structures through a crew: readers feed model processes, whatever happens on the way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import Any, Final, Protocol

from protvox.batch.plan import Item
from protvox.batch.workers.pool import GONE, WorkerPool
from protvox.batch.workers.predict import Answer, Fatal
from protvox.batch.workers.process import Child
from protvox.batch.workers.read import Content, Failure

_AHEAD: Final = 2
"""Structures that wait, read, for each model process."""


class Sink(Protocol):
    """Where answers go."""

    def is_wanted(self, item: Item, sha256: str) -> bool:
        """Tell whether an input is to be computed, now that its content is known."""

    def take(self, item: Item, sha256: str, answer: Answer) -> None:
        """Take the answer about an input."""

    def fail(self, item: Item, sha256: str, failure: Failure) -> None:
        """Take note of why an input has no answer; `sha256` is ``""`` if it was not read."""


@dataclass(slots=True, eq=False)
class _Work:
    item: Item
    sha256: str = ""
    structure: bytes = field(default=b"", repr=False)


class Pipeline:
    """Inputs on their way through readers and model processes.

    Parameters
    ----------
    items
        What to score, each id once.
    crew
        The processes, started.
    timeout
        Seconds for reading a structure, and again for computing it.
    sink
        Where the answers go.
    """

    def __init__(self, items: Iterable[Item], crew: WorkerPool, timeout: float, sink: Sink) -> None:
        self._pending = deque(items)
        self._crew = crew
        self._timeout = timeout
        self._sink = sink
        self._ready: deque[_Work] = deque()

    @property
    def busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._pending or self._ready or self._crew.busy)

    def step(self) -> None:
        """Hand out work and take what comes back, for about a second at most.

        Raises
        ------
        ModelError, DeviceError
            If every structure would fail.
        """
        self._feed_models()
        self._feed_readers()
        children: dict[Any, Child] = {child.pipe: child for child in self._crew}
        for pipe in wait(list(children), timeout=1.0):
            self._try(self._receive, children[pipe])
        now = time.monotonic()
        for child in [child for child in self._crew if child.deadline < now]:
            self._give_up(child)

    def _feed_models(self) -> None:
        for child in self._crew.idle_models()[: len(self._ready)]:
            child.assign(self._ready.popleft(), self._timeout)
            self._try(self._hand_over, child)

    def _feed_readers(self) -> None:
        idle = self._crew.idle_readers()
        underway = len(self._ready) + len(self._crew.readers) - len(idle)
        room = max(0, _AHEAD * len(self._crew.models) + len(self._crew.readers) - underway)
        for child in idle[: min(room, len(self._pending))]:
            work = _Work(self._pending.popleft())
            child.assign(work, self._timeout)
            self._try(lambda child: child.pipe.send(child.held.item), child)

    def _hand_over(self, child: Child) -> None:
        child.pipe.send(child.held.item)
        child.pipe.send_bytes(child.held.structure)
        child.held.structure = b""

    def _try(self, exchange: Callable[[Child], object], child: Child) -> None:
        try:
            exchange(child)
        except GONE:
            reason = child.obituary()
            if child.held is not None:
                self._fail(
                    child.held,
                    Failure(
                        "batch.process_died",
                        f"the process died while {self._doing(child)} ({reason})",
                        "",
                        "If memory was short, use fewer --workers, and try again with --retry",
                    ),
                )
            self._crew.replace(child, reason)

    def _give_up(self, child: Child) -> None:
        if self._crew.is_starting(child):
            self._crew.check_start(child)
        self._fail(
            child.held,
            Failure(
                "batch.timeout",
                f"{self._doing(child)} took more than {self._timeout:g} s",
                "",
                "Give more time with --timeout, and try again with --retry",
            ),
        )
        self._crew.replace(child, "stuck")

    def _doing(self, child: Child) -> str:
        return "reading" if self._crew.is_reader(child) else "computing"

    def _receive(self, child: Child) -> None:
        if self._crew.is_starting(child):
            self._crew.greet(child)
            return
        work: _Work = child.held
        message = child.pipe.recv()
        if isinstance(message, Fatal):
            raise message.error
        if isinstance(message, Failure):
            child.assign(None)
            self._fail(work, message)
        elif isinstance(message, Answer):
            child.assign(None)
            self._sink.take(work.item, work.sha256, message)
        elif isinstance(message, Content):
            work.sha256 = message.sha256
            work.item = replace(work.item, time=message.time)
            wanted = self._sink.is_wanted(work.item, work.sha256)
            if not wanted:
                child.assign(None)
            child.pipe.send(wanted)
        else:
            work.structure = child.pipe.recv_bytes()
            child.assign(None)
            self._ready.append(work)

    def _fail(self, work: _Work, failure: Failure) -> None:
        self._sink.fail(work.item, work.sha256, failure)
