"""Disasters of the service, for ``disasters.py``: kills, restarts, disks and clocks."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
from disaster_tools import LostError, check, fake_clock, fill, is_alive, remount, set_clock
from service_client import ROOT, processes

BENCHMARKS = Path(__file__).parent
STRUCTURE = (ROOT / "tests" / "data" / "1ubi.pdb").read_text()
START_S, ANSWER_S = 300.0, 120.0
SERVE = [sys.executable, "-c", "import fake_service_model as m; m.serve()", "serve"]


class Service:
    """A service with a fake model process.

    Parameters
    ----------
    folder
        Folder for its log; the job directory is ``spool``, there by default.
    environment
        Further environment variables.
    """

    def __init__(self, folder: Path, spool: Path | None = None, **environment: str) -> None:
        self.log_path, self.spool = folder / "log", spool or folder / "spool"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        paths = os.pathsep.join([str(ROOT), str(BENCHMARKS)])
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")}
        self._environment = kept | {
            "PYTHONPATH": paths,
            "PROTVOX_OFFLINE": "1",
            "PROTVOX_DEVICE": "cpu",
            "PROTVOX_SERVICE_PORT": str(port),
            "PROTVOX_SERVICE_READERS": "1",
            "PROTVOX_SERVICE_RATE_PER_MINUTE": "0",
            "PROTVOX_SERVICE_SHARE": "1",
            "PROTVOX_SERVICE_SPOOL_DIR": str(self.spool),
            **environment,
        }
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S)
        self.process: subprocess.Popen | None = None

    def spawn(self) -> subprocess.Popen:
        """Start the process."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(SERVE, env=self._environment, stderr=log)
        return self.process

    def start(self) -> None:
        """Start and wait until it is ready."""
        process = self.spawn()
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with suppress(httpx.TransportError):
                if self.client.get("/health/ready").status_code == 200:
                    return
            check(process.poll() is None, f"the service ended: {self.last_line()}")
            time.sleep(0.05)
        raise LostError("the service does not get ready")

    def fails(self) -> str:
        """Start a service that cannot run; return its only line."""
        self.log_path.write_text("")
        with suppress(subprocess.TimeoutExpired):
            self.spawn().wait(START_S)
        assert self.process is not None
        check(self.process.poll() == 2, f"exit code {self.process.poll()}")
        check("Traceback" not in self.log_path.read_text(), "a traceback")
        return self.last_line()

    def last_line(self) -> str:
        """Return the last error of the log."""
        lines = self.log_path.read_text().strip().splitlines() or [""]
        return " ".join(lines[-3:]) if not lines[-1].startswith("{") else lines[-1]

    def end(self, number: int = signal.SIGKILL) -> None:
        """End the process and wait for it and its children, which end by themselves."""
        if self.process is None:
            return
        children = [pid for pid in processes(self.process.pid) if pid != self.process.pid]
        self.process.send_signal(number)
        self.process.wait(90)
        end = time.monotonic() + 60
        while any(map(is_alive, children)):
            check(time.monotonic() < end, "a child process outlives the service")
            time.sleep(0.02)

    def pids(self, role: str) -> list[int]:
        """Return the processes of a role: ``model`` or ``reading``."""
        found = []
        assert self.process is not None
        for pid in processes(self.process.pid):
            with suppress(OSError):
                is_model = b"fake_service_model" in Path(f"/proc/{pid}/cmdline").read_bytes()
                if pid != self.process.pid and is_model == (role == "model"):
                    found.append(pid)
        return found

    def post(self, path: str, number: int, **fields: str) -> httpx.Response:
        """Send one of several structures."""
        # Equal structures would be computed once.
        content = STRUCTURE.replace("  27.343", f"{27 + number / 1000:8.3f}", 1).encode()
        return self.client.post(path, files={"file": ("x.pdb", content)}, data=fields)

    def submit(self, number: int) -> str:
        """Submit a job and return its address."""
        response = self.post("/jobs", number, task="cath")
        check(response.status_code == 202, f"a job is refused: {response.text}")
        return response.headers["location"]

    def state(self, job: str) -> str:
        """Return the state of a job."""
        return self.client.get(job).json().get("state", "lost")

    def wait(self, job: str, *states: str) -> str:
        """Wait until a job has a state, or has ended."""
        end = time.monotonic() + ANSWER_S
        while (state := self.state(job)) not in (*states, "done", "failed", "cancelled", "lost"):
            check(time.monotonic() < end, f"a job is {state} and does not end")
            time.sleep(0.02)
        return state

    def result(self, job: str) -> bytes:
        """Return the result of a job once it is done."""
        state = self.wait(job)
        check(state == "done", f"a job is {state}: {self.client.get(job).text}")
        return self.client.get(f"{job}/results?format=json").content


