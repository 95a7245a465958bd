"""The service under load, on the loopback: ``python benchmarks/service_load.py``.

Starts ``protvox serve`` on two threads, then sends it the CATH task of a small domain, over and
over in each round: one request at a time; as many as a batch holds; as many as its queue holds,
which is its capacity; and four times that, as arrivals at fixed times whether or not earlier ones
have a response, while ``/health/live`` is requested twenty times per second. Ratios are computed
within a round, because the load of the machine varies. Then kills the model process under load.
Writes ``benchmarks/results/service_load.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter

from service_client import (
    DATA,
    ROOT,
    Client,
    Tally,
    circumstances,
    form,
    processes,
    processor_s,
    start,
    watch_health,
)

RESULT = ROOT / "benchmarks" / "results" / "service_load.json"
DOMAIN = DATA / "1ubi.pdb"
ADDRESS = "/predict/cath"
PORT = 8766
BATCH, QUEUE, TIMES = 8, 32, 4
GOALS = {"goodput_share": 0.8, "health_p99_s": 0.1, "batching_gain": 1.5, "back_s": 10}


async def closed_loop(client: Client, body: bytes, width: int, seconds: float) -> float:
    """Return the responses per second of a number of clients that each wait for theirs."""
    tally = Tally()
    begun = time.perf_counter()

    async def one() -> None:
        while time.perf_counter() < begun + seconds:
            await client.post(ADDRESS, body, tally)

    await asyncio.gather(*(one() for _ in range(width)))
    if set(tally.statuses) != {200}:
        raise SystemExit(f"a closed loop got status {dict(tally.statuses)}")
    return tally.statuses[200] / (time.perf_counter() - begun)


async def open_loop(client: Client, body: bytes, rate: float, seconds: float) -> dict:
    """Return the measures of arrivals at a rate."""
    tally = Tally()
    with tempfile.NamedTemporaryFile("r") as log:
        health = watch_health(PORT, log.name)
        begun = time.perf_counter()
        tasks = []
        for i in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + i / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(client.post(ADDRESS, body, tally)))
        arrived, answered = time.perf_counter() - begun, tally.statuses[200]
        await asyncio.gather(*tasks)
        health.terminate()
        health.wait()
        times = [float(line) for line in log.read().split()]
    return {
        "offered_per_s": round(len(tasks) / arrived, 2),
        # Responses after the last arrival do not count.
        "answered_per_s": round(answered / arrived, 2),
        "statuses": dict(sorted(tally.statuses.items())),
        "answer_p50_s": round(statistics.median(tally.seconds), 3),
        "answer_p99_s": round(statistics.quantiles(tally.seconds, n=100)[98], 3),
        "health_p50_s": round(statistics.median(times), 4),
        "health_p99_s": round(statistics.quantiles(times, n=100)[98], 4),
        "health_asked": len(times),
    }


async def one_round(client: Client, body: bytes, seconds: float) -> dict:
    alone = await closed_loop(client, body, 1, seconds)
    together = await closed_loop(client, body, BATCH, seconds)
    capacity = max(together, await closed_loop(client, body, QUEUE, seconds))
    overload = await open_loop(client, body, TIMES * capacity, seconds)
    return {
        "one_at_a_time_per_s": round(alone, 2),
        "eight_at_a_time_per_s": round(together, 2),
        "batching_gain": round(together / alone, 2),
        "capacity_per_s": round(capacity, 2),
        "overload": overload,
        "goodput_share": round(overload["answered_per_s"] / capacity, 2),
    }


async def kill(client: Client, body: bytes, parent: int) -> dict:
    """Kill the model process while it computes a batch."""
    tally = Tally()
    tasks = [asyncio.create_task(client.post(ADDRESS, body, tally)) for _ in range(BATCH)]
    await asyncio.sleep(0.15)
    (model,) = (pid for pid, role in processes(parent).items() if role == "model")
    os.kill(model, signal.SIGKILL)
    killed = time.perf_counter()
    while (await client.get("/health/ready"))[0] == 200:
        await asyncio.sleep(0.005)
    await client.ready()
    back = time.perf_counter() - killed
    spent = next(processor_s(pid) for pid, role in processes(parent).items() if role == "model")
    await asyncio.gather(*tasks)
    return {
        "back_s": round(back, 2),
        "processor_s": round(spent, 2),
        "all_answered_s": round(time.perf_counter() - killed, 2),
        "statuses": dict(sorted(tally.statuses.items())),
    }


async def measure(parent: int, rounds: int, seconds: float, kills: int) -> dict:
    body = form(DOMAIN)
    client = Client(PORT)
    first = await client.ready()
    await closed_loop(client, body, BATCH, 3)
    measured = []
    for _ in range(rounds):
        measured.append({**await one_round(client, body, seconds), **circumstances()})
        sys.stderr.write(json.dumps(measured[-1]) + "\n")
    killed = [await kill(client, body, parent) for _ in range(kills)]
    statuses: Counter = Counter()
    for found in measured:
        statuses.update(found["overload"]["statuses"])
    return {
        "ready_s": round(first, 1),
        "batching_gain": spread([found["batching_gain"] for found in measured]),
        "goodput_share": spread([found["goodput_share"] for found in measured]),
        "health_p99_s": spread([found["overload"]["health_p99_s"] for found in measured]),
        "overload_statuses": dict(sorted(statuses.items())),
        "back_s": spread([found["back_s"] for found in killed]),
        "processor_s_to_be_back": spread([found["processor_s"] for found in killed]),
        "kill_statuses": [found["statuses"] for found in killed],
        "rounds": measured,
        "kills": killed,
    }


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="of each part of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--beside", default="nothing else", help="other work of the machine")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = start(PORT, folder, share="1")
        try:
            measured = asyncio.run(
                measure(service.pid, options.rounds, options.seconds, options.kills)
            )
        finally:
            service.terminate()
            service.wait(60)
    result = {
        **measured,
        "goals": GOALS,
        "seconds": options.seconds,
        "beside": options.beside,
        **circumstances(),
    }
    text = json.dumps(result, indent=2) + "\n"
    RESULT.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
