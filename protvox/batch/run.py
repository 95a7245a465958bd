"""A run on this machine: one pass over the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.resources import Resources
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.run_results import RunResults
from protvox.batch.workers.pipeline import Pipeline
from protvox.batch.workers.pool import WorkerPool
from protvox.predict.scoring.options import ScoreOptions


class Run:
    """One pass over the inputs.

    Parameters
    ----------
    items
        Inputs, each id once.
    options
        Options of the run.
    resources
        Resources of the run.
    output
        Where the results go.
    retry
        Whether to retry inputs that failed before and have not changed.
    watch
        Called with the progress about every second, and whenever it changes.
    stop
        Called as often; if it returns True, the run writes what is ready and ends.
    """

    def __init__(
        self,
        items: Iterable[Item],
        options: ScoreOptions,
        resources: Resources,
        output: OutputFolder,
        *,
        retry: bool = False,
        watch: Callable[[Progress], None] = lambda progress: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._items = tuple(items)
        self._options = options
        self._resources = resources
        self._output = output
        self._watch = watch
        self._stop = stop
        self._pool = WorkerPool(options, resources)
        self._results = RunResults(output, options, resources, len(self._items), retry=retry)

    @property
    def progress(self) -> Progress:
        """Progress of the run."""
        return self._results.progress

    def execute(self) -> Progress:
        """Score all inputs.

        Returns
        -------
        Progress
            Final progress.

        Raises
        ------
        UsageError
            If the folder holds results of other options or models.
        ModelError, DeviceError
            If a model or the device cannot be used.

        Notes
        -----
        Results that are ready are written before an exception is raised.
        """
        try:
            self._output.open(self._options, self._pool.start())
            pipeline = Pipeline(self._items, self._pool, self._resources.timeout, self._results)
            while pipeline.busy:
                if self._stop():
                    self.progress.stopped = True
                    break
                pipeline.step()
                self._results.flush_if_due()
                self._watch(self.progress)
        finally:
            self._pool.stop()
            self._output.flush()
        return self.progress
