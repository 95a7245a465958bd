"""Computing time that a client has wasted."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import sys
import time

import httpx
import pytest
from starlette.requests import Request

from protvox.errors import ProtvoxError, fail
from protvox.processes.child import ChildGone
from protvox.service.failures import ServiceError, client_gone, describe, refuse
from protvox.service.http.bodies import Bodies
from protvox.service.metrics import Metrics
from protvox.service.settings import load_service_settings
from protvox.service.waste import Waste
from protvox.service.workers import device as device_module
from protvox.service.workers import process, reader_pool
from protvox.service.workers.engine import Engine
from protvox.service.workers.reader_pool import ReaderPool
from protvox.service.workers.work import Work

PADDED = gzip.compress(b"", mtime=0) * 9_990
"""Members that are all empty: cheap to send, refused after it was read."""


class Clock:
    """Time that passes on request."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def wasted(limit: Waste, client: str, seconds: float, error: ProtvoxError | None = None) -> None:
    with pytest.raises(ProtvoxError), limit.watch(client) as spend:
        spend(seconds)
        raise error or client_gone()


def wait_of(limit: Waste, client: str) -> float:
    """Return how long a client is to wait, 0 if it is served."""
    try:
        limit.check(client)
    except ServiceError as error:
        assert (error.status, error.code) == (429, "request.waste")
        return error.retry_after
    return 0.0


def test_time_may_be_wasted_at_once_and_then_slowly():
    clock = Clock()
    limit = Waste(2.0, clock)
    for _ in range(30):
        assert wait_of(limit, "a") == 0
        wasted(limit, "a", 1.0)
    wasted(limit, "a", 3.0)
    assert wait_of(limit, "b") == 0
    assert wait_of(limit, "a") == pytest.approx(90)
    clock.now += 89
    wasted(limit, "b", 1.0)
    clock.now += 2
    assert wait_of(limit, "a") == 0


def test_clients_that_send_without_a_pause_stay_refused():
    clock = Clock()
    limit = Waste(2.0, clock)
    wasted(limit, "a", 30.01)
    for _ in range(1000):
        assert wait_of(limit, "a") == 30
        clock.now += 1.5
    clock.now += 30
    assert wait_of(limit, "a") == 0


def test_threads_that_wait_for_as_long_as_they_are_asked_come_back():
    """Each of them is refused once more at first, because the others came while it waited."""
    clock = Clock()
    limit = Waste(2.0, clock)
    wasted(limit, "a", 31.5)
    begun = clock.now
    due = [begun + 0.7 * number for number in range(8)]
    while True:
        clock.now = min(due)
        wait_s = wait_of(limit, "a")
        if not wait_s:
            break
        due[due.index(clock.now)] += wait_s
    assert 45 < clock.now - begun < 90


def test_nobody_waits_for_hours():
    clock = Clock()
    limit = Waste(2.0, clock)
    wasted(limit, "a", 1e6)
    assert wait_of(limit, "a") == pytest.approx(15 * 60)
    clock.now += 15 * 60 + 1
    assert wait_of(limit, "a") == 0


def test_what_is_saved_up_is_limited():
    clock = Clock()
    limit = Waste(2.0, clock)
    wasted(limit, "a", 1.0)
    clock.now += 1e6
    wasted(limit, "a", 30.5)
    assert wait_of(limit, "a") > 0


def test_waste_may_be_unlimited():
    limit = Waste(0.0)
    wasted(limit, "a", 1e6)
    assert wait_of(limit, "a") == 0


def test_few_clients_are_remembered():
    limit = Waste(2.0)
    for number in range(10_001):
        wasted(limit, str(number), 40)
    assert wait_of(limit, "0") == 0
    assert wait_of(limit, "1") > 0


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (fail("input.empty", where="x"), True),
        (refuse("request.too_large", status=413, limit=1), True),
        (client_gone(), True),
        (refuse("service.deadline", status=503), False),
        (fail("device.memory", where="x"), False),
    ],
)
def test_what_fails_because_of_the_client_counts(error, counts):
    limit = Waste(2.0)
    wasted(limit, "a", 40, error)
    assert (wait_of(limit, "a") > 0) == counts


