"""SQL of the job database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from protvox.service.jobs.records import JobRecord

CREATE: Final = """
CREATE TABLE IF NOT EXISTS work (
    key TEXT PRIMARY KEY, options TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL,
    started REAL, finished REAL, error TEXT
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
ADD_CHECKSUM: Final = "ALTER TABLE job ADD COLUMN checksum TEXT"
"""Of tables of earlier versions, whose rows stay without one."""
RESUME: Final = "UPDATE work SET state = 'queued', started = NULL WHERE state = 'running'"
INSERT_WORK: Final = "INSERT INTO work (key, options, state, created) VALUES (?, ?, 'queued', ?)"
REPEAT_WORK: Final = """
UPDATE work
SET options = ?, state = 'queued', created = ?, started = NULL, finished = NULL, error = NULL
WHERE key = ?
"""
REQUEUE_WORK: Final = f"{RESUME} AND key = ?"
START_WORK: Final = "UPDATE work SET state = 'running', started = ? WHERE key = ?"
END_WORK: Final = """
UPDATE work SET state = ?, finished = ?, error = ? WHERE key = ? AND state = 'running'
"""
ABANDON_WORK: Final = """
UPDATE work SET state = 'failed', finished = ? WHERE key = ? AND state IN ('queued', 'running')
"""
INSERT_JOB: Final = """
INSERT INTO job (id, owner, key, name, n_residues, created, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
WORK_BY_STATE: Final = """
SELECT CASE WHEN state = 'failed' AND error IS NULL THEN 'cancelled' ELSE state END AS shown,
       count(*)
FROM work GROUP BY shown
"""
SELECT_JOB: Final = """
SELECT job.id, job.owner, job.key, job.name, job.n_residues, job.created, job.cancelled,
       work.options, work.state, work.started, work.finished, work.error, job.checksum
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
    "work": "SELECT rowid, options, state, error, key FROM work",
    "job": """
SELECT rowid, '{}', 'done', NULL, id, owner, key, name, coalesce(checksum, '') FROM job
""",
}
"""Texts of each table that a flipped bit can damage: options, state and error first."""
CHECKSUMS: Final = """
SELECT rowid, id, owner, key, name, n_residues, created, checksum FROM job
"""
STATES: Final = ("queued", "running", "done", "failed")
"""States of work."""
DELETE_UNMATCHED: Final = (
    "DELETE FROM job WHERE key NOT IN (SELECT key FROM work)",
    "DELETE FROM work WHERE key NOT IN (SELECT key FROM job)",
)

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
_N_FIXED: Final = 6
"""Number of the first columns, which never change."""


def checksum_of(values: Sequence[Any]) -> str:
    """Return the checksum of a job.

    Parameters
    ----------
    values
        What never changes of it: id, owner, key, name, number of residues and time of creation.
    """
    return hashlib.sha256(json.dumps(list(values)).encode()).hexdigest()


def is_intact(values: Sequence[Any], checksum: str | None) -> bool:
    """Return whether a job is as it was added; None is the checksum of earlier versions.

    Parameters
    ----------
    values
        As for `checksum_of`.
    checksum
        The checksum in its row.
    """
    return checksum is None or checksum_of(values) == checksum


def record_of(row: Sequence[Any]) -> JobRecord | None:
    """Return a row of `SELECT_JOB` as a record, or None if the job is damaged.

    Parameters
    ----------
    row
        The row.
    """
    *row, checksum = row
    if not is_intact(row[:_N_FIXED], checksum):
        return None
    values = dict(zip(_COLUMNS, row, strict=True))
    values["options"] = json.loads(values["options"])
    values["error"] = None if values["error"] is None else json.loads(values["error"])
    return JobRecord(**values)