def kill_main(folder: Path, kills: int) -> str:
    """Kill the service while it computes jobs; they are done after the next start."""
    chance, service, number = random.Random(1), Service(folder), 0
    expected: dict[str, int] = {}
    for _ in range(kills):
        service.start()
        for _ in range(3):
            number += 1
            expected[service.submit(number)] = number
        time.sleep(chance.uniform(0, 0.4))
        service.end()
    service.start()
    try:
        found = {job: service.result(job) for job in expected}
        check(len(set(found.values())) == number, "two jobs have the same results")
        for job in random.Random(2).sample(list(found), min(len(found), 10)):
            again = service.post("/predict/cath", expected[job])
            check(again.status_code == 200, again.text)
        return f"{number} jobs done after {kills} kills"
    finally:
        service.end()


def _kill(folder: Path, kills: int, role: str, path: str) -> str:
    service = Service(folder)
    service.start()
    chance = random.Random(role + path)
    try:
        expected = service.post("/predict/cath", 0).content if path != "/jobs" else b""
        for k in range(kills):
            answers: list[bytes] = []

            def send(n: int, answers: list[bytes] = answers) -> None:
                if path == "/jobs":
                    answers.append(service.result(service.submit(n)))
                    return
                response = service.post(path, 0)
                check(response.status_code == 200, response.text)
                answers.append(response.content)

            threads = [threading.Thread(target=send, args=(3 * k + i,)) for i in range(3)]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0, 0.25))
            for pid in service.pids(role):
                os.kill(pid, signal.SIGKILL)
            for thread in threads:
                thread.join(ANSWER_S + 10)
                check(not thread.is_alive(), "a request hangs")
            check(len(answers) == 3, f"{len(answers)} of 3 answers after kill {k + 1}")
            check(path == "/jobs" or set(answers) == {expected}, "the answers differ")
        return f"{3 * kills} equal answers after {kills} kills"
    finally:
        service.end()


def restart_in_each_state(folder: Path, _kills: int) -> str:
    """Restart, politely and not, while jobs are queued, running, done, failed and cancelled."""
    service = Service(folder, PROTVOX_SERVICE_BATCH_SIZE="2")
    service.start()
    for round_, number in enumerate((signal.SIGTERM, signal.SIGKILL)):
        done = service.submit(100 * round_)
        before = service.result(done)
        running, queued, cancelled = (service.submit(100 * round_ + n) for n in range(1, 4))
        service.client.delete(cancelled)
        files = set((service.spool / "files").glob("*.structure"))
        failed = service.submit(100 * round_ + 4)
        for path in set((service.spool / "files").glob("*.structure")) - files:
            path.unlink()
        service.end(number)
        service.start()
        check(service.result(done) == before, "finished results have changed")
        check(service.state(cancelled) == "cancelled", "a cancelled job is computed")
        for job in (running, queued):
            service.result(job)
        state = service.wait(failed)
        error = service.client.get(failed).json()["error"] or {}
        check((state, error.get("code")) == ("failed", "job.lost"), f"{state} {error}")
    service.end()
    return "all five states are kept, or computed again"


