"""Speed, memory and shares of ``protvox score``: ``python benchmarks/batch_speed.py FOLDER``.

FOLDER holds structures, the more the better; samples of them are drawn with a fixed seed. Rates
are those of one processor thread, from the processor time that all processes of a run use, less
that of a run on one file, so that a busy machine disturbs little; two cores do twice as much as
long as memory keeps up, and the rate by the clock on this machine is given beside them. Writes
``results/batch_speed.json``; ``--parts`` chooses which parts of it to measure anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "batch_speed.json"
PROGRAM = "from protvox.cli import main; main()"
TARGETS = {"cath_domains_per_s_2_cores": 25, "residues_per_s_2_cores": 500,
           "network_share": 0.85, "memory_growth_mb": 200}  # fmt: skip


class Tree:
    """Resident memory of a process and everything below it, sampled twice a second."""

    def __init__(self, pid: int) -> None:
        self.samples: list[tuple[float, float]] = []
        self._pid, self._end = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the sampling."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        start = time.monotonic()
        while not self._end.wait(0.5):
            total = sum(map(own_memory, descendants(self._pid)))
            self.samples.append((time.monotonic() - start, total))


def descendants(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found


def own_memory(pid: int) -> float:
    """Return the memory a process shares with no other, MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    parts = dict(line.split(":", 1) for line in lines[1:])
    return sum(int(parts[key].split()[0]) for key in ("Private_Clean", "Private_Dirty")) / 1e3


def score(files: list[Path], task: str, threads: int) -> dict[str, Any]:
    """Score files in a fresh folder; return processor time, time, memory and counts."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "list.txt"
        listed.write_text("\n".join(map(str, files)))
        out = Path(folder) / "out"
        command = [sys.executable, "-c", PROGRAM, "score", f"@{listed}", "-o", str(out),
                   "--task", task, "--workers", "1", "--device", "cpu"]  # fmt: skip
        threads_only = {"PROTVOX_THREADS": str(threads), "OMP_NUM_THREADS": "1"}
        start = time.monotonic()
        process = subprocess.Popen(
            command, env=os.environ | threads_only | {"PYTHONPATH": str(ROOT)}
        )
        tree = Tree(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        tree.stop()
        seconds = time.monotonic() - start
        if os.waitstatus_to_exitcode(status) not in (0, 4):
            raise SystemExit("the run failed")
        inputs = pd.read_parquet(out / "inputs")
        return {
            "files": len(files), "seconds": round(seconds, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 2),
            "domains": len(pd.read_parquet(out / "domains", columns=["id"])),
            "residues": len(pd.read_parquet(out / "residues", columns=["id"])),
            "failed": int((inputs["status"] == "failed").sum()),
            "bytes": sum(path.stat().st_size for path in out.rglob("*.parquet")),
            "memory_mb": tree.samples,
        }  # fmt: skip


def rate(files: list[Path], task: str, unit: str) -> dict[str, Any]:
    """Return units a second of one processor thread, start-up taken off, and the cost curve."""
    least = score(files[:1], task, 1)
    curve = []
    for n in (len(files) // 4, len(files) // 2, len(files)):
        run = score(files[:n], task, 1)
        run.pop("memory_mb")
        more = run[unit] - least[unit]
        run["cpu_ms_each"] = round(1e3 * (run["cpu_s"] - least["cpu_s"]) / more, 3)
        curve.append(run)
    each = curve[-1]["cpu_ms_each"]
    return {"start_cpu_s": least["cpu_s"], f"{unit}_per_s_a_thread": round(1e3 / each, 1),
            "curve": curve}  # fmt: skip


def shares(files: list[Path], task: str) -> dict[str, float]:
    """Return which step takes which share of the processor time, in this process."""
    import numba
    import torch

    from protvox import predict
    from protvox.batch.model import tabulate
    from protvox.batch.options import BatchOptions
    from protvox.batch.parts import write_part
    from protvox.batch.plan import Item
    from protvox.batch.schema import TABLES, table_schemas
    from protvox.predict import environments
    from protvox.structure.read import read_structure
    from protvox.zoo import poses

    torch.set_num_threads(1)
    numba.set_num_threads(1)
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            result = work(*args, **kwargs)
            spent[name] = spent.get(name, 0.0) + time.process_time() - start
            return result

        return run

    predict.classify(read_structure(files[0]), task=task).to_pandas()  # loads and compiles
    for model in ("environment", "cath"):
        network = predict.load_predictor(model, "auto")._network
        network.forward = timed("network", network.forward)
    environments.environment_moments = timed("moments", environments.environment_moments)
    poses.draw_poses = timed("sites", poses.draw_poses)
    read, classify = timed("read", read_structure), timed("classify", predict.classify)
    rows, write = timed("rows", tabulate), timed("write", write_part)
    options = BatchOptions(task=task)
    schemas = table_schemas(options)
    with tempfile.TemporaryDirectory() as folder:
        for name in TABLES:
            (Path(folder) / name).mkdir()
        for number, path in enumerate(files):
            answer = rows(Item(path.name, str(path)), classify(read(path), task=task), options, 0.0)
            tables = {name: schema.empty_table() for name, schema in schemas.items()}
            write(Path(folder), number, tables | {"domains": answer.domains,
                                                  "residues": answer.residues})  # fmt: skip
    inner = sum(spent.get(name, 0.0) for name in ("network", "moments", "sites"))
    spent["other prediction"] = spent.pop("classify") - inner
    total = sum(spent.values())
    return {name: round(value / total, 4) for name, value in sorted(spent.items())}


def memory(files: list[Path], task: str) -> dict[str, Any]:
    """Return how memory grows over a long run, as medians over tenths of it."""
    run = score(files, task, 1)
    samples = pd.DataFrame(run.pop("memory_mb"), columns=["seconds", "mb"])
    tenth = (10 * samples["seconds"] / samples["seconds"].max()).astype(int).clip(0, 9)
    medians = [round(mb, 1) for mb in samples.groupby(tenth)["mb"].median()]
    return {**run, "task": task, "mb_by_tenth": medians,
            "growth_mb": round(medians[-1] - medians[1], 1),
            "peak_mb": round(samples["mb"].max(), 1)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", default=["environment", "cath", "shares", "memory"])
    parser.add_argument("--environment-files", type=int, default=48)
    parser.add_argument("--cath-files", type=int, default=200)
    parser.add_argument("--memory-files", type=int, default=5000)
    given = parser.parse_args()
    files = sorted(path for path in given.folder.iterdir() if path.is_file())
    random.Random(0).shuffle(files)
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    result |= {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(),
               "load": os.getloadavg(), "targets": TARGETS}  # fmt: skip
    if "environment" in given.parts:
        some = files[: given.environment_files]
        result["environment"] = rate(some, "environment", "residues")
    if "cath" in given.parts:
        result["cath"] = rate(files[: given.cath_files], "cath", "domains")
    if "shares" in given.parts:
        result["shares"] = {
            task: shares(files[:24], task) for task in ("environment", "cath", "all")
        }
    if "memory" in given.parts:
        result["memory"] = memory(files[: given.memory_files], "cath")
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
