"""A run on a cluster: inputs and output as in a local run, scored by remote workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from protvox.batch.messages import ResultTables, failure_of
from protvox.batch.models import models_in_use
from protvox.batch.plan import Item
from protvox.batch.progress import Progress
from protvox.batch.ray.cluster import Share, share_out, stream
from protvox.batch.ray.rows import Outcome, pack_inputs, unpack_outcomes
from protvox.batch.resources import Resources
from protvox.batch.storage.urls import is_url
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.run_results import RunResults
from protvox.errors import fail
from protvox.predict.scoring.options import ScoreOptions

_MAX_BLOCK: Final = 16
"""Maximum number of inputs sent to a worker together; it reads one while it scores another."""

_TRIES: Final = 3
_TRIES_ALONE: Final = 2
_FEW: Final = 3


class ClusterRun:
    """One pass over the inputs, on the cluster of `protvox.batch.ray.cluster.connected`.

    Parameters
    ----------
    items, options, resources, output, retry, watch, stop
        As for `protvox.batch.run.Run`. Of the resources, `cores` and `readers` are ignored.
    workers
        Number of workers; as many as the cluster has room for by default.
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
        workers: int | None = None,
    ) -> None:
        self._left = {item.id: item for item in items}
        paths = [path for item in self._left.values() for path in (item.path, item.topology)]
        relative = any(path and not is_url(path) and not os.path.isabs(path) for path in paths)
        self._folder = os.getcwd() if relative else None
        self._options = options
        self._resources = resources
        self._output = output
        self._watch = watch
        self._stop = stop
        self._workers = workers
        self._results = RunResults(output, options, resources, len(self._left), retry=retry)

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
            If a model, a device or the cluster cannot be used.

        Notes
        -----
        Results that are ready are written before an exception is raised.
        """
        models = models_in_use(self._options)
        share = share_out(self._resources.device, self._workers)
        try:
            self._output.open(self._options, models)
            self._score(share, models)
        finally:
            self._output.flush()
        return self.progress

    def _score(self, share: Share, models: dict[str, str]) -> None:
        total = len(self._left)
        together = max(1, min(_MAX_BLOCK, total // (8 * share.workers)))
        self._pass(share, models, together, tries=_TRIES)
        if self._left and not self.progress.stopped:
            # Workers died on these or on others in their block, or the cluster lost them.
            self._pass(share, models, 1, tries=_TRIES_ALONE)
        if not self._left or self.progress.stopped:
            return
        if len(self._left) == total > _FEW:
            raise fail("device.cluster.workers_died")
        died = failure_of(fail("batch.process_died.worker", tries=_TRIES_ALONE))
        for item in self._left.values():
            self._results.fail(item, "", died)

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
        if outcome.result is None:
            self._results.is_wanted(item, outcome.sha256)
        elif isinstance(outcome.result, ResultTables):
            self._results.take(item, outcome.sha256, outcome.result)
        else:
            self._results.fail(item, outcome.sha256, outcome.result)
