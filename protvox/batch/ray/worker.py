"""The worker of a cluster: readers and model processes of its own, behind one call."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from protvox.batch.options import BatchOptions, Resources
from protvox.batch.plan import Item
from protvox.batch.ray.rows import Outcome, pack_error, pack_outcomes, unpack_inputs
from protvox.batch.workers.pipeline import Pipeline
from protvox.batch.workers.pool import WorkerPool
from protvox.batch.workers.predict import Answer
from protvox.batch.workers.read import Failure
from protvox.errors import ModelError, UsageError

_DIED: Final = "batch.process_died"


class Worker:
    """Scores inputs with the processes of a local run, which it keeps from call to call.

    So a structure is read and computed as in a local run, with the same limits of time, and
    one that kills or blocks a process costs that process and not the worker.

    Parameters
    ----------
    options
        What to ask.
    resources
        What it may use.
    models
        ``name@version`` of the models in use to the SHA-256 of their weights; other weights
        are refused.
    folder
        What paths are relative to; None if none are.
    """

    def __init__(
        self,
        options: BatchOptions,
        resources: Resources,
        models: Mapping[str, str],
        folder: str | None = None,
    ) -> None:
        self._options = options
        self._resources = resources
        self._models = dict(models)
        self._folder = folder
        self._crew: WorkerPool | None = None

    def __call__(self, inputs: pa.Table) -> pa.Table:
        """Score inputs.

        Parameters
        ----------
        inputs
            Rows of `protvox.batch.ray.rows.pack_inputs`.

        Returns
        -------
        pyarrow.Table
            Rows of `protvox.batch.ray.rows.pack_outcomes`, or one of `pack_error`; this
            never raises, since a cluster would lose or repeat the inputs.
        """
        try:
            crew = self._crew or self._start()
            return pack_outcomes(self._score(crew, unpack_inputs(inputs)))
        except Exception as error:
            if self._crew is not None:
                self._crew.stop()
                self._crew = None
            return pack_error(error)

    def _start(self) -> WorkerPool:
        if self._folder is not None:
            try:
                os.chdir(self._folder)
            except OSError as error:
                raise UsageError(
                    f"{platform.node()} does not have this folder, which paths are relative to",
                    where=self._folder,
                    code="batch.folder",
                    remedy="Run it from one that all machines have, or give whole paths",
                ) from error
        # The processes would import the main module, which is Ray's and takes seconds.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self._crew = WorkerPool(self._options, self._resources)
        models = self._crew.start()
        if models != self._models:
            raise ModelError(
                "a machine of the cluster has other models than this one",
                where=platform.node(),
                code="batch.other_models",
                remedy="Install the same protvox on all of them",
            )
        return self._crew

    def _score(self, crew: WorkerPool, inputs: Mapping[Item, str | None]) -> Iterable[Outcome]:
        outcomes = _Outcomes(inputs)
        self._pass(crew, inputs, outcomes)
        for item in outcomes.died():
            # Memory may have been short because of somebody else on this machine.
            self._pass(crew, [item], outcomes)
        return outcomes.by_id.values()

    def _pass(self, crew: WorkerPool, items: Iterable[Item], outcomes: _Outcomes) -> None:
        work = Pipeline(items, crew, self._resources.timeout, outcomes)
        while work.busy:
            work.step()


class _Outcomes:
    """Gathers what becomes of inputs; the last word about each holds."""

    def __init__(self, inputs: Mapping[Item, str | None]) -> None:
        self._settled = {item.id: settled for item, settled in inputs.items()}
        self._items = {item.id: item for item in inputs}
        self.by_id: dict[str, Outcome] = {}

    def died(self) -> list[Item]:
        """Return the inputs whose process died."""
        return [
            self._items[key]
            for key, outcome in self.by_id.items()
            if isinstance(outcome.said, Failure) and outcome.said.code == _DIED
        ]

    def is_wanted(self, item: Item, sha256: str) -> bool:
        wanted = self._settled[item.id] != sha256
        if not wanted:
            self._note(item, sha256, None)
        return wanted

    def take(self, item: Item, sha256: str, answer: Answer) -> None:
        self._note(item, sha256, answer)

    def fail(self, item: Item, sha256: str, failure: Failure) -> None:
        self._note(item, sha256, failure)

    def _note(self, item: Item, sha256: str, said: Answer | Failure | None) -> None:
        self.by_id[item.id] = Outcome(item.id, sha256, item.time, said)
