"""The service over a quarter of an hour: ``python benchmarks/service_soak.py``.

Measures the capacity for a while, then sends two fifths of it, or ``--rate`` requests per second
where the load of the machine varies, as arrivals at fixed times: small structures in all formats to
every address, jobs that are fetched and deleted, and now and then bad requests. Every
five seconds the memory of all processes is noted. The slope is the median of all slopes between
two notes (Theil and Sen) once it has warmed up; its interval comes from fits to blocks of the
notes, drawn repeatedly. Writes
``benchmarks/results/service_soak.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import time
from collections import Counter, defaultdict

import numpy as np
from scipy.stats import theilslopes
from service_client import (
    DATA,
    ROOT,
    Client,
    Tally,
    form,
    memory,
    processes,
    record,
    serving,
)

RESULT = ROOT / "benchmarks" / "results" / "service_soak.json"
PORT = 8767
SHARE = 0.4
NOTE_S, WARM_S, BLOCK_S = 5.0, 180.0, 60.0
SMALL = ("1ubi.pdb", "1a8o.cif", "1ejg.pdb.gz", "3jqh.bcif.gz", "1gbt.cif.gz", "1lcd.cif.gz")
FEW = {"1ubi.pdb": "A:L8W", "1ejg.pdb.gz": "A:A9W"}


def requests() -> list[tuple[str, bytes]]:
    """Return the requests that are sent repeatedly."""
    sent = [("/predict/cath", form(DATA / name)) for name in SMALL]
    sent += [(address, form(DATA / name)) for address in ("/embed", "/search") for name in SMALL]
    sent += [("/predict/mutations", form(DATA / n, mutations=m)) for n, m in FEW.items()]
    sent += [
        ("/predict/environment", form(DATA / "1ejg.pdb.gz")),
        ("/jobs", form(DATA / "1ubi.pdb", task="cath")),
        ("/jobs", form(DATA / "1ejg.pdb.gz", task="environment")),
        ("/predict/cath", form(DATA / "README.md")),
        ("/predict/cath", form(DATA / "1ubi.pdb", chain="Z")),
    ]
    return sent


async def capacity(client: Client, seconds: float) -> float:
    """Return the responses per second of eight clients that each wait for theirs."""
    tally, ring = Tally(), itertools.cycle(requests())
    begun = time.perf_counter()

    async def one() -> None:
        while time.perf_counter() < begun + seconds:
            await client.post(*next(ring), tally)

    await asyncio.gather(*(one() for _ in range(8)))
    return sum(tally.statuses.values()) / (time.perf_counter() - begun)


async def job(client: Client, body: bytes, tally: Tally) -> None:
    """Make a job, wait for it, fetch its results and delete it."""
    status, content = await client.post("/jobs", body, tally)
    if status != 202:
        return
    address = f"/jobs/{json.loads(content)['id']}"
    for _ in range(240):
        if json.loads((await client.get(address))[1])["state"] in ("done", "failed"):
            break
        await asyncio.sleep(0.5)
    status, _ = await client.get(f"{address}/results?format=parquet")
    tally.statuses[f"results {status}"] += 1
    tally.statuses[f"delete {(await client.delete(address))[0]}"] += 1


async def note(parent: int, notes: list[dict], begun: float) -> None:
    while True:
        pids = processes(parent)
        notes.append(
            {"s": round(time.perf_counter() - begun, 1), "mib": memory(pids), "pids": sorted(pids)}
        )
        await asyncio.sleep(NOTE_S)


async def measure(parent: int, seconds: float, rate: float | None) -> dict:
    client = Client(PORT)
    await client.ready()
    await capacity(client, 10)
    able = await capacity(client, 20)
    rate = rate or SHARE * able
    notes: list[dict] = []
    tallies: dict[str, Tally] = defaultdict(Tally)
    begun = time.perf_counter()
    noting = asyncio.create_task(note(parent, notes, begun))
    tasks = set()
    for i, (address, body) in enumerate(itertools.cycle(requests())):
        await asyncio.sleep(max(0.0, begun + i / rate - time.perf_counter()))
        if time.perf_counter() > begun + seconds:
            break
        send = (
            job(client, body, tallies[address])
            if address == "/jobs"
            else client.post(address, body, tallies[address])
        )
        task = asyncio.create_task(send)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    lasted = time.perf_counter() - begun
    await asyncio.gather(*tasks)
    noting.cancel()
    statuses: Counter = Counter()
    for tally in tallies.values():
        statuses.update(str(status) for status in tally.statuses.elements())
    return {
        "seconds": round(lasted),
        "capacity_per_s": round(able, 2),
        "offered_per_s": round(i / lasted, 2),
        "requests": i,
        "statuses": dict(sorted(statuses.items())),
        "median_s": {
            a: round(statistics.median(t.seconds), 3) for a, t in tallies.items() if t.seconds
        },
        "restarts": len({pid for n in notes for pid in n["pids"]}) - len(notes[0]["pids"]),
        "memory": {role: slope(notes, role) for role in ("all", *notes[0]["mib"])},
        "notes": [{"s": n["s"], **n["mib"]} for n in notes],
    }


def slope(notes: list[dict], role: str) -> dict[str, object]:
    """Return the growth of processes in MiB per minute, and their memory."""
    warm = [n for n in notes if n["s"] >= min(WARM_S, notes[-1]["s"] / 2)]
    minutes = np.array([n["s"] / 60 for n in warm])
    mib = np.array(
        [sum(n["mib"].values()) if role == "all" else n["mib"].get(role, 0.0) for n in warm]
    )
    size = max(2, int(BLOCK_S / NOTE_S))
    blocks = [np.arange(k, min(k + size, len(warm))) for k in range(0, len(warm), size)]
    random = np.random.default_rng(0)
    fits = []
    for _ in range(500):
        drawn = np.concatenate([blocks[k] for k in random.integers(0, len(blocks), len(blocks))])
        if len(set(minutes[drawn])) > 1:
            fits.append(np.polyfit(minutes[drawn], mib[drawn], 1)[0])
    tenth = max(1, len(warm) // 10)
    return {
        "slope_mib_per_min": round(float(theilslopes(mib, minutes)[0]), 3),
        "interval_95": [round(float(q), 3) for q in np.quantile(fits, (0.025, 0.975))],
        "first_mib": round(float(np.median(mib[:tenth])), 1),
        "last_mib": round(float(np.median(mib[-tenth:])), 1),
        "most_mib": round(float(mib.max()), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--rate", type=float, help="requests per second")
    parser.add_argument("--beside", default="nothing else", help="other work of the machine")
    options = parser.parse_args()
    with serving(PORT, share="1") as pid:
        measured = asyncio.run(measure(pid, options.seconds, options.rate))
    record(RESULT, measured, options.beside)


if __name__ == "__main__":
    main()
