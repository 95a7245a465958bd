"""The service under load, on the loopback: ``python benchmarks/service_load.py``.

Starts ``protvox serve`` on two threads, then sends the CATH task of a small domain: one request
at a time; as many as a batch holds; four times the capacity, as arrivals at fixed times whether
or not earlier ones are answered, while ``/health/live`` is asked ten times a second; and kills
the model process under load. Writes ``benchmarks/results/service_load.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "service_load.json"
DOMAIN = ROOT / "tests" / "data" / "1ubi.pdb"
GOALS = {"goodput_share": 0.8, "health_p99_s": 0.1, "batching_gain": 1.5, "back_s": 10}
PORT = 8766
BOUNDARY = "benchmark"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
WATCH = """
import http.client, sys, time
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
with open(sys.argv[2], "w", buffering=1) as told:
    while True:
        begun = time.perf_counter()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        told.write(f"{time.perf_counter() - begun}\\n")
        time.sleep(0.05)
"""
SERVE = "from protvox.cli import main; main()"


def start(folder: str) -> subprocess.Popen:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "PROTVOX_OFFLINE": "1", "PROTVOX_SERVICE_THREADS": "2",
        "PROTVOX_SERVICE_RATE_PER_MINUTE": "0", "PROTVOX_SERVICE_SPOOL_DIR": folder,
    }  # fmt: skip
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(PORT)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


async def ready(client: httpx.AsyncClient, limit_s: float = 300) -> float:
    begun = time.perf_counter()
    while time.perf_counter() - begun < limit_s:
        try:
            if (await client.get("/health/ready")).status_code == 200:
                return time.perf_counter() - begun
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the service does not get ready")


async def ask(client: httpx.AsyncClient, content: bytes, statuses: Counter) -> float:
    begun = time.perf_counter()
    answer = await client.post("/predict/cath", content=content, headers=HEADERS)
    statuses[answer.status_code] += 1
    return time.perf_counter() - begun


async def closed_loop(client: httpx.AsyncClient, content: bytes, width: int, seconds: float):
    """Return the requests a second with so many clients that each wait for their answers."""
    statuses: Counter = Counter()
    end = time.perf_counter() + seconds

    async def one() -> None:
        while time.perf_counter() < end:
            await ask(client, content, statuses)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(width)))
    return statuses[200] / (time.perf_counter() - begun)


def watcher(path: str) -> subprocess.Popen:
    """Start to ask for health in a process of its own, which the load does not hold up."""
    return subprocess.Popen([sys.executable, "-c", WATCH, str(PORT), path])


async def open_loop(client: httpx.AsyncClient, content: bytes, rate: float, seconds: float):
    """Return what comes of arrivals at a rate."""
    statuses: Counter = Counter()
    with tempfile.NamedTemporaryFile("r") as told:
        health = watcher(told.name)
        begun = time.perf_counter()
        tasks = []
        for i in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + i / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(ask(client, content, statuses)))
        offered = len(tasks) / (time.perf_counter() - begun)
        await asyncio.gather(*tasks)
        spent = time.perf_counter() - begun
        health.terminate()
        health.wait()
        times = [float(line) for line in told.read().split()]
    return {
        "offered_per_s": round(offered, 2),
        "answered_per_s": round(statuses[200] / spent, 2),
        "statuses": dict(statuses),
        "health_p99_s": round(statistics.quantiles(times, n=100)[98], 4),
    }


def model_process(parent: int) -> int:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if above == parent and b"service.prediction" in words:
            return int(folder.name)
    raise SystemExit("there is no model process")


async def kill(client: httpx.AsyncClient, content: bytes, parent: int) -> dict[str, object]:
    statuses: Counter = Counter()
    tasks = [asyncio.create_task(ask(client, content, statuses)) for _ in range(8)]
    await asyncio.sleep(0.1)
    os.kill(model_process(parent), signal.SIGKILL)
    await asyncio.sleep(0.2)
    back = await ready(client)
    await asyncio.gather(*tasks)
    return {"back_s": round(back, 2), "statuses": dict(statuses)}


async def measure(parent: int, seconds: float) -> dict[str, object]:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    content = head.encode() + DOMAIN.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
    limits = httpx.Limits(max_connections=400)
    address = f"http://127.0.0.1:{PORT}"
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        first = await ready(client)
        await closed_loop(client, content, 2, 2)
        alone = await closed_loop(client, content, 1, seconds)
        together = await closed_loop(client, content, 8, seconds)
        overload = await open_loop(client, content, 4 * together, seconds)
        killed = await kill(client, content, parent)
    return {
        "ready_s": round(first, 1),
        "one_at_a_time_per_s": round(alone, 2),
        "eight_at_a_time_per_s": round(together, 2),
        "batching_gain": round(together / alone, 2),
        "overload": {**overload, "goodput_share": round(overload["answered_per_s"] / together, 2)},
        "kill": killed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each part")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        service = start(folder)
        try:
            measured = asyncio.run(measure(service.pid, options.seconds))
        finally:
            service.terminate()
            service.wait(60)
    result = {
        **measured,
        "goals": GOALS,
        "seconds": options.seconds,
        "cores": os.cpu_count(),
        "load_before": round(load, 1),
        "python": platform.python_version(),
    }
    text = json.dumps(result, indent=2) + "\n"
    RESULT.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
