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
PORT = 8765
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
    answer = await client.post("/predict/cath", files={"file": ("1ubi.pdb", content)})
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


async def watch(client: httpx.AsyncClient, seconds: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await client.get("/health/live")
        seconds.append(time.perf_counter() - begun)
        await asyncio.sleep(0.1)


async def open_loop(client: httpx.AsyncClient, content: bytes, rate: float, seconds: float):
    """Return what comes of arrivals at a rate."""
    statuses: Counter = Counter()
    health: list[float] = []
    watcher = asyncio.create_task(watch(client, health))
    begun = time.perf_counter()
    tasks = []
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + i / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(client, content, statuses)))
    await asyncio.gather(*tasks)
    spent = time.perf_counter() - begun
    watcher.cancel()
    return statuses[200] / spent, statuses, statistics.quantiles(health, n=100)[98]


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
    content = DOMAIN.read_bytes()
    limits = httpx.Limits(max_connections=400)
    address = f"http://127.0.0.1:{PORT}"
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        first = await ready(client)
        await closed_loop(client, content, 2, 2)
        alone = await closed_loop(client, content, 1, seconds)
        together = await closed_loop(client, content, 8, seconds)
        goodput, statuses, health = await open_loop(client, content, 4 * together, seconds)
        killed = await kill(client, content, parent)
    return {
        "ready_s": round(first, 1),
        "one_at_a_time_per_s": round(alone, 2),
        "eight_at_a_time_per_s": round(together, 2),
        "batching_gain": round(together / alone, 2),
        "overload": {
            "goodput_share": round(goodput / together, 2),
            "statuses": dict(statuses),
            "health_p99_s": round(health, 4),
        },
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