def test_time_that_is_known_later_counts_if_the_request_has_failed():
    limit = Waste(2.0)
    with limit.watch("a") as spend:
        spend(40)
    spend(40)
    assert wait_of(limit, "a") == 0
    with pytest.raises(ServiceError), limit.watch("a") as spend:
        raise client_gone()
    spend(40)
    assert wait_of(limit, "a") > 0


def test_receiving_a_body_that_is_given_up_takes_time():
    spent: list[float] = []
    pieces = [bytes(1 << 20)]

    async def stall():
        if not pieces:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": pieces.pop(), "more_body": True}

    async def receive():
        request = Request({"type": "http", "method": "POST", "headers": []}, stall)
        async with Bodies(load_service_settings(body_s=1)).receive(request, "a", spent.append):
            pass

    with pytest.raises(ServiceError):
        asyncio.run(receive())
    assert spent == [pytest.approx(0.007)]


class Reader:
    """Needs three seconds for each message, and answers as the body says."""

    alive = True
    cpu_s = 0.0

    def __init__(self, *_):
        self.body = ""

    async def start(self, _seconds):
        pass

    async def stop(self):
        pass

    async def was_killed(self):
        return False

    async def send(self, message):
        self.body = message["body"]
        self.cpu_s += 3

    async def receive(self):
        if self.body == "slow":
            await asyncio.sleep(0.2)
        if self.body == "crash":
            raise ChildGone
        error = {"error": describe(fail("input.empty", where="x"))}
        return {"worn_out": False, **(error if self.body == "refused" else {})}


@pytest.mark.parametrize(("body", "seconds"), [("", 3), ("refused", 3), ("crash", 6)])
def test_the_time_of_readers_is_known(monkeypatch, body, seconds):
    monkeypatch.setattr(reader_pool, "Child", Reader)
    spent: list[float] = []

    async def main():
        pool = ReaderPool(load_service_settings(), Metrics(), size=1, seconds=9)
        await pool.start()
        await asyncio.gather(pool.read({"body": body}, "a", spent.append), return_exceptions=True)

    asyncio.run(main())
    assert spent == [seconds]


def test_the_time_of_readers_is_known_after_their_client_has_left(monkeypatch):
    monkeypatch.setattr(reader_pool, "Child", Reader)
    spent: list[float] = []

    async def main():
        pool = ReaderPool(load_service_settings(), Metrics(), size=1, seconds=9)
        await pool.start()
        reading = asyncio.create_task(pool.read({"body": "slow"}, "a", spent.append))
        await asyncio.sleep(0.05)
        reading.cancel()
        await asyncio.sleep(0.05)
        assert spent == []
        await asyncio.sleep(0.3)

    asyncio.run(main())
    assert spent == [3]


def test_the_time_of_a_process_is_known_after_its_end(monkeypatch):
    program = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    monkeypatch.setattr(process, "child_command", lambda *_: [sys.executable, "-Sc", program])

    async def main():
        child = process.Child("any")
        times = [child.cpu_s]
        for _ in range(2):
            with pytest.raises(ChildGone):
                await child.start(20)  # what it prints is no message
            times.append(child.cpu_s)
        return times

    first, second, third = asyncio.run(main())
    assert first == 0
    assert 0.3 <= second < 2
    assert second + 0.3 <= third < 4


def test_the_time_of_processes_never_decreases(monkeypatch):
    """One that dies by itself takes its clock with it, and its body gave time back."""
    program = "import time\nwhile time.process_time() < 0.3: pass"
    monkeypatch.setattr(process, "child_command", lambda *_: [sys.executable, "-Sc", program])

    async def main():
        child = process.Child("any")
        child._process = await asyncio.create_subprocess_exec(*child._command)
        times = [child.cpu_s]
        while times[-1] < 0.1:
            await asyncio.sleep(0.01)
            times.append(child.cpu_s)
        await child._process.wait()
        times.append(child.cpu_s)
        with pytest.raises(ChildGone):
            await child.start(20)
        return [*times, child.cpu_s]

    times = asyncio.run(main())
    assert times == sorted(times)


