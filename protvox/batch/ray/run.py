"""A run on a cluster: the same plan, parts and failures; structures are scored elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from protvox.batch.options import BatchOptions, Resources
from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.ray.cluster import Share, share_out, stream
from protvox.batch.ray.rows import Outcome, pack_inputs, unpack_outcomes
from protvox.batch.storage.urls import is_url
from protvox.batch.tables.output_folder import Store
from protvox.batch.tables.results import Results
from protvox.batch.workers.predict import Answer, models_in_use
from protvox.batch.workers.read import Failure
from protvox.errors import DeviceError

_MOST: Final = 16
"""Inputs that go to a worker together; it reads one while it computes another."""

_TRIES: Final = 3
_TRIES_ALONE: Final = 2
_FEW: Final = 3


class ClusterRun:
    """One pass over a plan, on the cluster that `protvox.batch.ray.cluster.connected` holds.

    Parameters
    ----------
    items, options, resources, store, retry, watch, stop
        As for `protvox.batch.run.Run`; only `device`, `timeout` and what is about parts is
        heeded of the resources.
    workers
        Workers on the cluster; as many as there is room for by default.
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
        workers: int | None = None,
    ) -> None:
        self._left = {item.id: item for item in items}
        places = [place for item in self._left.values() for place in (item.path, item.topology)]
        relative = any(place and not is_url(place) and not os.path.isabs(place) for place in places)
        self._folder = os.getcwd() if relative else None
        self._options = options
        self._resources = resources
        self._store = store
        self._watch = watch
        self._stop = stop
        self._workers = workers
        self._results = Results(store, options, resources, len(self._left), retry=retry)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._results.progress

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
            If a model, a device or the cluster cannot be used.

        Notes
        -----
        Whatever is ready is written before an exception leaves here.
        """
        models = models_in_use(self._options)
        share = share_out(self._resources.device, self._workers)
        try:
            self._store.open(self._options, models)
            self._score(share, models)
        finally:
            self._store.flush()
        return self.progress

    def _score(self, share: Share, models: dict[str, str]) -> None:
        total = len(self._left)
        together = max(1, min(_MOST, total // (8 * share.workers)))
        self._pass(share, models, together, tries=_TRIES)
        if self._left and not self.progress.stopped:
            # Workers died of these, or of others beside them, or the cluster lost them.
            self._pass(share, models, 1, tries=_TRIES_ALONE)
        if not self._left or self.progress.stopped:
            return
        if len(self._left) == total > _FEW:
            raise DeviceError(
                "workers of the cluster die before they have answered anything",
                remedy="Look at the logs of Ray on its machines",
                code="device.cluster",
            )
        for item in self._left.values():
            self._results.fail(
                item,
                "",
                Failure(
                    "batch.process_died",
                    f"the worker died of it {_TRIES_ALONE} times",
                    "",
                    "If memory was short, use fewer --workers, and try again with --retry",
                ),
            )

    def _pass(self, share: Share, models: dict[str, str], together: int, *, tries: int) -> None:
        resources = Resources(share.device, 1, share.cpus, self._resources.timeout)
        blocks = self._blocks(list(self._left.values()), together)
        share = replace(share, workers=min(share.workers, len(blocks)))
        ahead = 2 if together > 1 else 1
        for table in stream(
            blocks,
            (self._options, resources, models, self._folder),
            share,
            ahead=ahead,
            tries=tries,
        ):
            for outcome in () if table is None else unpack_outcomes(table):
                self._take(outcome)
            self._results.flush_if_due()
            self._watch(self.progress)
            if self._stop():
                self.progress.stopped = True
                return

    def _blocks(self, items: Sequence[Item], together: int) -> list[pa.Table]:
        rows = [(item, self._results.settled(item)) for item in items]
        return [pack_inputs(rows[at : at + together]) for at in range(0, len(rows), together)]

    def _take(self, outcome: Outcome) -> None:
        item = self._left.pop(outcome.id, None)
        if item is None:
            return
        item = replace(item, time=outcome.time)
        if outcome.said is None:
            self._results.is_wanted(item, outcome.sha256)
        elif isinstance(outcome.said, Answer):
            self._results.take(item, outcome.sha256, outcome.said)
        else:
            self._results.fail(item, outcome.sha256, outcome.said)