def damaged_store(folder: Path, _kills: int) -> str:
    """Damage the job database before a start."""
    service = Service(folder)
    service.start()
    for number in range(4):
        service.result(service.submit(number))
    service.end(signal.SIGTERM)
    path = service.spool / "jobs.sqlite"
    whole = path.read_bytes()
    damages: dict[str, Callable[[bytes], bytes]] = {
        "text": lambda data: b"not a database" * 1000,
        "zeros": lambda data: data[:4096] + bytes(len(data) - 4096),
        "cut": lambda data: data[: len(data) // 2],
        "noise": lambda data: data[:5000] + random.Random(0).randbytes(len(data) - 5000),
    }
    for damage in damages.values():
        path.write_bytes(damage(whole))
        service.log_path.write_text("")
        service.start()
        service.result(service.submit(9))
        check("the job database is damaged" in service.log_path.read_text(), "no message")
        service.end(signal.SIGTERM)
        path.unlink()
    return next(x for x in service.log_path.read_text().splitlines() if "is damaged" in x)


def full_disk(folder: Path, _kills: int, disk: Path) -> str:
    """Fill the disk of the job directory while the service runs, and before it starts."""
    service = Service(folder, disk / "spool")
    service.start()
    kept = service.submit(0)
    before = service.result(kept)
    filler = fill(disk)
    refused = service.post("/jobs", 1, task="cath")
    check(refused.status_code == 503, refused.text)
    for path in ("/health/ready", "/metrics"):
        check(service.client.get(path).status_code == 200, f"{path} depends on the disk")
    check(service.post("/predict/cath", 2).status_code == 200, "a prediction needs the disk")
    check(service.result(kept) == before, "finished results have changed")
    service.end()
    service.start()
    check(service.result(kept) == before, "finished results are lost")
    check(service.client.delete(kept).status_code == 204, "nothing can be deleted")
    filler.unlink()
    service.result(service.submit(3))
    service.end()
    return refused.text


def read_only_disk(folder: Path, _kills: int, disk: Path) -> str:
    """Make the disk of the job directory read-only before a start."""
    service = Service(folder, disk / "spool")
    service.start()
    kept = service.submit(0)
    before = service.result(kept)
    service.end()
    remount(disk, "ro")
    line = service.fails()
    remount(disk, "rw")
    service.start()
    check(service.result(kept) == before, "finished results are lost")
    service.result(service.submit(2))
    service.end()
    return line


def clock(folder: Path, _kills: int) -> str:
    """Let the clock of the service jump by an hour both ways while jobs wait and run."""
    offset, faked = fake_clock(folder)
    service = Service(folder, **faked)
    service.start()
    jobs = [service.submit(0)]
    service.result(jobs[0])
    for n, jump in enumerate(("+3600", "-3600", "+0"), start=1):
        job = service.submit(n)
        service.wait(job, "running")
        set_clock(offset, jump)
        jobs.append(job)
        service.result(job)
        check(service.post("/predict/cath", n).status_code == 200, "no answer after a jump")
        service.end(signal.SIGTERM)
        service.start()
        for one in jobs:
            service.result(one)
        times = service.client.get(job).json()
        check(times["finished"] >= times["created"], "a job ends before it begins")
    service.end()
    return "jobs are kept, computed and restarted after each jump"


KILLS: dict[str, Callable[[Path, int], str]] = {
    "service: main process": kill_main,
    "service: model process": lambda f, n: _kill(f, n, "model", "/predict/cath"),
    "service: reader": lambda f, n: _kill(f, n, "reading", "/predict/cath"),
    "service: process of a job": lambda f, n: _kill(f, n, "model", "/jobs"),
}
STATES: dict[str, Callable[[Path, int], str]] = {
    "restart in each state of a job": restart_in_each_state,
    "damaged job database": damaged_store,
    "clock jumps by an hour": clock,
}
DISKS: dict[str, Callable[[Path, int, Path], str]] = {
    "service: full disk": full_disk,
    "service: read-only disk": read_only_disk,
}
