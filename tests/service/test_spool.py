"""A damaged job database, and a full disk."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import sqlite3
import struct
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


DAMAGE = {
    "options": "UPDATE work SET options = '{\"task: 1}' WHERE key = 'a'",
    "no text": "UPDATE work SET options = CAST(x'ff7b7d' AS TEXT) WHERE key = 'a'",
    "state": "UPDATE work SET state = 'queuee' WHERE key = 'a'",
    "owner": "UPDATE job SET owner = CAST(x'ed' AS TEXT) WHERE key = 'a'",
    "key": "UPDATE job SET key = 'c' WHERE key = 'a'",
    "name": "UPDATE job SET name = 'y' WHERE key = 'a'",
    "n_residues": "UPDATE job SET n_residues = 3 WHERE key = 'a'",
    "created": "UPDATE job SET created = created + 1 WHERE key = 'a'",
    "cancelled": "UPDATE job SET cancelled = 5e8 WHERE key = 'a'",
    "began": "UPDATE work SET created = created + 1 WHERE key = 'a'",
    "started": "UPDATE work SET started = 1e300 WHERE key = 'a'",
    "finished": "UPDATE work SET finished = 1 WHERE key = 'a'",
    "state of another": "UPDATE work SET state = 'done' WHERE key = 'a'",
    "checksum of work": "UPDATE work SET checksum = 'f' || checksum WHERE key = 'a'",
    "checksum": "UPDATE job SET checksum = 'f' || checksum WHERE key = 'a'",
    "no text in checksum": "UPDATE job SET checksum = CAST(x'ed' AS TEXT) WHERE key = 'a'",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_entries_leave_other_jobs_alone(tmp_path, kind, caplog):
    """SQLite does not notice a flipped bit in a text; one stopped the jobs of everybody."""
    store = JobStore(tmp_path)
    damaged, sound = add(store, "a"), add(store, "b")
    store.close()
    with sqlite3.connect(tmp_path / "jobs.sqlite") as db:
        db.execute(DAMAGE[kind])
    db.close()
    store = JobStore(tmp_path)
    assert store.find(damaged.id, "me") is None
    assert store.next_work() == ("b", {"task": "cath"})
    assert store.next_work() is None
    assert store.find(sound.id, "me").state == "running"
    assert store.counts() == {"running": 1}
    assert not list(tmp_path.glob("files/a.*"))
    store.close()
    assert "entries of the job database are damaged" in caplog.text


def test_flipped_bits_of_a_stored_job_are_noticed(tmp_path, caplog):
    """Those of its name and its number of residues were shown as if they were right."""
    add_job = {"owner": "me", "name": "my structure", "n_residues": 12345}
    store = JobStore(tmp_path)
    job = store.add("a", b"structure", {"task": "cath"}, **add_job)
    sound = add(store, "b")
    store.close()
    path = tmp_path / "jobs.sqlite"
    data = path.read_bytes()
    start = data.index(b"my structure")
    residues = data.index((12345).to_bytes(2, "big"), start)
    assert residues == start + len("my structure")  # columns of a row are beside each other
    for bit in range(8 * start, 8 * (residues + 2)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        caplog.clear()
        store = JobStore(tmp_path)
        assert store.find(job.id, "me") is None, bit
        assert store.find(sound.id, "me") is not None
        store.close()
        assert "entries of the job database are damaged" in caplog.text


@pytest.mark.parametrize("kind", ["done", "failed", "cancelled"])
def test_flipped_bits_of_the_times_of_a_job_are_noticed(tmp_path, kind):
    """They made it unreadable (a year beyond 9999), or kept it forever."""
    store = JobStore(tmp_path)
    job, sound = add(store, "a"), add(store, "b")
    store.next_work()
    if kind == "done":
        store.finish("a", {"json": b"{}"})
    elif kind == "failed":
        store.fail("a", {"what": "bad"})
    else:
        store.cancel(job)
    found = store.find(job.id, "me")
    assert found.state == kind
    store.close()
    store = JobStore(tmp_path)
    assert store.find(job.id, "me") == found
    store.close()
    path = tmp_path / "jobs.sqlite"
    data = path.read_bytes()
    times = (found.created, found.started, found.work_finished, found.cancelled)
    places = [data.index(struct.pack(">d", seconds)) for seconds in times if seconds is not None]
    assert len(places) >= 3
    for bit in (8 * place + i for place in places for i in range(64)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        store = JobStore(tmp_path)
        assert store.find(job.id, "me") is None, bit
        assert store.find(sound.id, "me") is not None
        store.close()


def test_checksums_follow_each_change_of_the_work(tmp_path):
    store = JobStore(tmp_path)
    jobs = [add(store, key) for key in ("a", "b", "c")]
    store.next_work()
    store.requeue("a")
    store.next_work()
    store.fail("a", {"what": "bad"})
    jobs.append(add(store, "a"))  # repeats it
    store.next_work()
    store.cancel(jobs[2])
    for _ in range(2):
        assert [store.find(job.id, "me").id for job in jobs] == [job.id for job in jobs]
        store.close()
        store = JobStore(tmp_path)
    assert store.counts() == {"queued": 2, "cancelled": 1}
    store.close()


def test_a_job_that_is_damaged_while_the_service_runs_is_not_shown(tmp_path, caplog):
    store = JobStore(tmp_path)
    job = add(store)
    with sqlite3.connect(tmp_path / "jobs.sqlite") as db:
        db.execute("UPDATE job SET n_residues = 3")
    db.close()
    assert store.find(job.id, "me") is None
    assert "a job is damaged" in caplog.text
    store.close()


def test_jobs_of_earlier_versions_have_no_checksum_and_are_kept(tmp_path):
    store = JobStore(tmp_path)
    job = add(store)
    store.close()
    with sqlite3.connect(tmp_path / "jobs.sqlite") as db:
        for table in ("job", "work"):
            db.execute(f"ALTER TABLE {table} DROP COLUMN checksum")
    db.close()
    for _ in range(2):
        store = JobStore(tmp_path)
        assert store.find(job.id, "me") == job
        newer = add(store)
        assert store.find(newer.id, "me") == newer
        store.close()


def test_checksums_of_earlier_versions_are_kept(tmp_path):
    """They did not cover the time at which a job is cancelled, nor its work."""
    store = JobStore(tmp_path)
    job = add(store)
    store.close()
    fixed = [job.id, job.owner, job.key, job.name, job.n_residues, job.created]
    with sqlite3.connect(tmp_path / "jobs.sqlite") as db:
        checksum = hashlib.sha256(json.dumps(fixed).encode()).hexdigest()
        db.execute("UPDATE job SET checksum = ?", (checksum,))
        db.execute("ALTER TABLE work DROP COLUMN checksum")
    db.close()
    store = JobStore(tmp_path)
    assert store.find(job.id, "me") == job
    store.close()


def test_a_damaged_index_is_rebuilt(tmp_path):
    store = JobStore(tmp_path)
    add(store)
    store.close()
    path = tmp_path / "jobs.sqlite"
    data = path.read_bytes()
    places = [i for i in range(len(data)) if data.startswith(b"queued", i)]
    with sqlite3.connect(path) as db:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'work_by_state'"
        page = db.execute(query).fetchone()[0]
    db.close()
    (place,) = [i for i in places if i // 4096 == page - 1]
    path.write_bytes(data[:place] + b"p" + data[place + 1 :])
    store = JobStore(tmp_path)
    assert store.next_work() == ("a", {"task": "cath"})
    store.close()


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
