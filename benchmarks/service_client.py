"""Shared by the measurements of the service: a service, requests and its processes.

The client speaks HTTP over plain sockets, because on two cores a client as expensive as the
service would measure itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
SERVE = "from protvox.cli import main; main()"
BOUNDARY = "benchmark"
READY_S = 300
WATCH = """
import http.client, sys, time
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
with open(sys.argv[2], "w", buffering=1) as log:
    while True:
        begun = time.perf_counter()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        log.write(f"{time.perf_counter() - begun}\\n")
        time.sleep(0.05)
"""


def start(port: int, folder: str, **settings: str) -> subprocess.Popen:
    """Start a service of two threads, without a limit of rate."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")} | {
        "PYTHONPATH": str(ROOT),
        "PROTVOX_OFFLINE": "1",
        "PROTVOX_SERVICE_THREADS": "2",
        "PROTVOX_SERVICE_RATE_PER_MINUTE": "0",
        "PROTVOX_SERVICE_SPOOL_DIR": folder,
        **{f"PROTVOX_SERVICE_{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


@contextmanager
def serving(port: int, **settings: str) -> Iterator[int]:
    """Run a service, see `start`, and yield its process id."""
    with TemporaryDirectory() as folder:
        service = start(port, folder, **settings)
        try:
            yield service.pid
        finally:
            service.terminate()
            service.wait(60)


def record(path: Path, measured: Mapping[str, object], beside: str) -> None:
    """Write a result with its circumstances, and print it without its notes."""
    result = {**measured, "beside": beside, **circumstances()}
    path.write_text(json.dumps(result) + "\n")
    sys.stdout.write(json.dumps({k: v for k, v in result.items() if k != "notes"}, indent=2) + "\n")


def form(path: Path, **fields: str) -> bytes:
    """Return the body of a form with a structure."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts.append(f'name="file"; filename="{path.name}"\r\n\r\n'.encode() + path.read_bytes())
    opening = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(opening + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Tally:
    """Status codes and times of requests."""

    statuses: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of those with status 200."""


class Client:
    """Sends requests over persistent connections.

    Parameters
    ----------
    port
        Port of the service.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and content of an address."""
        return await self._exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    async def delete(self, path: str) -> tuple[int, bytes]:
        """Send a DELETE request."""
        return await self._exchange(f"DELETE {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    async def post(self, path: str, body: bytes, tally: Tally | None = None) -> tuple[int, bytes]:
        """Send a form and count its status."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        )
        begun = time.perf_counter()
        try:
            status, content = await self._exchange(head.encode() + body)
        except (OSError, asyncio.IncompleteReadError):
            status, content = 0, b""
        if tally is not None:
            tally.statuses[status] += 1
            if status == 200:
                tally.seconds.append(time.perf_counter() - begun)
        return status, content

    async def ready(self, seconds: float = READY_S) -> float:
        """Return the seconds until the service predicts."""
        begun = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            try:
                if (await self.get("/health/ready"))[0] == 200:
                    return time.perf_counter() - begun
            except (OSError, asyncio.IncompleteReadError):
                pass
            await asyncio.sleep(0.05)
        raise SystemExit("the service does not get ready")

    async def _exchange(self, message: bytes) -> tuple[int, bytes]:
        while self._idle:
            reader, writer = self._idle.pop()
            try:
                return await self._over(reader, writer, message)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                # The service may close an idle connection while the request is on its way. Clients
                # then send it again.
                if getattr(error, "partial", b""):
                    raise
        return await self._over(*await asyncio.open_connection("127.0.0.1", self._port), message)

    async def _over(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes
    ) -> tuple[int, bytes]:
        try:
            writer.write(message)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").lower()
            lines = head.split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines[1:] if line)
            content = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            writer.close()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(lines[0].split()[1]), content


def watch_health(port: int, log: str) -> subprocess.Popen:
    """Start health checks in their own process, which the load does not delay."""
    return subprocess.Popen([sys.executable, "-c", WATCH, str(port), log])


def processes(parent: int) -> dict[int, str]:
    """Process id to role of the service and its children."""
    found = {parent: "answering"}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if above == parent:
            found[int(folder.name)] = (
                "model" if b"protvox.service.workers.model_process" in words else "reading"
            )
    return found


def processor_s(pid: int, *, ended: bool = False) -> float:
    """CPU seconds of a process, on request with those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if ended else 13])) / os.sysconf("SC_CLK_TCK")


def memory(pids: Mapping[int, str]) -> dict[str, float]:
    """MiB by role; shared memory is divided among the processes."""
    sums: Counter = Counter()
    for pid, role in pids.items():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sums[role] += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return {role: round(kib / 1024, 1) for role, kib in sums.items()}


def circumstances() -> dict[str, object]:
    """Return the machine and its load."""
    return {
        "cores": os.cpu_count(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
    }
