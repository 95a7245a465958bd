"""Jobs on disk: a SQLite table, beside the files of `protvox.service.jobs.files`.

A *piece of work* is a structure with what is asked about it; jobs that ask the same share
one. A job belongs to whoever made it, work to nobody.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from protvox.service.jobs.files import JobFiles
from protvox.service.jobs.records import JobRecord, Load

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS work (
    key TEXT PRIMARY KEY, options TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL,
    started REAL, finished REAL, error TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, key TEXT NOT NULL REFERENCES work(key),
    name TEXT NOT NULL, n_residues INTEGER NOT NULL, created REAL NOT NULL, cancelled REAL
) STRICT;
CREATE INDEX IF NOT EXISTS job_of_work ON job(key);
CREATE INDEX IF NOT EXISTS job_of_owner ON job(owner);
CREATE INDEX IF NOT EXISTS work_by_state ON work(state, created);
"""
_COLUMNS: Final = (
    "id",
    "owner",
    "key",
    "name",
    "n_residues",
    "created",
    "cancelled",
    "options",
    "work_state",
    "started",
    "work_finished",
    "error",
)
_SELECT: Final = """
SELECT job.id, job.owner, job.key, job.name, job.n_residues, job.created, job.cancelled,
       work.options, work.state, work.started, work.finished, work.error
FROM job JOIN work USING (key)
"""
_FIRST_OF_EACH: Final = """
SELECT job.owner, work.key, work.options, min(work.created) AS first
FROM work JOIN job USING (key) WHERE work.state = 'queued' AND job.cancelled IS NULL
GROUP BY job.owner ORDER BY first
"""
_ALWAYS: Final = "json"
"""A format that all work has when it is done."""
_JOB_BYTES: Final = 1024
"""What a job takes in the table, at most."""


