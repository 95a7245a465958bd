"""The service under all attacks at once, for a quarter of an hour, while its processes are killed.

Honest clients send small structures at fixed times, and jobs that are fetched and deleted. Beside
them, attackers of another address repeat every attack of ``hostile_clients.py``, and model and
reading processes are killed at random moments. Nothing may be lost: every job that was accepted
ends with the same results, every response is the same or one error that tells to try again. Memory
is noted as in ``service_soak.py``, and its median in each third of the time, by role. A service
whose only model process was just killed cannot predict, with or without attackers; requests that
met no such time, and not the seconds after it, are counted apart. Writes
``benchmarks/results/hostile_soak.json``.

    python benchmarks/hostile_soak.py --seconds 930
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import signal
import statistics
import sys
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from pathlib import Path

from hostile_clients import ATTACKS, attacked
from service_client import Client, memory, processes, processor_s, record, serving
from service_soak import NOTE_S, requests, slope

RESULT = Path(__file__).parent / "results" / "hostile_soak.json"
PORT = 8769
LONGEST_JOB_S = 1200
KILL_S = {"reading": 15.0, "model": 90.0}
"""Mean time between two kills, seconds."""

LEAST_CPU_S = {"reading": 2.0, "model": 20.0}
"""CPU time of a process that may be killed, seconds; half of it is its start. Otherwise, on a
busy machine, processes would be killed before they do anything."""

TRY_AGAIN = (429, 503)
EXPECTED = ("input.format", "input.chain")
"""Errors of the requests that are bad on purpose."""

READY_S = 1.0
"""Time between two looks at whether a model process is ready, seconds."""
CATCH_UP_S = 15.0
"""Seconds after the start of a model process in which waiting requests are served."""
WARM_S = 60.0
"""Seconds until all attacks have begun; the thirds begin then."""


def attack(address: str, seconds: float) -> None:
    """Attack in all ways at once; the target of a process."""
    with ExitStack() as stack:
        for make in ATTACKS.values():
            stack.enter_context(attacked(address, make()))
        time.sleep(seconds)
        os._exit(0)  # without waiting for the last answers


class Soak:
    """What honest clients send and get."""

    def __init__(self, parent: int) -> None:
        self.client = Client(PORT)
        self.parent = parent
        self.begun = time.perf_counter()
        self.statuses: Counter[str] = Counter()
        self.answers: dict[int, set[str]] = defaultdict(set)
        self.seconds: list[float] = []
        self.notes: list[dict] = []
        self.kills: Counter[str] = Counter()
        self.sent: list[tuple[float, float, int]] = []
        self.unready: list[float] = []
        self.lost: list[str] = []

    async def ask(self, number: int, address: str, body: bytes) -> None:
        """Send a request."""
        begun = time.perf_counter()
        status, content = await self.client.post(address, body)
        self.sent.append((begun, time.perf_counter(), status))
        code = "" if status == 200 or not content else json.loads(content).get("code", "")
        self.statuses[f"{status} {code}".strip()] += 1
        if status == 200:
            self.seconds.append(time.perf_counter() - begun)
            self.answers[number].add(hashlib.sha256(content).hexdigest())
        elif code not in EXPECTED and status not in TRY_AGAIN:
            self.lost.append(f"{address}: {status} {code}")

    async def job(self, number: int, body: bytes) -> None:
        """Submit a job, wait for its results and delete it."""
        status, content = await self.client.post("/jobs", body)
        self.statuses[f"jobs {status}"] += 1
        if status != 202:
            return
        address, end = f"/jobs/{json.loads(content)['id']}", time.monotonic() + LONGEST_JOB_S
        state = "lost"
        while time.monotonic() < end and state not in ("done", "failed", "cancelled"):
            await asyncio.sleep(1)
            with suppress(OSError, asyncio.IncompleteReadError):
                status, content = await self.client.get(address)
                state = json.loads(content).get("state", state)
        status, content = await self.client.get(f"{address}/results?format=json")
        self.statuses[f"job {state}, results {status}"] += 1
        if status == 200:
            self.answers[number].add(hashlib.sha256(content).hexdigest())
        else:
            self.lost.append(f"job {state}: {content[:200]!r}")
        await self.client.delete(address)

    async def note(self) -> None:
        """Note the memory of all processes."""
        while True:
            seconds = round(time.perf_counter() - self.begun, 1)
            self.notes.append({"s": seconds, "mib": memory(processes(self.parent))})
            if len(self.notes) % 12 == 1:
                print(self.notes[-1], dict(self.statuses), dict(self.kills), file=sys.stderr)
            await asyncio.sleep(NOTE_S)

    async def look(self) -> None:
        """Note when no model process is ready."""
        client = Client(PORT)
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                if (await client.get("/health/ready"))[0] != 200:
                    self.unready.append(time.perf_counter())
            await asyncio.sleep(READY_S)

    async def kill(self, role: str) -> None:
        """Kill processes of a role at random moments."""
        chance = random.Random(role)
        while True:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * KILL_S[role])
            with suppress(OSError):
                pids = [
                    pid
                    for pid, found in processes(self.parent).items()
                    if found == role and processor_s(pid) >= LEAST_CPU_S[role]
                ]
                if pids:
                    os.kill(chance.choice(pids), signal.SIGKILL)
                    self.kills[role] += 1

    async def run(self, seconds: float, rate: float) -> None:
        """Send requests for a time, then wait for the jobs."""
        background = [
            asyncio.create_task(task)
            for task in (self.note(), self.look(), *(self.kill(role) for role in KILL_S))
        ]
        tasks = []
        begun = time.perf_counter()
        for i, (number, (address, body)) in enumerate(itertools.cycle(enumerate(requests()))):
            await asyncio.sleep(max(0.0, begun + i / rate - time.perf_counter()))
            if time.perf_counter() > begun + seconds:
                break
            sent = self.job(number, body) if address == "/jobs" else self.ask(number, address, body)
            tasks.append(asyncio.create_task(sent))
        for task in background:
            task.cancel()
        await asyncio.gather(*tasks)

    def result(self) -> dict[str, object]:
        """Return what was found."""
        differing = sum(len(found) > 1 for found in self.answers.values())
        ready = [
            status
            for begun, ended, status in self.sent
            if not any(begun - CATCH_UP_S < at < ended for at in self.unready)
        ]
        roles = ("all", *self.notes[0]["mib"])
        return {
            "requests": len(self.sent),
            "told_to_try_again": sum(status in TRY_AGAIN for *_, status in self.sent),
            "requests_with_a_model": len(ready),
            "told_to_try_again_with_a_model": sum(status in TRY_AGAIN for status in ready),
            "seconds_without_a_model": round(len(self.unready) * READY_S),
            "statuses": dict(sorted(self.statuses.items())),
            "median_s": round(statistics.median(self.seconds), 3) if self.seconds else None,
            "kills": dict(self.kills),
            "lost": self.lost,
            "requests_with_differing_answers": differing,
            "memory": {r: {**thirds(self.notes, r), **slope(self.notes, r)} for r in roles},
            "notes": [{"s": n["s"], **n["mib"]} for n in self.notes],
        }


def thirds(notes: list[dict], role: str) -> dict[str, list[float]]:
    """Return the median and the largest memory in each third of the time, MiB."""
    mib = [
        sum(note["mib"].values()) if role == "all" else note["mib"].get(role, 0.0)
        for note in notes
        if note["s"] >= min(WARM_S, notes[-1]["s"] / 4)
    ]
    edges = [round(k * len(mib) / 3) for k in range(4)]
    parts = [mib[start:end] for start, end in itertools.pairwise(edges)]
    return {
        "median_of_thirds_mib": [round(statistics.median(part), 1) for part in parts],
        "most_of_thirds_mib": [round(max(part), 1) for part in parts],
    }


async def measure(parent: int, seconds: float, rate: float) -> dict[str, object]:
    soak = Soak(parent)
    await soak.client.ready()
    attacker = multiprocessing.get_context("spawn").Process(
        target=attack, args=(f"http://127.0.0.1:{PORT}", seconds)
    )
    attacker.start()
    try:
        await soak.run(seconds, rate)
    finally:
        attacker.kill()
    return {"seconds": seconds, "offered_per_s": rate, **soak.result()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=930)
    parser.add_argument("--rate", type=float, default=1.0, help="honest requests per second")
    parser.add_argument("--beside", default="nothing else", help="other work of the machine")
    options = parser.parse_args()
    # Attackers that waste time would be refused after half a minute.
    with serving(PORT, threads="1", wasted_s_per_minute="0") as pid:
        measured = asyncio.run(measure(pid, options.seconds, options.rate))
    record(RESULT, measured, options.beside)
    raise SystemExit(bool(measured["lost"] or measured["requests_with_differing_answers"]))


if __name__ == "__main__":
    main()
