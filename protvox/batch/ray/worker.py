"""A worker on a cluster, with its own readers and model processes."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping

import pyarrow as pa

from protvox.batch.messages import Failure, ResultTables
from protvox.batch.plan import Item
from protvox.batch.ray.rows import Outcome, pack_error, pack_outcomes, unpack_inputs
from protvox.batch.resources import Resources
from protvox.batch.workers.pipeline import Pipeline
from protvox.batch.workers.pool import WorkerPool
from protvox.errors import fail
from protvox.predict.scoring.options import ScoreOptions


class Worker:
    """Scores inputs with the processes of a local run, which it keeps from call to call.

    A structure is therefore read and scored as in a local run, with the same time limits, and a
    structure that kills or blocks a process costs that process and not the worker. Ray pickles
    what it passes between the driver and its workers, but no foreign file is read in those.

    Parameters
    ----------
    options
        Options of the run.
    resources
        Resources of the worker.
    models
        ``name@version`` of each model in use, and the SHA-256 of its weights. Other weights are
        rejected.
    folder
        Folder to which paths are relative; None if all paths are absolute.
    """

    def __init__(
        self,
        options: ScoreOptions,
        resources: Resources,
        models: Mapping[str, str],
        folder: str | None = None,
    ) -> None:
        self._options = options
        self._resources = resources
        self._models = dict(models)
        self._folder = folder
        self._pool: WorkerPool | None = None

    def __call__(self, inputs: pa.Table) -> pa.Table:
        """Score inputs.

        Parameters
        ----------
        inputs
            Rows of `protvox.batch.ray.rows.pack_inputs`.

        Returns
        -------
        pyarrow.Table
            Rows of `protvox.batch.ray.rows.pack_outcomes`, or one row of `pack_error`. Nothing is
            raised, because the cluster would then lose or repeat the inputs.
        """
        try:
            pool = self._pool or self._start()
            return pack_outcomes(self._score(pool, unpack_inputs(inputs)))
        except Exception as error:
            if self._pool is not None:
                self._pool.stop()
                self._pool = None
            return pack_error(error)

    def _start(self) -> WorkerPool:
        if self._folder is not None:
            try:
                os.chdir(self._folder)
            except OSError as error:
                raise fail("batch.folder", where=self._folder, host=platform.node()) from error
        self._pool = WorkerPool(self._options, self._resources)
        models = self._pool.start()
        if models != self._models:
            raise fail("batch.other_models", where=platform.node())
        return self._pool

    def _score(self, pool: WorkerPool, inputs: Mapping[Item, str | None]) -> Iterable[Outcome]:
        outcomes = _Outcomes(inputs)
        pipeline = Pipeline(inputs, pool, self._resources.timeout, outcomes)
        while pipeline.busy:
            pipeline.step()
        return outcomes.by_id.values()


class _Outcomes:
    """Collects the outcome of each input."""

    def __init__(self, inputs: Mapping[Item, str | None]) -> None:
        self._settled = {item.id: settled for item, settled in inputs.items()}
        self.by_id: dict[str, Outcome] = {}

    def is_wanted(self, item: Item, sha256: str) -> bool:
        wanted = self._settled[item.id] != sha256
        if not wanted:
            self._note(item, sha256, None)
        return wanted

    def take(self, item: Item, sha256: str, results: ResultTables) -> None:
        self._note(item, sha256, results)

    def fail(self, item: Item, sha256: str, failure: Failure) -> None:
        self._note(item, sha256, failure)

    def _note(self, item: Item, sha256: str, result: ResultTables | Failure | None) -> None:
        self.by_id[item.id] = Outcome(item.id, sha256, item.time, result)
