"""A run: readers feed model processes, answers go to parts, whatever happens on the way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import Any, Final

import pyarrow as pa

from protvox.batch.child import Child
from protvox.batch.crew import GONE, Crew
from protvox.batch.model import Answer, Fatal
from protvox.batch.options import BatchOptions, Resources
from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.reader import Content, Failure
from protvox.batch.schema import key_values, table_schemas
from protvox.batch.store import Store

_AHEAD: Final = 2
"""Structures that wait, read, for each model process."""


@dataclass(slots=True, eq=False)
class _Work:
    item: Item
    sha256: str = ""
    structure: bytes = field(default=b"", repr=False)


class Run:
    """One pass over a plan.

    Parameters
    ----------
    items
        What to score, each id once.
    options
        What to ask.
    resources
        What to use.
    store
        Where the answers go.
    retry
        Whether to try again what failed before, although its content is the same.
    watch
        Called with the progress about every second, and whenever it changes.
    stop
        Asked as often; True ends the run with what is ready.
    """

    def __init__(
        self,
        items: Iterable[Item],
        options: BatchOptions,
        resources: Resources,
        store: Store,
        *,
        retry: bool = False,
        watch: Callable[[Progress], None] = lambda progress: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._pending = deque(items)
        self._options = options
        self._resources = resources
        self._store = store
        self._retry = retry
        self._watch = watch
        self._stop = stop
        self._ready: deque[_Work] = deque()
        self._crew = Crew(options, resources)
        self._oldest: float | None = None
        self.progress = Progress(len(self._pending))

    def execute(self) -> Progress:
        """Score everything.

        Returns
        -------
        Progress
            At the end.

        Raises
        ------
        UsageError
            If the folder holds results of other options or models.
        ModelError, DeviceError
            If a model or the device cannot be used.

        Notes
        -----
        Whatever is ready is written before an exception leaves here.
        """
        try:
            self._store.open(self._options, self._crew.start())
            while self._pending or self._ready or self._crew.busy:
                if self._stop():
                    self.progress.stopped = True
                    break
                self._step()
                self._watch(self.progress)
        finally:
            self._crew.stop()
            self._store.flush()
        return self.progress

    def _step(self) -> None:
        self._feed_models()
        self._feed_readers()
        children: dict[Any, Child] = {child.pipe: child for child in self._crew}
        for pipe in wait(list(children), timeout=1.0):
            self._try(self._receive, children[pipe])
        now = time.monotonic()
        for child in [child for child in self._crew if child.deadline < now]:
            self._give_up(child)
        aged = self._oldest is not None and now - self._oldest > self._resources.flush_seconds
        if aged or self._store.waiting_rows > self._resources.flush_rows:
            self._store.flush()
            self._oldest = None

    def _feed_models(self) -> None:
        for child in self._crew.idle_models()[: len(self._ready)]:
            child.assign(self._ready.popleft(), self._resources.timeout)
            self._try(self._hand_over, child)

    def _feed_readers(self) -> None:
        idle = self._crew.idle_readers()
        underway = len(self._ready) + len(self._crew.readers) - len(idle)
        room = max(0, _AHEAD * len(self._crew.models) + len(self._crew.readers) - underway)
        for child in idle[: min(room, len(self._pending))]:
            work = _Work(self._pending.popleft())
            child.assign(work, self._resources.timeout)
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
                self._fail(child.held, Failure(
                    "batch.process_died",
                    f"the process died while {self._doing(child)} ({reason})", "",
                    "If memory was short, use fewer --workers, and try again with --retry",
                ))  # fmt: skip
            self._crew.replace(child, reason)

    def _give_up(self, child: Child) -> None:
        if self._crew.is_starting(child):
            self._crew.check_start(child)
        self._fail(child.held, Failure(
            "batch.timeout", f"{self._doing(child)} took more than {self._resources.timeout:g} s",
            "", "Give more time with --timeout, and try again with --retry",
        ))  # fmt: skip
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
            self._take(work, message)
        elif isinstance(message, Content):
            work.sha256 = message.sha256
            work.item = replace(work.item, time=message.time)
            wanted = self._is_wanted(work)
            if not wanted:
                child.assign(None)
            child.pipe.send(wanted)
        else:
            work.structure = child.pipe.recv_bytes()
            child.assign(None)
            self._ready.append(work)

    def _is_wanted(self, work: _Work) -> bool:
        item = work.item
        known = self._store.entries.get(item.id)
        if known is None or known.work != (work.sha256, item.chain, item.chopping):
            return True
        if known.done:
            self.progress.kept += 1
        elif self._retry:
            return True
        else:
            self.progress.kept_failed += 1
        return False

    def _take(self, work: _Work, answer: Answer) -> None:
        tables = {"domains": answer.domains, "residues": answer.residues}
        self._keep(work, tables, status="done", **answer.about)
        self.progress.done += 1
        self.progress.residues += int(answer.about["n_residues"])

    def _fail(self, work: _Work, failure: Failure) -> None:
        item = work.item
        known = self._store.entries.get(item.id)
        if not work.sha256 and known is not None and known.done:
            # A disk that is away must not cost the answers that are there.
            self.progress.kept += 1
            self.progress.unread += 1
            return
        schema = table_schemas(self._options)["failures"]
        row = key_values(item, schema) | failure._asdict()
        self._keep(work, {"failures": pa.Table.from_pylist([row], schema)}, status="failed")
        self.progress.failed += 1

    def _keep(self, work: _Work, tables: dict[str, pa.Table], **about: Any) -> None:
        self._store.add(work.item, work.sha256, tables, **about)
        if self._oldest is None:
            self._oldest = time.monotonic()
