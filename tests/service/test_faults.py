"""The engine with fake model processes: crashes, deadlines, order and slots."""

from __future__ import annotations

import asyncio

import pytest

from protvox.errors import InputError, fail
from protvox.processes.child import ChildGone
from protvox.service.failures import ServiceError, describe
from protvox.service.metrics import Metrics
from protvox.service.settings import load_service_settings
from protvox.service.workers import device as device_module
from protvox.service.workers.engine import Engine
from protvox.service.workers.work import Work


class FakeChild:
    """Returns the structure itself; ``poison`` kills it, ``slow`` gets no reply."""

    starts = 0
    batches: list[list[bytes]]
    cancelled: list[int]
    broken = False
    fatal = True
    unusable = ()

    def __init__(self, _module, arguments):
        self.device = arguments[0]
        self.alive = False
        self.replies: asyncio.Queue = asyncio.Queue()

    async def start(self, _seconds):
        type(self).starts += 1
        if self.broken:
            raise ChildGone("no models")
        if self.device in self.unusable:
            return {"error": describe(fail("device.missing", where=self.device))}
        self.alive = True
        self.replies = asyncio.Queue()
        return {"pid": 1, "models": []}

    async def send(self, message):
        if "cancel" in message:
            self.cancelled.append(message["cancel"])
            return
        self.batches.append([r["structure"] for r in message["requests"]])
        for request in message["requests"]:
            if request["structure"] == b"last" and type(self).fatal:
                type(self).fatal, type(self).broken = False, True
                self.replies.put_nowait(None)
            elif request["structure"] == b"poison":
                self.replies.put_nowait(None)
            elif request["structure"] == b"bad":
                error = describe(InputError("bad", code="input.bad"))
                self.replies.put_nowait({"number": request["number"], "error": error})
            elif request["structure"] != b"slow":
                results = {"jsonl": request["structure"]}
                self.replies.put_nowait({"number": request["number"], "results": results})

    async def receive(self):
        await asyncio.sleep(0.01)
        reply = await self.replies.get()
        if reply is None:
            self.alive = False
            raise ChildGone("killed")
        return {"seconds": 0.0, "cpu_s": 1.5, **reply}

    async def stop(self):
        self.alive = False


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    FakeChild.starts, FakeChild.batches, FakeChild.cancelled = 0, [], []
    FakeChild.broken, FakeChild.fatal = False, True
    monkeypatch.setattr(device_module, "Child", FakeChild)
    monkeypatch.setattr(device_module, "_PAUSE_S", (0.0, 0.01))
    return FakeChild


def run(
    *structures: bytes,
    seconds: float = 5.0,
    places: int = 4,
    urgent=lambda s: True,
    devices: str = "cpu",
) -> list:
    """Return the results or errors of requests that arrive together."""

    async def main():
        settings = load_service_settings(devices=devices, batch_size=places)
        engine = Engine(settings, Metrics())
        deadline = asyncio.get_running_loop().time() + seconds
        tasks = [
            asyncio.create_task(
                engine.predict(Work(s, {"task": "cath"}, ("jsonl",), deadline, urgent(s)))
            )
            for s in structures
        ]
        await asyncio.sleep(0)
        await engine.start()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        await engine.stop()
        return answers

    return asyncio.run(main())


def test_waiting_requests_form_a_batch(fake):
    answers = run(b"a", b"b", b"c", b"d", b"e")
    assert [answer["jsonl"] for answer in answers] == [b"a", b"b", b"c", b"d", b"e"]
    assert fake.batches[0] == [b"a", b"b", b"c", b"d"]


def test_errors_affect_only_their_request():
    good, bad = run(b"a", b"bad")
    assert good == {"jsonl": b"a"}
    assert (type(bad), bad.code) == (InputError, "input.bad")


def test_request_that_kills_processes_affects_no_other(fake):
    *good, poison = run(b"a", b"b", b"c", b"poison")
    assert [answer["jsonl"] for answer in good] == [b"a", b"b", b"c"]
    assert (poison.status, poison.code) == (503, "service.process_died")
    assert fake.starts >= 2
    assert [b"poison"] in fake.batches


def test_work_of_a_lost_device_moves_to_another(fake):
    (answer,) = run(b"last", devices="cuda:0,cuda:1")
    assert answer == {"jsonl": b"last"}
    assert fake.batches == [[b"last"], [b"last"]]


def test_deadline_ends_the_wait_and_cancels_the_work(fake):
    (answer,) = run(b"slow", seconds=0.2)
    assert isinstance(answer, ServiceError)
    assert (answer.status, answer.code) == (503, "service.deadline")
    assert fake.cancelled == [1]


def test_urgent_requests_precede_jobs(fake):
    run(b"job1", b"job2", b"now1", b"now2", places=1, urgent=lambda s: s.startswith(b"now"))
    assert fake.batches == [[b"now1"], [b"now2"], [b"job1"], [b"job2"]]


@pytest.mark.parametrize(
    ("unusable", "reported"), [(["cuda:0", "cuda:1"], ["cuda:0"]), (["cuda:1"], [])]
)
def test_a_start_without_any_usable_device_is_reported(fake, monkeypatch, unusable, reported):
    """Formerly the service started its model process again and again, with a traceback each."""
    monkeypatch.setattr(fake, "unusable", unusable)

    async def main():
        errors = []
        settings = load_service_settings(devices="cuda:0,cuda:1")
        engine = Engine(settings, Metrics(), errors.append)
        await engine.start()
        while fake.starts < 4:
            await asyncio.sleep(0.01)
        ready = engine.is_ready
        await engine.stop()
        return errors, ready

    errors, ready = asyncio.run(main())
    assert [error.where for error in errors][:1] == reported
    assert ready is not bool(reported)


def test_requests_are_refused_without_models(fake):
    fake.broken = True

    async def main():
        engine = Engine(load_service_settings(devices="cpu"), Metrics())
        await engine.start()
        while fake.starts < 4:
            await asyncio.sleep(0.01)
        deadline = asyncio.get_running_loop().time() + 60
        with pytest.raises(ServiceError) as caught:
            await engine.predict(Work(b"a", {"task": "cath"}, ("jsonl",), deadline))
        await engine.stop()
        return caught.value.code

    assert asyncio.run(main()) == "service.unavailable"
