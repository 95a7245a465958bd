"""Jobs on disk: a SQLite table, the structures and the results.

A *piece of work* is a structure with what is asked about it; jobs that ask the same share
one. A job belongs to whoever made it, work to nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
CREATE INDEX IF NOT EXISTS work_by_state ON work(state, created);
"""
_COLUMNS: Final = (
    "id", "owner", "key", "name", "n_residues", "created", "cancelled", "options", "work_state",
    "started", "work_finished", "error",
)  # fmt: skip
_SELECT: Final = """
SELECT job.id, job.owner, job.key, job.name, job.n_residues, job.created, job.cancelled,
       work.options, work.state, work.started, work.finished, work.error
FROM job JOIN work USING (key)
"""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job with the state of its work; times in seconds since 1970."""

    id: str
    owner: str
    key: str
    name: str
    n_residues: int
    created: float
    cancelled: float | None
    options: Mapping[str, Any]
    work_state: str
    started: float | None
    work_finished: float | None
    error: Mapping[str, str | None] | None

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``failed`` or ``cancelled``."""
        return self.work_state if self.cancelled is None else "cancelled"

    @property
    def finished(self) -> float | None:
        """When it was over; work done before the job was made counts from then."""
        if self.cancelled is not None:
            return self.cancelled
        return None if self.work_finished is None else max(self.work_finished, self.created)


class JobStore:
    """The jobs of one service. Methods block; safe to call from several threads.

    Parameters
    ----------
    folder
        Where everything lies; made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._door = threading.RLock()
        self._db = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        with self._change() as db:
            db.executescript(_TABLES)
            # What was computed when the service ended has to be computed again.
            db.execute("UPDATE work SET state = 'queued', started = NULL WHERE state = 'running'")
        self._sweep()

    def close(self) -> None:
        """Close the table."""
        with self._door:
            self._db.close()

    def add(
        self, key: str, structure: bytes, options: Mapping[str, Any], *, owner: str, name: str,
        n_residues: int,
    ) -> JobRecord:  # fmt: skip
        """Add a job, and its work unless the same is there already.

        Parameters
        ----------
        key
            Identifies the work.
        structure
            What `service.wire.encode_structure` gave.
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
                self._write(key, "structure", structure)
                db.execute(
                    "INSERT INTO work (key, options, state, created) VALUES (?, ?, 'queued', ?)",
                    (key, json.dumps(dict(options)), now),
                )
            elif row[0] == "failed":  # it is worth another try when somebody asks again
                db.execute(
                    "UPDATE work SET state = 'queued', created = ?, started = NULL, "
                    "finished = NULL, error = NULL WHERE key = ?", (now, key),
                )  # fmt: skip
            db.execute(
                "INSERT INTO job (id, owner, key, name, n_residues, created) "
                "VALUES (?, ?, ?, ?, ?, ?)", (job_id, owner, key, name, n_residues, now),
            )  # fmt: skip
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
                    "WHERE key = ? AND state IN ('queued', 'running')", (time.time(), record.key),
                )  # fmt: skip
            return waiting is None

    def next_work(self) -> tuple[str, bytes, dict[str, Any]] | None:
        """Return the key, structure and options of the oldest waiting work, now running."""
        with self._change() as db:
            row = db.execute(
                "SELECT key, options FROM work WHERE state = 'queued' ORDER BY created LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE work SET state = 'running', started = ? WHERE key = ?",
                (time.time(), row[0]),
            )
        return row[0], self._path(row[0], "structure").read_bytes(), json.loads(row[1])

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
            self._write(key, form, data)
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
                "WHERE key = ? AND state = 'running'", (key,),
            )  # fmt: skip

    def result_path(self, key: str, form: str) -> Path:
        """Return where the results of some work lie.

        Parameters
        ----------
        key
            The work.
        form
            Format.
        """
        return self._path(key, form)

    def counts(self) -> dict[str, int]:
        """Return the number of pieces of work by state."""
        with self._door:
            rows = self._db.execute("SELECT state, count(*) FROM work GROUP BY state").fetchall()
        return dict(rows)

    def size(self) -> int:
        """Return the bytes of all files."""
        total = 0
        for entry in os.scandir(self._files):
            with contextlib.suppress(FileNotFoundError):
                total += entry.stat().st_size
        return total

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
                "(SELECT key FROM work WHERE finished < ?))", (before, before, before),
            )  # fmt: skip
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
            for path in self._files.glob(f"{key}.*"):
                path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Delete files of no work: what was half written when the service was killed."""
        known = {key for (key,) in self._db.execute("SELECT key FROM work")}
        for entry in os.scandir(self._files):
            if entry.name.partition(".")[0] not in known:
                Path(entry).unlink(missing_ok=True)

    def _end(self, key: str, state: str, error: str | None) -> None:
        with self._change() as db:
            db.execute(
                "UPDATE work SET state = ?, finished = ?, error = ? "
                "WHERE key = ? AND state = 'running'", (state, time.time(), error, key),
            )  # fmt: skip

    def _path(self, key: str, form: str) -> Path:
        return self._files / f"{key}.{form}"

    def _write(self, key: str, form: str, data: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._files, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, self._path(key, form))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
