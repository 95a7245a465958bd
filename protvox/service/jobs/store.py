"""Jobs on disk: an SQLite database and the files of `protvox.service.jobs.files`.

*Work* is a structure with the options of its prediction. Identical jobs share their work. A job
belongs to its owner; work belongs to nobody.
"""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from protvox.service.jobs import tables
from protvox.service.jobs.database import open_database
from protvox.service.jobs.files import JobFiles
from protvox.service.jobs.records import JobRecord, Usage
from protvox.service.jobs.room import Ballast, may_use_ballast
from protvox.service.logs import log

_REQUIRED: Final = "json"
"""Format that finished work always has."""
_JOB_BYTES: Final = 1024
"""Upper bound of the size of a job in the database."""


class JobStore:
    """The jobs of one service. Methods block, and may be called from several threads.

    Parameters
    ----------
    folder
        Job directory; created if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._files = JobFiles(folder / "files")
        self._turns: dict[str, int] = {}
        self._lock = threading.RLock()
        self.ballast = Ballast(folder)
        self._db = open_database(folder)
        self._files.sweep({key for (key,) in self._db.execute("SELECT key FROM work")})
        self.ballast.fill()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def add(
        self,
        key: str,
        structure: bytes,
        options: Mapping[str, Any],
        *,
        owner: str,
        name: str,
        n_residues: int,
    ) -> JobRecord:
        """Add a job, and its work unless it exists already.

        Parameters
        ----------
        key
            Key of the work.
        structure
            From `protvox.processes.structure_codec.encode_structure`.
        options
            Options of the prediction.
        owner
            Client that may see the job.
        name, n_residues
            Name and size of the structure.
        """
        job_id, now = secrets.token_urlsafe(16), time.time()
        text = json.dumps(dict(options))
        with self._transaction() as db:
            row = db.execute("SELECT state FROM work WHERE key = ?", (key,)).fetchone()
            if row is None:
                self._files.write(key, "structure", structure, described=text.encode())
                db.execute(tables.INSERT_WORK, (key, text, now))
                tables.seal(db, "work", key)
            elif row[0] == "failed" or (row[0] == "done" and not self.has_results(key)):
                # Try again when it is requested again.
                self._files.write(key, "structure", structure, described=text.encode())
                db.execute(tables.REPEAT_WORK, (text, now, key))
                tables.seal(db, "work", key)
            db.execute(tables.INSERT_JOB, (job_id, owner, key, name, n_residues, now))
            tables.seal(db, "job", job_id)
        record = self.find(job_id, owner)
        if record is None:
            raise RuntimeError("the job just added is missing")
        return record

    def find(self, job_id: str, owner: str) -> JobRecord | None:
        """Return a job, or None if the owner has no such job, or it is damaged.

        Parameters
        ----------
        job_id
            Id of the job.
        owner
            Client that requests it.
        """
        with self._lock:
            row = self._db.execute(tables.SELECT_JOB, (job_id, owner)).fetchone()
        record = None if row is None else tables.record_of(row)
        if row is not None and record is None:
            log.error("a job is damaged in the job database; the next start removes it")
        return record

    @may_use_ballast
    def cancel(self, record: JobRecord) -> bool:
        """Cancel an unfinished job, or delete a finished one.

        Parameters
        ----------
        record
            The job.

        Returns
        -------
        bool
            Whether its work should stop because no other job needs it.
        """
        with self._transaction() as db:
            if record.finished is not None:
                db.execute("DELETE FROM job WHERE id = ?", (record.id,))
                self._delete_orphans()
                return False
            db.execute("UPDATE job SET cancelled = ? WHERE id = ?", (time.time(), record.id))
            tables.seal(db, "job", record.id)
            needed = db.execute(
                "SELECT 1 FROM job WHERE key = ? AND cancelled IS NULL", (record.key,)
            ).fetchone()
            if needed is None:
                db.execute(tables.ABANDON_WORK, (time.time(), record.key))
                tables.seal(db, "work", record.key)
            return needed is None

    @may_use_ballast
    def next_work(self, most: int | None = None) -> tuple[str, dict[str, Any]] | None:
        """Mark the next work as running and return its key and options, None if none may run.

        The owners take turns, so that one with many jobs does not delay the others. The oldest
        work of an owner comes first.

        Parameters
        ----------
        most
            Number of computations that one owner may have running; by default any number.
        """
        with self._transaction() as db:
            rows = db.execute(tables.FIRST_OF_EACH_OWNER).fetchall()
            if most is not None:
                running = dict(db.execute(tables.RUNNING_OF_EACH_OWNER).fetchall())
                rows = [row for row in rows if running.get(row[0], 0) < most]
            if not rows:
                return None
            turns = {owner: self._turns.get(owner, 0) for owner, *_ in rows}
            owner, key, options, _ = min(rows, key=lambda row: turns[row[0]])
            # Owners without waiting work are forgotten, and come first when they return.
            self._turns = {**turns, owner: max(turns.values()) + 1}
            db.execute(tables.START_WORK, (time.time(), key))
            tables.seal(db, "work", key)
        return key, json.loads(options)

    def structure(self, key: str) -> bytes:
        """Return the structure of some work.

        Parameters
        ----------
        key
            Key of the work.

        Raises
        ------
        FileNotFoundError
            If the file has been removed, or it or the options are damaged.
        """
        with self._lock:
            row = self._db.execute("SELECT options FROM work WHERE key = ?", (key,)).fetchone()
        # The work may have been cancelled and deleted just now.
        text = "" if row is None else row[0]
        if not self._files.is_intact(key, "structure", described=text.encode()):
            raise FileNotFoundError(errno.ENOENT, "the file or its options are damaged", key)
        return self._files.path(key, "structure").read_bytes()

    def finish(self, key: str, results: Mapping[str, bytes]) -> None:
        """Save the results of some work.

        Parameters
        ----------
        key
            Key of the work.
        results
            Format to bytes.
        """
        for form, data in results.items():
            self._files.write(key, form, data)
        self._end(key, "done", None)

    def fail(self, key: str, error: Mapping[str, str | None]) -> None:
        """Save the error of some work.

        Parameters
        ----------
        key
            Key of the work.
        error
            Plain values.
        """
        self._end(key, "failed", json.dumps(dict(error)))

    @may_use_ballast
    def requeue(self, key: str) -> None:
        """Return running work to the queue.

        Parameters
        ----------
        key
            Key of the work.
        """
        with self._transaction() as db:
            db.execute(tables.REQUEUE_WORK, (key,))
            tables.seal(db, "work", key)

    def result_path(self, key: str, form: str) -> Path:
        """Return the path of a result file. Damaged results are deleted, with all of this work.

        Parameters
        ----------
        key
            Key of the work.
        form
            Format.

        Raises
        ------
        FileNotFoundError
            If there is no such file, or it is damaged.
        """
        if not self._files.is_intact(key, form):
            self._files.delete(key)
            raise FileNotFoundError(errno.ENOENT, "the results are damaged", key)
        return self._files.path(key, form)

    def has_results(self, key: str) -> bool:
        """Return whether the results of some work are there, in the format that all work has.

        Parameters
        ----------
        key
            Key of the work.
        """
        return self._files.path(key, _REQUIRED).exists()

    def counts(self) -> dict[str, int]:
        """Return the amount of work by state, cancelled work apart from failed."""
        with self._lock:
            rows = self._db.execute(tables.WORK_BY_STATE).fetchall()
        return dict(rows)

    def count_of(self, owner: str) -> int:
        """Return the number of jobs of an owner, also finished ones; takes little time.

        Parameters
        ----------
        owner
            The owner.
        """
        with self._lock:
            row = self._db.execute("SELECT count(*) FROM job WHERE owner = ?", (owner,))
            return int(row.fetchone()[0])

    def usage(self, owner: str) -> tuple[Usage, Usage]:
        """Return the resources used by all jobs, and by those of one owner.

        Parameters
        ----------
        owner
            The owner. Work shared with others counts in full.
        """
        sizes = self._files.sizes()
        with self._lock:
            waiting = self.counts().get("queued", 0)
            jobs = self._db.execute("SELECT count(*) FROM job").fetchone()[0]
            own = self._db.execute(tables.WORK_OF_OWNER, (owner,)).fetchall()
        return (
            Usage(waiting, sum(sizes.values()) + _JOB_BYTES * jobs),
            Usage(
                sum(waits for *_, waits in own),
                sum(sizes.get(key, 0) + _JOB_BYTES * count for key, count, _ in own),
            ),
        )

    @may_use_ballast
    def purge(self, before: float) -> None:
        """Delete jobs that ended before a time.

        Parameters
        ----------
        before
            Seconds since 1970.
        """
        with self._transaction() as db:
            db.execute(tables.DELETE_EXPIRED, (before, before, before))
            self._delete_orphans()
        self.ballast.fill()

    def has_room(self, size: int) -> bool:
        """Return whether a new job fits on the disk.

        Parameters
        ----------
        size
            Size of its structure, bytes.
        """
        return self.ballast.has_room(size)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            yield self._db

    def _delete_orphans(self) -> None:
        for (key,) in self._db.execute(tables.ORPHANS).fetchall():
            self._db.execute("DELETE FROM work WHERE key = ?", (key,))
            self._files.delete(key)

    @may_use_ballast
    def _end(self, key: str, state: str, error: str | None) -> None:
        with self._transaction() as db:
            db.execute(tables.END_WORK, (state, time.time(), error, key))
            tables.seal(db, "work", key)
