from __future__ import annotations

import time

import pytest

from protvox.service.jobs.records import Usage
from protvox.service.jobs.store import JobStore

OPTIONS = {"task": "cath"}


@pytest.fixture
def store(tmp_path):
    store = JobStore(tmp_path)
    yield store
    store.close()


def add(store, key="a", owner="me"):
    return store.add(key, b"structure", OPTIONS, owner=owner, name="x", n_residues=1)


def test_work_is_returned_once_and_in_order(store):
    add(store, "a")
    add(store, "b")
    add(store, "a")
    assert [store.next_work()[0], store.next_work()[0], store.next_work()] == ["a", "b", None]


def test_owners_take_turns(store):
    for key in "abcd":
        add(store, key, "greedy")
    add(store, "e", "modest")
    assert [store.next_work()[0] for _ in range(3)] == ["a", "e", "b"]
    add(store, "f", "modest")
    assert [store.next_work()[0] for _ in range(3)] == ["f", "c", "d"]


def test_one_owner_has_a_share_of_the_running_work(store):
    """Long jobs of one owner formerly occupied all workers, whoever else waited."""
    for key in "abc":
        add(store, key, "greedy")
    assert [store.next_work(2)[0], store.next_work(2)[0], store.next_work(2)] == ["a", "b", None]
    add(store, "d", "modest")
    assert store.next_work(2)[0] == "d"
    store.finish("a", {"json": b"{}"})
    assert store.next_work(2)[0] == "c"


def test_usage_of_all_jobs_and_of_one_owner(store):
    add(store, "a", "me"), add(store, "a", "me"), add(store, "b", "you")
    cancelled = add(store, "c", "me")
    shared = add(store, "d", "me"), add(store, "d", "you")
    store.cancel(cancelled)
    store.cancel(shared[0])
    everybody, mine = store.usage("me")
    assert (everybody.waiting, mine.waiting) == (3, 1)
    structure = len(b"structure") + 64  # and its checksum
    assert (everybody.size, mine.size) == (6 * 1024 + 4 * structure, 4 * 1024 + 3 * structure)
    assert store.usage("nobody") == (everybody, Usage(0, 0))


def test_work_with_lost_results_is_repeated(store, tmp_path):
    add(store)
    store.next_work()
    store.finish("a", {"json": b"{}"})
    assert add(store).state == "done"
    for path in (tmp_path / "files").iterdir():
        path.unlink()
    assert add(store).state == "queued"
    assert store.next_work()[0] == "a"
    assert store.structure("a") == b"structure"


def test_the_life_of_a_job(store):
    job = add(store)
    assert job.state == "queued"
    assert store.next_work() == ("a", OPTIONS)
    assert store.structure("a") == b"structure"
    assert store.find(job.id, "me").state == "running"
    store.finish("a", {"json": b"{}"})
    assert store.find(job.id, "me").state == "done"
    assert store.result_path("a", "json").read_bytes() == b"{}"


def test_jobs_of_other_owners_are_hidden(store):
    assert store.find(add(store).id, "you") is None


def test_running_work_resumes_after_a_restart(store, tmp_path):
    job = add(store)
    store.next_work()
    again = JobStore(tmp_path)  # as after a kill, without closing the first
    assert again.find(job.id, "me").state == "queued"
    assert again.next_work()[0] == "a"
    again.close()


def test_cancelling_keeps_work_that_others_need(store):
    mine, yours = add(store, owner="me"), add(store, owner="you")
    assert store.cancel(mine) is False
    assert store.find(mine.id, "me").state == "cancelled"
    assert store.find(yours.id, "you").state == "queued"
    assert store.cancel(yours) is True
    assert store.next_work() is None


def test_cancelled_or_failed_work_is_repeated(store):
    store.cancel(add(store))
    add(store)
    assert store.next_work()[0] == "a"
    store.fail("a", {"code": "x"})
    add(store)
    assert store.next_work()[0] == "a"


def test_cancelled_work_is_not_counted_as_failed(store):
    """An alarm about failed jobs must not ring because a client changed its mind."""
    add(store, "a")
    store.cancel(add(store, "b"))
    assert store.next_work()[0] == "a"
    store.fail("a", {"what": "lost"})
    add(store, "c")
    assert store.counts() == {"failed": 1, "cancelled": 1, "queued": 1}


def test_results_after_a_cancellation_are_ignored(store):
    job = add(store)
    store.next_work()
    store.cancel(job)
    store.finish("a", {"json": b"{}"})
    assert store.find(job.id, "me").state == "cancelled"


def test_old_jobs_are_purged_with_their_files(store, tmp_path):
    done, waiting = add(store, "a"), add(store, "b")
    store.next_work()
    store.finish("a", {"json": b"{}"})
    store.purge(time.time() - 60)
    assert store.find(done.id, "me")
    store.purge(time.time() + 60)
    assert store.find(done.id, "me") is None
    assert store.find(waiting.id, "me").state == "queued"
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == [
        "b.structure",
        "b.structure.sha256",
    ]


def test_work_deleted_before_it_begins_has_no_structure(store):
    job = add(store, "a")
    key, _ = store.next_work()
    store.cancel(job)
    store.cancel(store.find(job.id, "me"))
    with pytest.raises(FileNotFoundError):
        store.structure(key)


def test_half_written_files_are_deleted(store, tmp_path):
    add(store, "a")
    for name in (".tmp1234", "gone.json"):
        (tmp_path / "files" / name).write_bytes(b"x")
    again = JobStore(tmp_path)
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == [
        "a.structure",
        "a.structure.sha256",
    ]
    assert again.next_work() == ("a", OPTIONS)
    again.close()


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_of_the_clock_loses_no_job(store, monkeypatch, jump):
    job = add(store)
    now = time.time()
    monkeypatch.setattr("protvox.service.jobs.store.time.time", lambda: now + jump)
    assert store.next_work()[0] == "a"
    store.finish("a", {"json": b"{}"})
    monkeypatch.undo()
    store.purge(time.time() - 24 * 3600)
    found = store.find(job.id, "me")
    assert (found.state, found.created <= found.finished) == ("done", True)
    store.purge(time.time() + 3 * 3600)
    assert store.find(job.id, "me") is None


@pytest.mark.parametrize("state", ["queued", "running", "done", "failed", "cancelled"])
def test_a_restart_keeps_jobs_in_every_state(tmp_path, state):
    store = JobStore(tmp_path)
    job = add(store)
    if state != "queued":
        store.next_work()
    if state == "done":
        store.finish("a", {"json": b"{}"})
    elif state == "failed":
        store.fail("a", {"code": "bug"})
    elif state == "cancelled":
        store.cancel(store.find(job.id, "me"))
    store.close()
    store = JobStore(tmp_path)
    found = store.find(job.id, "me")
    assert found.state == ("queued" if state == "running" else state)
    assert (store.next_work() is not None) == (state in ("queued", "running"))
    if state == "done":
        assert store.result_path("a", "json").read_bytes() == b"{}"
    store.close()
