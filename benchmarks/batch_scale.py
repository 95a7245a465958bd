"""Long runs of ``protvox score``, their memory and failures: ``batch_scale.py FOLDER``.

FOLDER holds PDB files; those of at most ``--longest`` residues are copied, each copy moved by
another vector so that no two have the same content. Two runs follow, on one CPU thread:

- ``memory``: ``--files`` copies, with the memory of all processes of the run every second.
  Growth is the median over the last tenth of the run minus that over the second tenth, because
  start-up fills the first.
- ``broken``: ``--broken-files`` copies, one of which is not a structure.

Writes ``results/batch_scale.json``; ``--parts`` chooses the runs to measure.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "batch_scale.json"
PROGRAM = "from protvox.cli import main; main()"
ALLOWED_GROWTH_MB = 200
POINTS = 60


class Tree:
    """Memory of a process and everything below it, MB, sampled every second.

    ``rss`` is the sum of the memory of each process, ``private`` of the memory it does not share.
    Libraries count once per process in the first and not in the second.
    """

    def __init__(self, pid: int) -> None:
        self.samples: list[tuple[float, float, float]] = []
        self._pid, self._end = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> pd.DataFrame:
        """End the sampling and return ``seconds``, ``rss`` and ``private``."""
        self._end.set()
        self._thread.join()
        return pd.DataFrame(self.samples, columns=["seconds", "rss", "private"])

    def _watch(self) -> None:
        start = time.monotonic()
        while not self._end.wait(1.0):
            each = [memory_of(pid) for pid in descendants(self._pid)]
            rss, private = (sum(column) for column in zip(*each, strict=True))
            self.samples.append((time.monotonic() - start, rss, private))


def descendants(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found


def memory_of(pid: int) -> tuple[float, float]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    kb = {key: int(rest.split()[0]) for key, rest in (line.split(":", 1) for line in lines[1:])}
    return kb["Rss"] / 1e3, (kb["Private_Clean"] + kb["Private_Dirty"]) / 1e3


def small_files(folder: Path, longest: int) -> list[list[str]]:
    """Return the lines of the files with at most ``longest`` CA atoms, in random order."""
    found = []
    for path in sorted(folder.glob("*.pdb")):
        lines = path.read_text().splitlines()
        if sum(line.startswith("ATOM") and line[12:16] == " CA " for line in lines) <= longest:
            found.append(lines)
    random.Random(0).shuffle(found)
    return found


def moved(lines: list[str], shift: np.ndarray) -> Iterator[str]:
    for line in lines:
        if line.startswith(("ATOM", "HETATM")):
            position = [float(line[i : i + 8]) for i in (30, 38, 46)]
            new = "".join(f"{value:8.3f}" for value in np.add(position, shift))
            yield f"{line[:30]}{new}{line[54:]}\n"
        else:
            yield f"{line}\n"


def make_files(sources: list[list[str]], n: int, folder: Path) -> None:
    for number in range(n):
        shift = np.random.default_rng(number).uniform(-20, 20, 3)
        text = "".join(moved(sources[number % len(sources)], shift))
        (folder / f"{number:05d}.pdb").write_text(text)


def score(folder: Path, task: str) -> dict[str, Any]:
    """Score a folder with the command line; return counts, time and memory."""
    with tempfile.TemporaryDirectory() as made:
        out = Path(made) / "out"
        command = [
            sys.executable,
            "-c",
            PROGRAM,
            "score",
            str(folder),
            "-o",
            str(out),
            "--task",
            task,
            "--workers",
            "1",
            "--device",
            "cpu",
        ]
        one_thread = {"PROTVOX_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        start = time.monotonic()
        process = subprocess.Popen(command, env=os.environ | one_thread)
        tree = Tree(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        samples = tree.stop()
        inputs = pd.read_parquet(out / "inputs")
        return {
            "files": len(list(folder.iterdir())),
            "task": task,
            "exit_code": os.waitstatus_to_exitcode(status),
            "results": int((inputs["status"] == "done").sum()),
            "rows": {
                table: len(pd.read_parquet(out / table))
                for table in ("inputs", "domains", "residues", "failures")
            },
            "failures": pd.read_parquet(out / "failures")[["id", "code"]].to_dict("records"),
            "residues": int(inputs["n_residues"].sum()),
            "seconds": round(time.monotonic() - start, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "load": [round(load, 1) for load in os.getloadavg()],
            "memory": memory(samples),
        }


def memory(samples: pd.DataFrame) -> dict[str, Any]:
    tenth = (10 * samples["seconds"] / samples["seconds"].max()).astype(int).clip(0, 9)
    medians = samples.groupby(tenth)[["rss", "private"]].median().round(1)
    shown = samples.iloc[:: max(1, len(samples) // POINTS)].round(1)
    return {
        "peak_mb": samples[["rss", "private"]].max().round(1).to_dict(),
        "growth_mb": (medians.loc[9] - medians.loc[1]).round(1).to_dict(),
        "mb_by_tenth": medians.to_dict("list"),
        "over_time": shown.to_numpy().tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", default=["memory", "broken"])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--broken-files", type=int, default=2000)
    parser.add_argument("--longest", type=int, default=120)
    parser.add_argument("--task", default="cath")
    given = parser.parse_args()
    sources = small_files(given.folder, given.longest)
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    result |= {
        "cores": os.cpu_count(),
        "allowed_growth_mb": ALLOWED_GROWTH_MB,
        "note": "The machine was busy with other work throughout, see load.",
    }
    for part, n in (("memory", given.files), ("broken", given.broken_files)):
        if part in given.parts:
            with tempfile.TemporaryDirectory() as made:
                make_files(sources, n, Path(made))
                if part == "broken":
                    (Path(made) / f"{n // 2:05d}.pdb").write_text("ATOM, and nothing more\n")
                result[part] = score(Path(made), given.task)
            RESULT.write_text(json.dumps(result, indent=1) + "\n")
    growth = result["memory"]["memory"]["growth_mb"]["private"] if "memory" in result else 0
    if growth > ALLOWED_GROWTH_MB:
        raise SystemExit(f"memory grew by {growth} MB")
    if "broken" in result and len(result["broken"]["failures"]) != 1:
        raise SystemExit("one broken file did not give one failure")


if __name__ == "__main__":
    main()