class Model:
    """Computes for a tenth of a second."""

    alive = True

    def __init__(self, *_):
        self.requests: asyncio.Queue = asyncio.Queue()

    async def start(self, _seconds):
        return {"models": [], "pid": 1}

    async def stop(self):
        pass

    async def send(self, message):
        for request in message.get("requests", ()):
            self.requests.put_nowait(request)

    async def receive(self):
        request = await self.requests.get()
        await asyncio.sleep(0.1)
        return {"number": request["number"], "results": {}, "seconds": 5.0, "cpu_s": 4.0}


@pytest.mark.parametrize("leaves", [True, False])
def test_the_time_of_predictions_is_known(monkeypatch, leaves):
    monkeypatch.setattr(device_module, "Child", Model)
    spent: list[float] = []

    async def main():
        engine = Engine(load_service_settings(devices="cpu"), Metrics())
        await engine.start()
        deadline = time.monotonic() + 1e6
        work = Work(b"", {"task": "cath"}, ("jsonl",), deadline, spend=spent.append)
        predicting = asyncio.create_task(engine.predict(work))
        await asyncio.sleep(0.05)
        if leaves:
            predicting.cancel()
        await asyncio.gather(predicting, return_exceptions=True)
        await asyncio.sleep(0.2)
        await engine.stop()

    asyncio.run(main())
    assert spent == [4.0]


def refused_after(client: httpx.Client, *contents: bytes, **fields: str) -> list[str]:
    """Send structures in turn until the client is refused, and return the codes before."""
    codes: list[str] = []
    for number in range(200):
        content = contents[number % len(contents)]
        answer = client.post("/predict/cath", files={"file": ("x", content)}, data=fields)
        if answer.json()["code"] == "request.waste":
            assert int(answer.headers["retry-after"]) >= 30
            assert answer.headers["connection"] == "close"
            return codes
        codes.append(answer.json()["code"])
    raise AssertionError(codes)


def test_clients_that_waste_time_are_refused_before_their_body_is_received(make_server, ubiquitin):
    """Bodies that are cheap to send held the readers for good."""
    server = make_server(wasted_s_per_minute="0.02", request_residues="50")
    codes = refused_after(server.client, PADDED, ubiquitin)
    assert codes[:2] == ["input.empty", "request.too_large"]
    begun = time.monotonic()
    for content in (b"", bytes(20 << 20)):
        answer = server.client.post("/embed", files={"file": ("x", content)})
        assert (answer.status_code, answer.json()["code"]) == (429, "request.waste")
    assert time.monotonic() - begun > 1.9  # so that it is not repeated hundreds of times a second
    # What needs no computing is served, and so is another address.
    assert server.client.get("/models").status_code == 200
    transport = httpx.HTTPTransport(local_address="127.0.0.3")
    with httpx.Client(base_url=server.client.base_url, transport=transport) as other:
        answer = other.post("/predict/cath", files={"file": ("x", ubiquitin)})
        assert answer.json()["code"] == "request.too_large"


def test_keys_waste_their_own_time(make_server, ubiquitin):
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a", "b")}
    keys = ",".join(f"{name}:{digest}" for name, digest in digests.items())
    server = make_server(wasted_s_per_minute="0.02", api_keys=keys)
    server.client.headers["authorization"] = "Bearer a"
    # The model process notices that there is no such chain; reading took the time.
    assert set(refused_after(server.client, ubiquitin, chain="Z")) == {"input.chain"}
    server.client.headers["authorization"] = "Bearer b"
    answer = server.client.post("/predict/cath", files={"file": ubiquitin}, timeout=60)
    assert answer.status_code == 200
