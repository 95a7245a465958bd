"""Structures on their way through a pool of processes, whatever fails on the way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from protvox.batch.messages import (
    Content,
    Failure,
    ResultTables,
    failure_of,
    parse_reading,
    parse_result,
)
from protvox.batch.plan import Item
from protvox.batch.workers.pool import WorkerPool
from protvox.batch.workers.process import Child, wait_for_messages
from protvox.errors import fail
from protvox.processes.child import ChildGone
from protvox.processes.messages import Message

_QUEUED_PER_MODEL: Final = 2
"""Structures that wait, already read, for each model process."""

_ATTEMPTS: Final = 2
"""Processes that may die with an input before it fails."""


class Sink(Protocol):
    """Where results go."""

    def is_wanted(self, item: Item, sha256: str) -> bool:
        """Return whether an input must be scored, now that its content is known."""

    def take(self, item: Item, sha256: str, results: ResultTables) -> None:
        """Take the results of an input."""

    def fail(self, item: Item, sha256: str, failure: Failure) -> None:
        """Take the failure of an input; `sha256` is ``""`` if it was not read."""


@dataclass(slots=True, eq=False)
class _Work:
    item: Item
    sha256: str = ""
    structure: bytes = field(default=b"", repr=False)
    deaths: int = 0


class Pipeline:
    """Passes inputs through readers and model processes.

    An input whose process died is tried once more, alone, after all others: the process may have
    died because other programs, or other inputs, had used up the memory.

    Parameters
    ----------
    items
        Inputs, each id once.
    pool
        The processes, started.
    timeout
        Time limit in seconds, for reading a structure and again for scoring it.
    sink
        Where the results go.
    """

    def __init__(self, items: Iterable[Item], pool: WorkerPool, timeout: float, sink: Sink) -> None:
        self._pending = deque(_Work(item) for item in items)
        self._suspects: deque[_Work] = deque()
        self._pool = pool
        self._timeout = timeout
        self._sink = sink
        self._ready: deque[_Work] = deque()

    @property
    def busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._suspects) or self._is_busy_with_others

    @property
    def _is_busy_with_others(self) -> bool:
        return bool(self._pending or self._ready or self._pool.busy)

    def step(self) -> None:
        """Distribute work and collect results, for about a second at most.

        Raises
        ------
        ModelError, DeviceError
            If every structure would fail.
        """
        if self._suspects and not self._is_busy_with_others:
            self._pending.append(self._suspects.popleft())
        self._feed_models()
        self._feed_readers()
        for child in wait_for_messages(self._pool, timeout=1.0):
            self._try(self._receive, child)
        now = time.monotonic()
        for child in [child for child in self._pool if child.deadline < now]:
            self._give_up(child)

    def _feed_models(self) -> None:
        if self._ready:
            self._pool.grow()
        for child in self._pool.idle_models()[: len(self._ready)]:
            child.assign(self._ready.popleft(), self._timeout)
            self._try(self._send_structure, child)

    def _feed_readers(self) -> None:
        idle = self._pool.idle_readers()
        underway = len(self._ready) + len(self._pool.readers) - len(idle)
        room = _QUEUED_PER_MODEL * len(self._pool.models) + len(self._pool.readers) - underway
        for child in idle[: min(max(0, room), len(self._pending))]:
            child.assign(self._pending.popleft(), self._timeout)
            self._try(lambda child: child.send({"item": child.work.item.to_json()}), child)

    def _send_structure(self, child: Child) -> None:
        work: _Work = child.work
        child.send({"item": work.item.to_json(), "structure": work.structure})
        work.structure = b""

    def _try(self, exchange: Callable[[Child], object], child: Child) -> None:
        try:
            exchange(child)
        except ChildGone as error:
            if child.work is not None:
                self._note_death(child, str(error))
            self._pool.replace(child, str(error))

    def _note_death(self, child: Child, reason: str) -> None:
        work: _Work = child.work
        if work.deaths + 1 < _ATTEMPTS:
            self._suspects.append(_Work(work.item, deaths=work.deaths + 1))
            return
        died = fail("batch.process_died", doing=self._doing(child), reason=reason)
        self._fail(work, failure_of(died))

    def _give_up(self, child: Child) -> None:
        if self._pool.is_starting(child):
            self._pool.check_start(child)
        late = fail("batch.timeout", doing=self._doing(child), seconds=f"{self._timeout:g}")
        self._fail(child.work, failure_of(late))
        self._pool.replace(child, "stuck")

    def _doing(self, child: Child) -> str:
        return "reading" if self._pool.is_reader(child) else "scoring"

    def _receive(self, child: Child) -> None:
        for message in child.receive():
            if self._pool.is_starting(child):
                self._pool.finish_start(child, message)
            elif child.work is None:
                raise ChildGone("it sent a message without being asked")
            elif self._pool.is_reader(child):
                self._take_reading(child, message)
            else:
                self._take_result(child, message)

    def _take_reading(self, child: Child, message: Message) -> None:
        work: _Work = child.work
        reading = parse_reading(message)
        if isinstance(reading, Failure):
            child.assign(None)
            self._fail(work, reading)
        elif isinstance(reading, Content) and not work.sha256:
            work.sha256 = reading.sha256
            work.item = replace(work.item, time=reading.time)
            wanted = self._sink.is_wanted(work.item, work.sha256)
            if not wanted:
                child.assign(None)
            child.send({"wanted": wanted})
        elif isinstance(reading, bytes) and work.sha256:
            work.structure = reading
            child.assign(None)
            self._ready.append(work)
        else:
            raise ChildGone("it sent its messages in the wrong order")
        self._pool.forget_deaths()

    def _take_result(self, child: Child, message: Message) -> None:
        work: _Work = child.work
        result = parse_result(message)
        child.assign(None)
        self._pool.forget_deaths()
        if isinstance(result, Failure):
            self._fail(work, result)
        else:
            self._sink.take(work.item, work.sha256, result)

    def _fail(self, work: _Work, failure: Failure) -> None:
        self._sink.fail(work.item, work.sha256, failure)
