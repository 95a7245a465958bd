"""SQL of the job database."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from protvox.service.jobs.records import JobRecord

CREATE: Final = """
CREATE TABLE IF NOT EXISTS work (
    key TEXT PRIMARY KEY, options TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL,
    started REAL, finished REAL, error TEXT, checksum TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, key TEXT NOT NULL REFERENCES work(key),
    name TEXT NOT NULL, n_residues INTEGER NOT NULL, created REAL NOT NULL, cancelled REAL,
    checksum TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS job_of_work ON job(key);
CREATE INDEX IF NOT EXISTS job_of_owner ON job(owner);
CREATE INDEX IF NOT EXISTS work_by_state ON work(state, created);
"""
RUNNING: Final = "SELECT key FROM work WHERE state = 'running'"
INSERT_WORK: Final = "INSERT INTO work (key, options, state, created) VALUES (?, ?, 'queued', ?)"
REPEAT_WORK: Final = """
UPDATE work
SET options = ?, state = 'queued', created = ?, started = NULL, finished = NULL, error = NULL
WHERE key = ?
"""
REQUEUE_WORK: Final = """
UPDATE work SET state = 'queued', started = NULL WHERE state = 'running' AND key = ?
"""
START_WORK: Final = "UPDATE work SET state = 'running', started = ? WHERE key = ?"
END_WORK: Final = """
UPDATE work SET state = ?, finished = ?, error = ? WHERE key = ? AND state = 'running'
"""
ABANDON_WORK: Final = """
UPDATE work SET state = 'failed', finished = ? WHERE key = ? AND state IN ('queued', 'running')
"""
INSERT_JOB: Final = """
INSERT INTO job (id, owner, key, name, n_residues, created) VALUES (?, ?, ?, ?, ?, ?)
"""
WORK_BY_STATE: Final = """
SELECT CASE WHEN state = 'failed' AND error IS NULL THEN 'cancelled' ELSE state END AS shown,
       count(*)
FROM work GROUP BY shown
"""
SELECT_JOB: Final = """
SELECT job.id, job.owner, job.key, job.name, job.n_residues, job.created, job.cancelled,
       job.checksum, work.key, work.options, work.state, work.created, work.started, work.finished,
       work.error, work.checksum
FROM job JOIN work USING (key) WHERE job.id = ? AND job.owner = ?
"""
DELETE_EXPIRED: Final = """
DELETE FROM job WHERE cancelled < ?
OR (created < ? AND key IN (SELECT key FROM work WHERE finished < ?))
"""
FIRST_OF_EACH_OWNER: Final = """
SELECT job.owner, work.key, work.options, min(work.created) AS first
FROM work JOIN job USING (key) WHERE work.state = 'queued' AND job.cancelled IS NULL
GROUP BY job.owner ORDER BY first
"""
RUNNING_OF_EACH_OWNER: Final = """
SELECT job.owner, count(DISTINCT key) FROM work JOIN job USING (key)
WHERE work.state = 'running' AND job.cancelled IS NULL GROUP BY job.owner
"""
WORK_OF_OWNER: Final = """
SELECT key, count(*), work.state = 'queued' AND max(cancelled IS NULL)
FROM job JOIN work USING (key) WHERE owner = ? GROUP BY key
"""
ORPHANS: Final = """
SELECT key FROM work WHERE state IN ('done', 'failed') AND key NOT IN (SELECT key FROM job)
"""
TEXTS: Final = {
    "work": "SELECT rowid, options, state, error, key, coalesce(checksum, '') FROM work",
    "job": """
SELECT rowid, '{}', 'done', NULL, id, owner, key, name, coalesce(checksum, '') FROM job
""",
}
"""Texts of each table that a flipped bit can damage: options, state and error first."""
_SEALED: Final = {
    "job": ("id", "owner", "key", "name", "n_residues", "created", "cancelled"),
    "work": ("key", "options", "state", "created", "started", "finished", "error"),
}
"""Columns of each table that its checksum covers, the primary key first."""
STATES: Final = ("queued", "running", "done", "failed")
"""States of work."""
DELETE_UNMATCHED: Final = (
    "DELETE FROM job WHERE key NOT IN (SELECT key FROM work)",
    "DELETE FROM work WHERE key NOT IN (SELECT key FROM job)",
)


def add_checksums(db: sqlite3.Connection) -> None:
    """Add the column to tables of earlier versions, whose rows stay without a checksum.

    Parameters
    ----------
    db
        The database.
    """
    for table in _SEALED:
        if "checksum" not in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}:
            db.execute(f"ALTER TABLE {table} ADD COLUMN checksum TEXT")


def seal(db: sqlite3.Connection, table: str, key: str) -> None:
    """Write the checksum of a row that was changed, if it is still there.

    Parameters
    ----------
    db
        The database.
    table
        Its table.
    key
        Its primary key.
    """
    names = _SEALED[table]
    this = f"WHERE {names[0]} = ?"
    row = db.execute(f"SELECT {', '.join(names)} FROM {table} {this}", (key,)).fetchone()
    if row is not None:
        db.execute(f"UPDATE {table} SET checksum = ? {this}", (_checksum_of(row), key))


def find_damaged(db: sqlite3.Connection, table: str) -> list[int]:
    """Return the ids of rows that differ from their checksum.

    Parameters
    ----------
    db
        The database.
    table
        The table.
    """
    rows = db.execute(f"SELECT rowid, {', '.join(_SEALED[table])}, checksum FROM {table}")
    return [row for row, *values, checksum in rows if not _is_intact(values, checksum)]


def _checksum_of(values: Sequence[Any]) -> str:
    known = list(values)
    # As in an earlier version, which did not cover the time at which a job is cancelled.
    while known[-1] is None:
        known.pop()
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def _is_intact(values: Sequence[Any], checksum: str | None) -> bool:
    return checksum is None or _checksum_of(values) == checksum


def record_of(row: Sequence[Any]) -> JobRecord | None:
    """Return a row of `SELECT_JOB` as a record, or None if the job is damaged.

    Parameters
    ----------
    row
        The row.
    """
    n_job = len(_SEALED["job"])
    job, work = row[:n_job], row[n_job + 1 : -1]
    if not (_is_intact(job, row[n_job]) and _is_intact(work, row[-1])):
        return None
    of_work = dict(zip(_SEALED["work"], work, strict=True))
    error = of_work["error"]
    return JobRecord(
        **dict(zip(_SEALED["job"], job, strict=True)),
        options=json.loads(of_work["options"]),
        work_state=of_work["state"],
        started=of_work["started"],
        work_finished=of_work["finished"],
        error=None if error is None else json.loads(error),
    )
