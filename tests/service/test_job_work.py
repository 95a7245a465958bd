"""Jobs with a fake engine: failures between the job directory and the models."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from protvox.errors import ModelError
from protvox.service.failures import ServiceError
from protvox.service.jobs import runner as runner_module
from protvox.service.jobs.jobs import Jobs
from protvox.service.metrics import Metrics
from protvox.service.parsed_request import ParsedRequest
from protvox.service.settings import load_service_settings

RESULTS = {"json": b"{}", "csv": b"id", "parquet": b""}


class FakeEngine:
    """Returns results at once, or raises an error."""

    def __init__(self):
        self.received: list[bytes] = []
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    def models(self):
        return [{"reference": "cath@1"}]

    async def predict(self, work):
        self.received.append(work.structure)
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return RESULTS


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Run a scene with jobs and a fake engine; a function."""
    monkeypatch.setattr(runner_module, "_PAUSE_S", 0.01)

    def run(scene, **settings):
        async def main():
            engine = FakeEngine()
            settings_used = load_service_settings(spool_dir=tmp_path, devices="cpu", **settings)
            jobs = Jobs(settings_used, engine, Metrics())
            await jobs.start()
            try:
                return await asyncio.wait_for(scene(jobs, engine), 20)
            finally:
                engine.open.set()
                await jobs.stop()

        return asyncio.run(main())

    return run


def parsed(structure: bytes = b"x") -> ParsedRequest:
    return ParsedRequest(structure, "", "x", 1, 1, {"task": "cath"})


async def over(jobs: Jobs, job, owner: str = "me"):
    while (found := await jobs.find(job.id, owner)).state in ("queued", "running"):
        await asyncio.sleep(0.01)
    return found


async def occupy(jobs: Jobs, engine: FakeEngine, most: int):
    """Occupy all workers with jobs of another owner."""
    engine.open.clear()
    for number in range(most):
        await jobs.add(parsed(b"%d" % number), "other")
    while len(engine.received) < most:
        await asyncio.sleep(0.01)


def test_job_without_its_structure_fails(play, tmp_path):
    async def scene(jobs, engine):
        await occupy(jobs, engine, 1)
        job = await jobs.add(parsed(b"removed"), "me")
        for path in (tmp_path / "files").glob("*.structure"):
            path.unlink()
        engine.open.set()
        failed = await over(jobs, job)
        again = await over(jobs, await jobs.add(parsed(b"removed"), "me"))
        return failed, again, engine.received

    failed, again, received = play(scene, batch_size=2)
    assert (failed.state, failed.error["code"]) == ("failed", "job.lost")
    assert failed.error["remedy"] == "Submit it again"
    # Submitting it again restores the structure.
    assert (again.state, received) == ("done", [b"0", b"removed"])


def test_lost_results_are_reported(play, tmp_path):
    async def scene(jobs, _engine):
        job = await over(jobs, await jobs.add(parsed(), "me"))
        for path in (tmp_path / "files").iterdir():
            path.unlink()
        errors = []
        for form in ("json", "cif"):
            with pytest.raises(ServiceError) as caught:
                await jobs.results(job.id, "me", form)
            errors.append(caught.value)
        return errors

    for error in play(scene):
        assert (error.code, error.status) == ("job.lost", 409)


def flip(path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def test_a_flipped_bit_in_a_structure_is_noticed(play, tmp_path):
    """Its prediction would be one of another structure."""

    async def scene(jobs, engine):
        await occupy(jobs, engine, 1)
        job = await jobs.add(parsed(b"flipped"), "me")
        for path in (tmp_path / "files").glob("*.structure"):
            flip(path)
        engine.open.set()
        return await over(jobs, job), engine.received

    failed, received = play(scene, batch_size=2)
    assert (failed.error["code"], received) == ("job.lost", [b"0"])


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_flipped_bit_in_results_is_noticed(play, tmp_path, form):
    async def scene(jobs, engine):
        job = await over(jobs, await jobs.add(parsed(), "me"))
        (damaged,) = (tmp_path / "files").glob(f"*.{form}")
        flip(damaged)
        with pytest.raises(ServiceError) as caught:
            await jobs.results(job.id, "me", form)
        again = await over(jobs, await jobs.add(parsed(), "me"))
        path, _ = await jobs.results(again.id, "me", form)
        return caught.value, path.read_bytes(), engine.received

    error, content, received = play(scene)
    assert (error.code, error.status) == ("job.lost", 409)
    assert (content, received) == (RESULTS[form], [b"x", b"x"])


def test_full_disk_is_reported(play, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    async def scene(jobs, engine):
        await occupy(jobs, engine, 1)
        job = await jobs.add(parsed(), "me")
        monkeypatch.setattr("protvox.service.jobs.files.JobFiles.write", full)
        engine.open.set()
        return await over(jobs, job)

    failed = play(scene, batch_size=2)
    assert (failed.state, failed.error["code"]) == ("failed", "job.not_kept")


def test_unsaved_results_do_not_leave_a_job_running(play, monkeypatch):
    broken = [sqlite3.OperationalError("database or disk is full")] * 2

    async def scene(jobs, _engine):
        finish = jobs._store.finish

        def finish_later(*arguments):
            if broken:
                raise broken.pop()
            finish(*arguments)

        monkeypatch.setattr(jobs._store, "finish", finish_later)
        return await over(jobs, await jobs.add(parsed(), "me"))

    assert play(scene).state == "done"
    assert not broken


def test_paths_of_models_are_not_revealed(play):
    async def scene(jobs, engine):
        engine.error = ModelError("damaged", where="/secret/place", code="model.hash")
        return await over(jobs, await jobs.add(parsed(), "me"))

    failed = play(scene)
    assert failed.error["code"] == "internal"
    assert "secret" not in str(failed.error)


def test_cancelled_work_requested_again_is_completed(play):
    async def scene(jobs, engine):
        engine.open.clear()
        job = await jobs.add(parsed(), "me")
        while not engine.received:
            await asyncio.sleep(0.01)
        cancelled = asyncio.create_task(jobs.cancel(job.id, "me"))
        again = await jobs.add(parsed(), "me")
        await cancelled
        engine.open.set()
        return await over(jobs, again)

    assert play(scene).state == "done"


def test_one_owner_cannot_fill_the_queue(play):
    async def scene(jobs, engine):
        await occupy(jobs, engine, 1)
        for number in range(2):
            await jobs.add(parsed(b"mine %d" % number), "me")
        with pytest.raises(ServiceError) as caught:
            await jobs.add(parsed(b"mine"), "me")
        theirs = await jobs.add(parsed(b"theirs"), "you")
        return caught.value, theirs

    refused, theirs = play(scene, batch_size=2, jobs_waiting=4)
    assert (refused.code, refused.status, refused.retry_after) == ("job.too_many", 429, 60)
    assert theirs.state == "queued"


def test_one_owner_cannot_fill_the_disk(play):
    async def scene(jobs, _engine):
        await over(jobs, await jobs.add(parsed(bytes(600 << 10)), "me"))
        with pytest.raises(ServiceError) as caught:
            await jobs.add(parsed(), "me")
        theirs = await over(jobs, await jobs.add(parsed(), "you"), "you")
        return caught.value, theirs

    refused, theirs = play(scene, spool_mib=1)
    assert (refused.code, refused.status) == ("job.too_much", 429)
    assert theirs.state == "done"
