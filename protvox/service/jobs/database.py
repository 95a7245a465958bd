"""The job database, checked when it is opened; a damaged one is set aside."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from protvox.errors import fail
from protvox.service.jobs import tables
from protvox.service.jobs.room import Ballast, is_full
from protvox.service.logs import log

NAME: Final = "jobs.sqlite"
_BESIDE: Final = ("", "-wal", "-shm")
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_CONSTRAINT")
"""Also one whose tables are those of something else."""


def open_database(folder: Path) -> sqlite3.Connection:
    """Open the job database, or a new one if it is missing or damaged.

    On a full disk, the ballast is given up for it.

    Parameters
    ----------
    folder
        Job directory.

    Raises
    ------
    UsageError
        If it cannot be used for another reason, for example a read-only disk (``usage.spool``).
    """
    try:
        try:
            return _open_or_replace(folder)
        except (OSError, sqlite3.Error) as error:
            if not (is_full(error) and Ballast(folder).release()):
                raise
            return _open_or_replace(folder)
    except (OSError, sqlite3.Error) as error:
        raise fail("usage.spool.database", where=str(folder / NAME), reason=error) from error


def _open_or_replace(folder: Path) -> sqlite3.Connection:
    try:
        return _open(folder / NAME)
    except sqlite3.DatabaseError as error:
        if not getattr(error, "sqlite_errorname", _DAMAGED[0]).startswith(_DAMAGED):
            raise
        aside = _set_aside(folder)
        log.error("the job database is damaged (%s); it was moved to %s", error, aside)
        return _open(folder / NAME)


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)  # only their owners may know the ids of jobs
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        if db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            db.execute("REINDEX")  # the tables are sound, so only an index is damaged
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        with db:
            db.executescript(tables.CREATE)
            tables.add_checksums(db)
            db.execute(tables.SELECT_JOB, ("", ""))
            _remove_damaged(db)
            # Work that was running when the service ended has to be repeated.
            for (key,) in db.execute(tables.RUNNING).fetchall():
                db.execute(tables.REQUEUE_WORK, (key,))
                tables.seal(db, "work", key)
    except BaseException:
        db.close()
        raise
    return db


def _remove_damaged(db: sqlite3.Connection) -> None:
    """Remove damaged work and jobs: an invalid text would stop all other jobs.

    SQLite has no checksums: a flipped bit in a value is not noticed by its own check.
    """
    db.text_factory = bytes
    try:
        rows = {
            table: [n for n, *texts in db.execute(query) if not _is_valid(*texts)]
            for table, query in tables.TEXTS.items()
        }
    finally:
        db.text_factory = str
    removed = _delete(db, rows)
    # Only now all texts can be decoded.
    removed += _delete(db, {table: tables.find_damaged(db, table) for table in rows})
    removed += sum(db.execute(query).rowcount for query in tables.DELETE_UNMATCHED)
    if removed:
        log.error("%d entries of the job database are damaged; they were removed", removed)


def _delete(db: sqlite3.Connection, rows: Mapping[str, Sequence[int]]) -> int:
    for table, damaged in rows.items():
        db.executemany(f"DELETE FROM {table} WHERE rowid = ?", [(n,) for n in damaged])
    return sum(map(len, rows.values()))


def _is_valid(options: bytes, state: bytes, error: bytes | None, *others: bytes) -> bool:
    try:
        for text in others:
            text.decode()
        values = [json.loads(text.decode()) for text in (options, error or b"{}")]
        return state.decode() in tables.STATES and all(isinstance(v, dict) for v in values)
    except ValueError:
        return False


def _set_aside(folder: Path) -> Path:
    aside = folder / f"{NAME}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"
    for suffix in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / f"{NAME}{suffix}", f"{aside}{suffix}")
    return aside
