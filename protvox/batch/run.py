"""A run on this machine: one pass over a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protvox.batch.options import BatchOptions, Resources
from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.tables.output_folder import Store
from protvox.batch.tables.results import Results
from protvox.batch.workers.pipeline import Pipeline
from protvox.batch.workers.pool import WorkerPool


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
        self._items = tuple(items)
        self._options = options
        self._resources = resources
        self._store = store
        self._watch = watch
        self._stop = stop
        self._crew = WorkerPool(options, resources)
        self._results = Results(store, options, resources, len(self._items), retry=retry)

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
            If a model or the device cannot be used.

        Notes
        -----
        Whatever is ready is written before an exception leaves here.
        """
        try:
            self._store.open(self._options, self._crew.start())
            work = Pipeline(self._items, self._crew, self._resources.timeout, self._results)
            while work.busy:
                if self._stop():
                    self.progress.stopped = True
                    break
                work.step()
                self._results.flush_if_due()
                self._watch(self.progress)
        finally:
            self._crew.stop()
            self._store.flush()
        return self.progress
