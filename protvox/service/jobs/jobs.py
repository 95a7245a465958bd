"""Jobs: accepted at once, computed in the background, kept for a day."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from protvox.service.failures import ServiceError, refuse
from protvox.service.jobs.records import JobRecord, Usage
from protvox.service.jobs.room import is_full
from protvox.service.jobs.runner import JobRunner
from protvox.service.jobs.store import JobStore
from protvox.service.logs import log
from protvox.service.metrics import Metrics
from protvox.service.parsed_request import ParsedRequest
from protvox.service.schemas import Job, JobOptions
from protvox.service.settings import ServiceSettings
from protvox.service.workers.engine import Engine

_MOST_OWN_JOBS: Final = 10_000
"""Jobs kept for one owner; counting what more of them use would take long."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Jobs:
    """Accepts jobs and returns their state and results.

    Parameters
    ----------
    settings
        Settings of the service.
    engine
        Computes the predictions.
    metrics
        Metrics to update.
    """

    def __init__(self, settings: ServiceSettings, engine: Engine, metrics: Metrics) -> None:
        self._settings = settings
        self._engine = engine
        self._metrics = metrics
        self._runner: JobRunner | None = None

    @property
    def _started(self) -> JobRunner:
        if self._runner is None:
            raise refuse("service.starting", status=503, retry_after=5)
        return self._runner

    @property
    def _store(self) -> JobStore:
        return self._started.store

    async def start(self) -> None:
        """Open the store and resume unfinished jobs."""
        store = await asyncio.to_thread(JobStore, self._settings.spool)
        self._runner = JobRunner(store, self._settings, self._engine, self._metrics)
        self._runner.start()

    async def stop(self) -> None:
        """Stop; unfinished jobs resume with the next start."""
        if self._runner is not None:
            await self._runner.stop()

    async def count(self) -> None:
        """Update the number of jobs by state in the metrics, if the store can be read."""
        if self._runner is not None:
            await self._runner.count()

    async def add(self, request: ParsedRequest, owner: str) -> Job:
        """Accept a job.

        Parameters
        ----------
        request
            Structure and options.
        owner
            Client that submits the job.

        Raises
        ------
        ServiceError
            ``service.jobs_full`` or ``service.spool_full``; ``job.too_many`` or
            ``job.too_much`` if the owner exceeds their share.
        """
        store = self._store
        if await self._in_thread(store.count_of, owner) >= _MOST_OWN_JOBS:
            raise refuse("job.too_much.jobs", where="jobs", status=429, retry_after=600)
        self._check_capacity(*await self._in_thread(store.usage, owner))
        if not await self._in_thread(store.has_room, len(request.structure)):
            raise _full()
        models = [model["reference"] for model in self._engine.models()]
        options = json.dumps([dict(request.options), sorted(models)], sort_keys=True).encode()
        key = hashlib.sha256(request.structure + options).hexdigest()
        record = await self._in_thread(
            store.add,
            key,
            request.structure,
            request.options,
            owner=owner,
            name=request.name,
            n_residues=request.n_residues,
        )
        self._started.wake()
        return self._public(record)

    async def find(self, job_id: str, owner: str) -> Job:
        """Return a job.

        Parameters
        ----------
        job_id
            Id of the job.
        owner
            Client that requests it.

        Raises
        ------
        ServiceError
            ``job.not_found``.
        """
        return self._public(await self._record(job_id, owner))

    async def cancel(self, job_id: str, owner: str) -> None:
        """Cancel an unfinished job, or delete a finished one.

        Parameters
        ----------
        job_id
            Id of the job.
        owner
            Client that requests it.

        Raises
        ------
        ServiceError
            ``job.not_found``.
        """
        record = await self._record(job_id, owner)
        if await self._in_thread(self._store.cancel, record):
            self._started.cancel(record.key)

    async def results(self, job_id: str, owner: str, form: str) -> tuple[Path, os.stat_result]:
        """Return the result file of a job and its status.

        Parameters
        ----------
        job_id
            Id of the job.
        owner
            Client that requests it.
        form
            One of `protvox.service.jobs.runner.FORMS`.

        Raises
        ------
        ServiceError
            ``job.not_found``, ``job.not_done``, ``job.failed``, ``job.cancelled``,
            ``job.lost`` if the file has been removed or is damaged, or ``job.format`` for an
            annotated structure if no residues were predicted.
        """
        record = await self._record(job_id, owner)
        if record.state == "done":
            with contextlib.suppress(FileNotFoundError):
                path = await asyncio.to_thread(self._store.result_path, record.key, form)
                return path, path.stat()
            if form == "cif" and self._store.has_results(record.key):
                raise refuse("job.format", where=job_id, status=422)
            await self._record(job_id, owner)  # it may have expired just now
            raise refuse("job.lost.results", where=job_id, status=409)
        if record.state in ("queued", "running"):
            raise refuse("job.not_done", where=job_id, status=409, retry_after=2)
        if record.state == "cancelled":
            raise refuse("job.cancelled", where=job_id, status=409)
        reason = (record.error or {}).get("what") or "unknown reason"
        raise refuse("job.failed", where=job_id, status=409, reason=reason)

    def _check_capacity(self, total: Usage, own: Usage) -> None:
        waiting, size = self._settings.jobs_waiting, self._settings.spool_mib << 20
        share = self._settings.share
        if total.waiting >= waiting:
            raise refuse("service.jobs_full", status=503, retry_after=60)
        if total.size > size:
            raise _full()
        if own.waiting >= max(1, int(share * waiting)):
            raise refuse("job.too_many", where="jobs", status=429, retry_after=60)
        if own.size > share * size:
            raise refuse("job.too_much", where="jobs", status=429, retry_after=600)

    async def _in_thread(
        self, method: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Call a method of the store."""
        try:
            return await asyncio.to_thread(method, *args, **kwargs)
        except (OSError, sqlite3.Error) as error:
            if is_full(error):
                raise _full() from error
            log.error("the job directory cannot be used: %s", error)
            raise refuse("service.spool", status=503, retry_after=60) from error

    async def _record(self, job_id: str, owner: str) -> JobRecord:
        record = await self._in_thread(self._store.find, job_id, owner)
        if record is None:
            raise refuse("job.not_found", where=job_id[:64], status=404)
        return record

    def _public(self, record: JobRecord) -> Job:
        """Return a job as clients see it."""
        finished = record.finished
        expires = None if finished is None else finished + 3600 * self._settings.job_hours
        return Job.model_validate(
            {
                "id": record.id,
                "state": record.state,
                "task": record.options["task"],
                "name": record.name,
                "n_residues": record.n_residues,
                "created": _utc(record.created),
                "started": _utc(record.started),
                "finished": _utc(finished),
                "expires": _utc(expires),
                "options": _given(record.options),
                "error": record.error,
            }
        )


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that differ from the defaults, apart from the task and long lists."""
    known = JobOptions.model_fields.keys() - {"task", "mutations"}
    return {
        name: value
        for name, value in options.items()
        if name in known
        and value != JobOptions.model_fields[name].get_default(call_default_factory=True)
    }


def _full() -> ServiceError:
    return refuse("service.spool_full", status=503, retry_after=600)


def _utc(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
