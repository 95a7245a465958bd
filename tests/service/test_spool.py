"""A damaged job database, and a full disk."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from protvox.errors import UsageError
from protvox.service.jobs import database as database_module
from protvox.service.jobs import files as files_module
from protvox.service.jobs import room as room_module
from protvox.service.jobs.database import open_database
from protvox.service.jobs.store import JobStore


def add(store: JobStore, key: str = "a"):
    return store.add(key, b"structure", {"task": "cath"}, owner="me", name="x", n_residues=1)


def damaged(path: Path, kind: str) -> None:
    """Damage a database of a few jobs."""
    data = bytearray(path.read_bytes())
    if kind == "text":
        data[:] = b"not a database, but a long enough text " * 200
    elif kind == "zeros":
        data[4096:] = bytes(len(data) - 4096)
    elif kind == "cut":
        del data[len(data) // 2 :]
    else:
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE job (other TEXT)")
        return
    path.write_bytes(data)


@pytest.mark.parametrize("kind", ["text", "zeros", "cut", "other tables"])
def test_damaged_databases_are_set_aside(tmp_path, kind, caplog):
    """Formerly the service neither listened nor ended, and was deaf to SIGTERM."""
    store = JobStore(tmp_path)
    for i in range(50):
        add(store, str(i))
    store.close()
    path = tmp_path / "jobs.sqlite"
    damaged(path, kind)
    content = path.read_bytes()
    store = JobStore(tmp_path)
    assert add(store).state == "queued"
    store.close()
    (aside,) = tmp_path.glob("jobs.sqlite.damaged-*[0-9]")
    assert aside.stat().st_size >= len(content)
    assert "the job database is damaged" in caplog.text


def test_unusable_databases_are_one_error(tmp_path):
    (tmp_path / "jobs.sqlite").mkdir()
    with pytest.raises(UsageError) as caught:
        open_database(tmp_path)
    assert caught.value.code == "usage.spool"


def test_a_service_starts_on_a_full_disk(tmp_path, monkeypatch):
    """Opening the database needs room itself: the ballast is given up for it."""
    store = JobStore(tmp_path)
    job = add(store)
    store.close()
    opened = database_module._open

    def full(path):
        if (tmp_path / "ballast").exists():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        return opened(path)

    monkeypatch.setattr(database_module, "_open", full)
    store = JobStore(tmp_path)
    assert store.find(job.id, "me").state == "queued"
    store.close()


def test_a_full_disk_can_be_emptied(tmp_path, monkeypatch):
    """Deleting a job needs room itself: the ballast is given up for it."""
    store = JobStore(tmp_path)
    job = add(store)
    ballast = tmp_path / "ballast"
    assert ballast.stat().st_size == 4 << 20
    size = os.stat(tmp_path / "jobs.sqlite").st_size // 4096

    real = store._delete_orphans

    def full() -> None:
        if ballast.exists():
            store._db.execute(f"PRAGMA max_page_count = {size}")
            store._db.execute("CREATE TABLE filler (x)")
            store._db.execute("INSERT INTO filler VALUES (zeroblob(100000000))")
        real()

    monkeypatch.setattr(store, "_delete_orphans", full)
    store.next_work()
    store.finish("a", {"json": b"{}"})
    store.cancel(store.find(job.id, "me"))
    assert store.find(job.id, "me") is None
    assert not ballast.exists()
    store.close()


def test_jobs_fail_on_a_full_disk(tmp_path, monkeypatch):
    store = JobStore(tmp_path)
    job = add(store)
    store.next_work()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files_module.tempfile, "mkstemp", full)
    with pytest.raises(OSError, match="No space"):
        store.finish("a", {"json": b"{}"})
    store.fail("a", {"code": "job.not_kept"})
    assert store.find(job.id, "me").state == "failed"
    monkeypatch.setattr(room_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert not store.has_room(1)
    store.close()


@pytest.mark.slow
def test_any_failure_of_the_start_ends_the_process(tmp_path):
    """Also one that only the application meets, after the port is open."""
    program = (
        "from protvox.service.jobs import jobs; from protvox.cli import main\n"
        "def broken(*_): raise OSError('broken')\n"
        "jobs.JobStore = broken\n"
        "main()"
    )
    environment = {**os.environ, "PROTVOX_SERVICE_SPOOL_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", "0"],
        env=environment,
        stderr=subprocess.PIPE,
    )
    begun = time.monotonic()
    try:
        _, error = process.communicate(timeout=60)
    finally:
        process.send_signal(signal.SIGKILL)
    assert process.returncode == 2
    assert b"the service did not start" in error
    assert time.monotonic() - begun < 60
