"""Computes the jobs in the store, and deletes expired ones."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Mapping
from typing import Any, Final

from protvox.errors import ProtvoxError
from protvox.service.failures import describe, internal_error, public_error, refuse
from protvox.service.jobs.store import JobStore
from protvox.service.logs import log
from protvox.service.metrics import Metrics
from protvox.service.settings import ServiceSettings
from protvox.service.shares import share_of
from protvox.service.workers.engine import Engine
from protvox.service.workers.work import Work

FORMS: Final = ("json", "csv", "parquet", "cif")
"""Formats of the results."""

_TIME_LIMIT_S: Final = 6 * 3600.0
_PURGE_S: Final = 300.0
_PAUSE_S: Final = 10.0
_TRANSIENT: Final = ("service.stopping", "service.unavailable")
"""Errors that do not concern the job, which then waits for the models."""
_STATES: Final = ("queued", "running", "done", "failed", "cancelled")


class JobRunner:
    """Computes jobs, several at a time.

    Parameters
    ----------
    store
        The jobs.
    settings
        Settings of the service.
    engine
        Computes the predictions.
    metrics
        Metrics to update.
    """

    def __init__(
        self, store: JobStore, settings: ServiceSettings, engine: Engine, metrics: Metrics
    ) -> None:
        self.store = store
        self._settings = settings
        self._engine = engine
        self._metrics = metrics
        self._new_work = asyncio.Event()
        self._running: dict[str, asyncio.Task[Mapping[str, bytes]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start to compute jobs."""
        # At most half of the slots, so that requests whose client waits find a free one.
        workers = max(1, self._settings.batch_size // 2) * len(self._settings.devices)
        # A computation may take hours, so that taking turns is not enough.
        most = share_of(workers, self._settings.share)
        self._tasks = [asyncio.create_task(self._work(most)) for _ in range(workers)]
        self._tasks.append(asyncio.create_task(self._purge()))
        self.wake()

    async def stop(self) -> None:
        """Stop and close the store; unfinished jobs resume with the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.store.close)

    def wake(self) -> None:
        """Look for new work."""
        self._new_work.set()

    def cancel(self, key: str) -> None:
        """Stop a computation, if it is running.

        Parameters
        ----------
        key
            Key of the work.
        """
        running = self._running.get(key)
        if running is not None:
            running.cancel()

    async def count(self) -> None:
        """Update the number of jobs by state in the metrics."""
        try:
            counts = await asyncio.to_thread(self.store.counts)
        except sqlite3.Error:
            return  # the metrics keep the last numbers
        for state in _STATES:
            self._metrics.jobs.labels(state).set(counts.get(state, 0))

    async def _work(self, most: int) -> None:
        unsettled: str | None = None
        while True:
            # Cleared before looking, so that work added meanwhile is not missed.
            self._new_work.clear()
            try:
                if unsettled is not None:
                    await asyncio.to_thread(self.store.requeue, unsettled)
                    unsettled = None
                found = await asyncio.to_thread(self.store.next_work, most)
                if found is None:
                    await self._new_work.wait()
                    continue
                unsettled = found[0]
                await self._compute(*found)
                unsettled = None
            except (OSError, sqlite3.Error) as error:
                # For example a full disk or a locked table. It may pass, so keep trying.
                log.error("the job directory cannot be used: %s", error)
                await asyncio.sleep(_PAUSE_S)
            except Exception:
                log.exception("jobs cannot be computed")
                await asyncio.sleep(_PAUSE_S)

    async def _compute(self, key: str, options: dict[str, Any]) -> None:
        task = self._running[key] = asyncio.create_task(self._predict(key, options))
        try:
            results = await task
            await self._save(key, results)
        except asyncio.CancelledError:
            task.cancel()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise  # the service stops; the next start resumes the job
            # Cancelled work is not running any more, unless somebody has requested it again.
            await asyncio.to_thread(self.store.requeue, key)
        except ProtvoxError as error:
            if error.code in _TRANSIENT:
                await asyncio.to_thread(self.store.requeue, key)
                await asyncio.sleep(_PAUSE_S)
            else:
                await asyncio.to_thread(self.store.fail, key, _plain(error))
        except (OSError, sqlite3.Error):
            raise
        except Exception:
            log.exception("a job failed", extra={"job": key[:16]})
            await asyncio.to_thread(self.store.fail, key, _plain(internal_error()))
        finally:
            if self._running.get(key) is task:
                del self._running[key]

    async def _predict(self, key: str, options: dict[str, Any]) -> Mapping[str, bytes]:
        try:
            structure = await asyncio.to_thread(self.store.structure, key)
        except FileNotFoundError as error:
            raise refuse("job.lost.structure", where="job directory") from error
        deadline = asyncio.get_running_loop().time() + _TIME_LIMIT_S
        return await self._engine.predict(Work(structure, options, FORMS, deadline, urgent=False))

    async def _save(self, key: str, results: Mapping[str, bytes]) -> None:
        try:
            await asyncio.to_thread(self.store.finish, key, results)
        except OSError as error:
            log.error("results cannot be saved: %s", error, extra={"job": key[:16]})
            raise refuse("job.not_kept", where="job directory") from error

    async def _purge(self) -> None:
        while True:
            before = time.time() - 3600 * self._settings.job_hours
            with contextlib.suppress(OSError, sqlite3.Error):
                await asyncio.to_thread(self.store.purge, before)
                await self.count()
            await asyncio.sleep(_PURGE_S)


def _plain(error: ProtvoxError) -> dict[str, str | None]:
    plain = describe(public_error(error))
    return {name: plain.get(name) for name in ("code", "what", "where", "remedy")}
