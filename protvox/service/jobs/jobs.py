"""Jobs: accepted at once, computed when there is time, kept for a day."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from protvox.errors import ProtvoxError
from protvox.service.failures import ServiceError, busy, describe, for_strangers, internal_error
from protvox.service.jobs.records import JobRecord, Load
from protvox.service.jobs.store import JobStore
from protvox.service.logs import log
from protvox.service.metrics import Metrics
from protvox.service.schemas import Job
from protvox.service.settings import ServiceSettings
from protvox.service.workers.engine import Engine, Work

if TYPE_CHECKING:
    from protvox.service.core import Reading

FORMS: Final = ("json", "csv", "parquet", "cif")
"""Formats in which results are kept."""

_LONGEST_S: Final = 6 * 3600.0
_PURGE_S: Final = 300.0
_PAUSE_S: Final = 10.0
_PASSING: Final = ("service.stopping", "service.unavailable")
"""What says nothing about a job: it waits until the models can be used again."""
_STATES: Final = ("queued", "running", "done", "failed")


class Jobs:
    """Takes jobs and sees to it that they are computed.

    Parameters
    ----------
    settings
        Of the service.
    engine
        What computes.
    metrics
        Where to count.
    """

    def __init__(self, settings: ServiceSettings, engine: Engine, metrics: Metrics) -> None:
        self._settings = settings
        self._engine = engine
        self._metrics = metrics
        self._news = asyncio.Event()
        self._running: dict[str, asyncio.Task[Mapping[str, bytes]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._opened: JobStore | None = None

    @property
    def _store(self) -> JobStore:
        if self._opened is None:
            raise busy("the service is starting", "service.starting", 5)
        return self._opened

    async def start(self) -> None:
        """Open the table and take up what was not finished."""
        self._opened = await asyncio.to_thread(JobStore, self._settings.spool)
        # Half the places at most, so that those who wait for an answer find one.
        workers = max(1, self._settings.batch_size // 2) * len(self._settings.devices)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(workers)]
        self._tasks.append(asyncio.create_task(self._clean()))
        self._news.set()

    async def stop(self) -> None:
        """Stop; what is not finished is taken up by the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._opened is not None:
            await asyncio.to_thread(self._opened.close)

    async def add(self, reading: Reading, owner: str) -> Job:
        """Take a job.

        Parameters
        ----------
        reading
            What is asked.
        owner
            Who asks.

        Raises
        ------
        ServiceError
            ``service.jobs_full`` or ``service.spool_full``; ``job.too_many`` or
            ``job.too_much`` when it is the owner who takes more than their share.
        """
        store = self._store
        self._check_room(*await asyncio.to_thread(store.loads, owner))
        models = [model["reference"] for model in self._engine.models()]
        asked = json.dumps([dict(reading.options), sorted(models)], sort_keys=True).encode()
        key = hashlib.sha256(reading.structure + asked).hexdigest()
        record = await asyncio.to_thread(
            store.add,
            key,
            reading.structure,
            reading.options,
            owner=owner,
            name=reading.name,
            n_residues=reading.n_residues,
        )
        self._news.set()
        return self._shown(record)

    def _check_room(self, everybody: Load, own: Load) -> None:
        waiting, size = self._settings.jobs_waiting, self._settings.spool_mib << 20
        share = self._settings.job_share
        if everybody.waiting >= waiting:
            raise busy("too many jobs are waiting", "service.jobs_full", 60)
        if everybody.size > size:
            raise busy("the folder of jobs is full", "service.spool_full", 600)
        if own.waiting >= max(1, int(share * waiting)):
            raise _too_greedy(
                "you have too many jobs waiting", "Wait until some are done", "job.too_many", 60
            )
        if own.size > share * size:
            raise _too_greedy(
                "your jobs take too much room", "Delete those you need no more", "job.too_much", 600
            )

    async def find(self, job_id: str, owner: str) -> Job:
        """Return a job.

        Parameters
        ----------
        job_id
            Its id.
        owner
            Who asks.

        Raises
        ------
        ServiceError
            ``job.not_found``.
        """
        return self._shown(await self._record(job_id, owner))

    async def cancel(self, job_id: str, owner: str) -> None:
        """Cancel a job, or delete it if it is over.

        Parameters
        ----------
        job_id
            Its id.
        owner
            Who asks.

        Raises
        ------
        ServiceError
            ``job.not_found``.
        """
        record = await self._record(job_id, owner)
        stop = await asyncio.to_thread(self._store.cancel, record)
        running = self._running.get(record.key)
        if stop and running is not None:
            running.cancel()

    async def results(self, job_id: str, owner: str, form: str) -> tuple[Path, os.stat_result]:
        """Return the file with the results of a job, and how large it is.

        Parameters
        ----------
        job_id
            Its id.
        owner
            Who asks.
        form
            One of `FORMS`.

        Raises
        ------
        ServiceError
            ``job.not_found``, ``job.not_done``, ``job.failed``, ``job.cancelled``,
            ``job.lost`` if somebody took the results away, or ``job.format`` for an annotated
            structure where no residues were predicted.
        """
        record = await self._record(job_id, owner)
        if record.state == "done":
            path = self._store.result_path(record.key, form)
            with contextlib.suppress(FileNotFoundError):
                return path, path.stat()
            if form == "cif" and self._store.result_path(record.key, "json").exists():
                raise ServiceError(
                    "the job predicted no residues to annotate",
                    where=job_id,
                    remedy="Use the task all or environment",
                    code="job.format",
                    status=422,
                )
            await self._record(job_id, owner)  # perhaps its time was over just now
            raise ServiceError(
                "the results of the job are gone",
                where=job_id,
                remedy="Send it again",
                code="job.lost",
                status=409,
            )
        if record.state in ("queued", "running"):
            raise ServiceError(
                "the job is not done",
                where=job_id,
                remedy="Ask again later",
                code="job.not_done",
                status=409,
                retry_after=2,
            )
        why = (record.error or {}).get("what")
        raise ServiceError(
            f"the job has no results: {why or record.state}",
            where=job_id,
            remedy="See the job",
            code=f"job.{record.state}",
            status=409,
        )

    async def _record(self, job_id: str, owner: str) -> JobRecord:
        record = await asyncio.to_thread(self._store.find, job_id, owner)
        if record is None:
            raise _no_such_job(job_id)
        return record

    def _shown(self, record: JobRecord) -> Job:
        finished = record.finished
        kept = None if finished is None else finished + 3600 * self._settings.job_hours
        return Job.model_validate(
            {
                "id": record.id,
                "state": record.state,
                "task": record.options["task"],
                "name": record.name,
                "n_residues": record.n_residues,
                "created": _time(record.created),
                "started": _time(record.started),
                "finished": _time(finished),
                "expires": _time(kept),
                "error": record.error,
            }
        )

    async def _work(self) -> None:
        unsettled: str | None = None
        while True:
            # Before looking, so that no news is lost that comes in while looking.
            self._news.clear()
            try:
                if unsettled is not None:
                    await asyncio.to_thread(self._store.put_back, unsettled)
                    unsettled = None
                found = await asyncio.to_thread(self._store.next_work)
                if found is None:
                    await self._news.wait()
                    continue
                unsettled = found[0]
                await self._compute(*found)
                unsettled = None
            except Exception:
                # A full disk, a table that is locked: it passes, and nobody else works on jobs.
                log.exception("the folder of jobs cannot be used")
                await asyncio.sleep(_PAUSE_S)

    async def _compute(self, key: str, options: dict[str, Any]) -> None:
        task = self._running[key] = asyncio.create_task(self._predict(key, options))
        try:
            results = await task
            await self._keep(key, results)
        except asyncio.CancelledError:
            task.cancel()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise  # the next start takes up what runs
            # Cancelled work does not count as running, unless somebody has asked for it again.
            await asyncio.to_thread(self._store.put_back, key)
        except ProtvoxError as error:
            if error.code in _PASSING:
                await asyncio.to_thread(self._store.put_back, key)
                await asyncio.sleep(_PAUSE_S)
            else:
                await asyncio.to_thread(self._store.fail, key, _plain(error))
        except (OSError, sqlite3.Error):
            raise
        except Exception:
            log.exception("a job failed", extra={"job": key[:16]})
            await asyncio.to_thread(self._store.fail, key, _plain(internal_error()))
        finally:
            if self._running.get(key) is task:
                del self._running[key]

    async def _predict(self, key: str, options: dict[str, Any]) -> Mapping[str, bytes]:
        try:
            structure = await asyncio.to_thread(self._store.structure, key)
        except FileNotFoundError as error:
            raise ServiceError(
                "the structure of the job is gone",
                where="folder of jobs",
                remedy="Send it again",
                code="job.lost",
            ) from error
        deadline = asyncio.get_running_loop().time() + _LONGEST_S
        return await self._engine.predict(Work(structure, options, FORMS, deadline, urgent=False))

    async def _keep(self, key: str, results: Mapping[str, bytes]) -> None:
        try:
            await asyncio.to_thread(self._store.finish, key, results)
        except OSError as error:
            log.exception("results cannot be kept", extra={"job": key[:16]})
            raise ServiceError(
                "the results of the job cannot be kept",
                where="folder of jobs",
                remedy="Send it again later",
                code="job.not_kept",
            ) from error

    async def _clean(self) -> None:
        while True:
            before = time.time() - 3600 * self._settings.job_hours
            with contextlib.suppress(OSError, sqlite3.Error):
                await asyncio.to_thread(self._store.purge, before)
                await self.count()
            await asyncio.sleep(_PURGE_S)

    async def count(self) -> None:
        """Bring the numbers of jobs by state up to date."""
        counts = await asyncio.to_thread(self._store.counts)
        for state in _STATES:
            self._metrics.jobs.labels(state).set(counts.get(state, 0))


def _no_such_job(job_id: str) -> ServiceError:
    return ServiceError(
        "there is no such job",
        where=job_id[:64],
        remedy="Jobs are deleted after a while; send it again",
        code="job.not_found",
        status=404,
    )


def _too_greedy(what: str, remedy: str, code: str, seconds: float) -> ServiceError:
    return ServiceError(
        what, where="jobs", remedy=remedy, code=code, status=429, retry_after=seconds
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _plain(error: ProtvoxError) -> dict[str, str | None]:
    plain = describe(for_strangers(error))
    return {name: plain.get(name) for name in ("code", "what", "where", "remedy")}