class JobStore:
    """The jobs of one service. Methods block; safe to call from several threads.

    Parameters
    ----------
    folder
        Where everything lies; made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._files = JobFiles(folder / "files")
        self._turns: dict[str, int] = {}
        self._door = threading.RLock()
        table = folder / "jobs.sqlite"
        table.touch(mode=0o600)  # ids of jobs are for their owners
        self._db = sqlite3.connect(table, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        with self._change() as db:
            db.executescript(_TABLES)
            # What was computed when the service ended has to be computed again.
            db.execute("UPDATE work SET state = 'queued', started = NULL WHERE state = 'running'")
            known = [key for (key,) in db.execute("SELECT key FROM work")]
        self._files.sweep(known)

    def close(self) -> None:
        """Close the table."""
        with self._door:
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
        """Add a job, and its work unless the same is there already.

        Parameters
        ----------
        key
            Identifies the work.
        structure
            What `protvox.processes.structure_codec.encode_structure` gave.
        options
            What is asked.
        owner
            Who may see the job.
        name, n_residues
            Of the structure.
        """
        job_id, now = secrets.token_urlsafe(16), time.time()
        with self._change() as db:
            row = db.execute("SELECT state FROM work WHERE key = ?", (key,)).fetchone()
            if row is None:
                self._files.write(key, "structure", structure)
                db.execute(
                    "INSERT INTO work (key, options, state, created) VALUES (?, ?, 'queued', ?)",
                    (key, json.dumps(dict(options)), now),
                )
            elif row[0] == "failed" or (row[0] == "done" and self._has_lost(key)):
                # It is worth another try when somebody asks again.
                self._files.write(key, "structure", structure)
                db.execute(
                    "UPDATE work SET state = 'queued', created = ?, started = NULL, "
                    "finished = NULL, error = NULL WHERE key = ?",
                    (now, key),
                )
            db.execute(
                "INSERT INTO job (id, owner, key, name, n_residues, created) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (job_id, owner, key, name, n_residues, now),
            )
        record = self.find(job_id, owner)
        if record is None:
            raise RuntimeError("the job just added is gone")
        return record

    def find(self, job_id: str, owner: str) -> JobRecord | None:
        """Return a job, None if there is none of that owner.

        Parameters
        ----------
        job_id
            Its id.
        owner
            Who asks.
        """
        with self._door:
            row = self._db.execute(
                f"{_SELECT} WHERE job.id = ? AND job.owner = ?", (job_id, owner)
            ).fetchone()
        if row is None:
            return None
        values = dict(zip(_COLUMNS, row, strict=True))
        values["options"] = json.loads(values["options"])
        values["error"] = None if values["error"] is None else json.loads(values["error"])
        return JobRecord(**values)

    def cancel(self, record: JobRecord) -> bool:
        """End a job: cancel it if it is not over, else delete it.

        Parameters
        ----------
        record
            The job.

        Returns
        -------
        bool
            Whether its work is to be stopped, since nobody else waits for it.
        """
        with self._change() as db:
            if record.finished is not None:
                db.execute("DELETE FROM job WHERE id = ?", (record.id,))
                self._drop_orphans()
                return False
            db.execute("UPDATE job SET cancelled = ? WHERE id = ?", (time.time(), record.id))
            waiting = db.execute(
                "SELECT 1 FROM job WHERE key = ? AND cancelled IS NULL", (record.key,)
            ).fetchone()
            if waiting is None:
                db.execute(
                    "UPDATE work SET state = 'failed', finished = ? "
                    "WHERE key = ? AND state IN ('queued', 'running')",
                    (time.time(), record.key),
                )
            return waiting is None

    def next_work(self) -> tuple[str, dict[str, Any]] | None:
        """Return the key and options of the work whose turn it is, now running; None if none waits.

        The owners take turns, so that the many jobs of one do not keep the others waiting; of
        each the oldest comes first.
        """
        with self._change() as db:
            rows = db.execute(_FIRST_OF_EACH).fetchall()
            if not rows:
                return None
            turns = {owner: self._turns.get(owner, 0) for owner, *_ in rows}
            owner, key, options, _ = min(rows, key=lambda row: turns[row[0]])
            # Who has nothing waiting is forgotten, and comes first when there is something again.
            self._turns = {**turns, owner: max(turns.values()) + 1}
            db.execute(
                "UPDATE work SET state = 'running', started = ? WHERE key = ?", (time.time(), key)
            )
        return key, json.loads(options)

    def structure(self, key: str) -> bytes:
        """Return the structure of some work.

        Parameters
        ----------
        key
            The work.

        Raises
        ------
        FileNotFoundError
            If somebody took it away.
        """
        return self._files.path(key, "structure").read_bytes()

    def finish(self, key: str, results: Mapping[str, bytes]) -> None:
        """Keep the results of some work.

        Parameters
        ----------
        key
            The work.
        results
            Format to bytes.
        """
        for form, data in results.items():
            self._files.write(key, form, data)
        self._end(key, "done", None)

    def fail(self, key: str, error: Mapping[str, str | None]) -> None:
        """Keep why some work failed.

        Parameters
        ----------
        key
            The work.
        error
            Plain values.
        """
        self._end(key, "failed", json.dumps(dict(error)))

    def put_back(self, key: str) -> None:
        """Let some running work wait again.

        Parameters
        ----------
        key
            The work.
        """
        with self._change() as db:
            db.execute(
                "UPDATE work SET state = 'queued', started = NULL "
                "WHERE key = ? AND state = 'running'",
                (key,),
            )

    def result_path(self, key: str, form: str) -> Path:
        """Return where the results of some work lie.

        Parameters
        ----------
        key
            The work.
        form
            Format.
        """
        return self._files.path(key, form)

    def counts(self) -> dict[str, int]:
        """Return the number of pieces of work by state."""
        with self._door:
            rows = self._db.execute("SELECT state, count(*) FROM work GROUP BY state").fetchall()
        return dict(rows)

    def loads(self, owner: str) -> tuple[Load, Load]:
        """Return what all jobs take, and those of one owner, with the work they share.

        Parameters
        ----------
        owner
            Whose.
        """
        sizes = self._files.sizes()
        with self._door:
            waiting = self.counts().get("queued", 0)
            jobs = self._db.execute("SELECT count(*) FROM job").fetchone()[0]
            own = self._db.execute(
                "SELECT key, count(*), work.state = 'queued' AND max(cancelled IS NULL) "
                "FROM job JOIN work USING (key) WHERE owner = ? GROUP BY key",
                (owner,),
            ).fetchall()
        return (
            Load(waiting, sum(sizes.values()) + _JOB_BYTES * jobs),
            Load(
                sum(waits for *_, waits in own),
                sum(sizes.get(key, 0) + _JOB_BYTES * count for key, count, _ in own),
            ),
        )

    def purge(self, before: float) -> None:
        """Delete what was over before a time.

        Parameters
        ----------
        before
            Seconds since 1970.
        """
        with self._change() as db:
            db.execute(
                "DELETE FROM job WHERE cancelled < ? OR (created < ? AND key IN "
                "(SELECT key FROM work WHERE finished < ?))",
                (before, before, before),
            )
            self._drop_orphans()

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._door, self._db:
            yield self._db

    def _drop_orphans(self) -> None:
        rows = self._db.execute(
            "SELECT key FROM work WHERE state IN ('done', 'failed') "
            "AND key NOT IN (SELECT key FROM job)"
        ).fetchall()
        for (key,) in rows:
            self._db.execute("DELETE FROM work WHERE key = ?", (key,))
            self._files.delete(key)

    def _has_lost(self, key: str) -> bool:
        return not self._files.path(key, _ALWAYS).exists()

    def _end(self, key: str, state: str, error: str | None) -> None:
        with self._change() as db:
            db.execute(
                "UPDATE work SET state = ?, finished = ?, error = ? "
                "WHERE key = ? AND state = 'running'",
                (state, time.time(), error, key),
            )
