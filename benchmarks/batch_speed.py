"""Speed of ``protvox score`` and its shares: ``python benchmarks/batch_speed.py FOLDER``.

FOLDER holds structures, the more the better; samples of them are drawn with a fixed seed. Rates
are those of one CPU thread, from the CPU time of all processes of a run minus that of a run on one
file, so that a busy machine has little effect. ``two_threads`` scores the same files with one and
with two model processes; on a busy machine only the ratio is meaningful.
``--against CHECKOUT`` compares this tree with another one on the same files, in alternating runs.
``benchmarks/batch_scale.py`` measures memory. Writes ``results/batch_speed.json``; ``--parts``
chooses the parts to measure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "batch_speed.json"
PROGRAM = "from protvox.cli import main; main()"
TARGETS = {"cath_domains_per_s_2_cores": 25, "residues_per_s_2_cores": 500, "network_share": 0.85}


def score(files: list[Path], task: str, threads: int, root: Path = ROOT) -> dict[str, Any]:
    """Score files in a new folder with the protvox in `root`; return CPU time, time and counts."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "list.txt"
        listed.write_text("\n".join(map(str, files)))
        out = Path(folder) / "out"
        command = [
            sys.executable,
            "-c",
            PROGRAM,
            "score",
            f"@{listed}",
            "-o",
            str(out),
            "--task",
            task,
            "--workers",
            "1",
            "--device",
            "cpu",
        ]
        threads_only = {"PROTVOX_THREADS": str(threads), "OMP_NUM_THREADS": "1"}
        start = time.monotonic()
        process = subprocess.Popen(
            command, env=os.environ | threads_only | {"PYTHONPATH": str(root)}
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if os.waitstatus_to_exitcode(status) not in (0, 4):
            raise SystemExit("the run failed")
        inputs = pd.read_parquet(out / "inputs")
        return {
            "files": len(files),
            "seconds": round(seconds, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 2),
            "domains": len(pd.read_parquet(out / "domains", columns=["id"])),
            "residues": len(pd.read_parquet(out / "residues", columns=["id"])),
            "failed": int((inputs["status"] == "failed").sum()),
            "bytes": sum(path.stat().st_size for path in out.rglob("*.parquet")),
        }


def rate(files: list[Path], task: str, unit: str) -> dict[str, Any]:
    """Return units per second of one CPU thread, without start-up, and the cost curve."""
    least = score(files[:1], task, 1)
    curve = []
    for n in (len(files) // 4, len(files) // 2, len(files)):
        run = score(files[:n], task, 1)
        more = run[unit] - least[unit]
        run["cpu_ms_each"] = round(1e3 * (run["cpu_s"] - least["cpu_s"]) / more, 3)
        curve.append(run)
    each = curve[-1]["cpu_ms_each"]
    return {
        "start_cpu_s": least["cpu_s"],
        f"{unit}_per_s_a_thread": round(1e3 / each, 1),
        "curve": curve,
    }


def shares(files: list[Path], task: str) -> dict[str, float]:
    """Return the share of each step in the CPU time, in this process."""
    import numba
    import torch

    from protvox.batch.plan import Item
    from protvox.batch.storage.local import LocalStorage
    from protvox.batch.tables.parquet_parts import write_part
    from protvox.batch.tables.rows import tabulate
    from protvox.batch.tables.schema import table_schemas
    from protvox.networks import poses
    from protvox.predict import environment_predictor as environments
    from protvox.predict.classify import classify
    from protvox.predict.model_cache import load_predictor
    from protvox.predict.scoring.find import scoring_task
    from protvox.predict.scoring.options import ScoreOptions
    from protvox.processes.structure_codec import decode_structure, encode_structure
    from protvox.structure.io.read import read_structure

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

    classify(read_structure(files[0]), task=task).to_pandas()  # loads and compiles
    for model, entry in (("environment", "forward"), ("cath", "embed")):
        network = load_predictor(model, "auto")._network
        setattr(network, entry, timed("network", getattr(network, entry)))
    environments.environment_moments = timed("moments", environments.environment_moments)
    poses.featurize_poses = timed("sites", poses.featurize_poses)
    read, score_one = timed("read", read_structure), timed("classify", scoring_task(task).score)
    rows, write = timed("rows", tabulate), timed("write", write_part)
    options = ScoreOptions(task=task)
    schemas = table_schemas(options)
    hand_over = timed("hand over", lambda one: decode_structure(encode_structure(one)))
    tables = {name: [schema.empty_table()] for name, schema in schemas.items()}
    for path in files:
        scores = score_one(hand_over(read(path)), options)
        answer = rows(Item(path.name, str(path)), scores, options, 0.0)
        for name, found in answer.tables.items():
            tables[name].append(found)
    with tempfile.TemporaryDirectory() as folder:
        place = LocalStorage(Path(folder))
        place.prepare(tuple(schemas))
        # One part, as a run writes one every 20 seconds.
        write(place, 1, {name: pa.concat_tables(found) for name, found in tables.items()})
    inner = sum(spent.get(name, 0.0) for name in ("network", "moments", "sites"))
    spent["other prediction"] = spent.pop("classify") - inner
    total = sum(spent.values())
    return {name: round(value / total, 4) for name, value in sorted(spent.items())}


def two_threads(files: list[Path], task: str, unit: str) -> dict[str, Any]:
    """Return the ratio of throughputs of two threads and one, by the clock."""
    by_threads = {}
    for threads in (1, 2):
        least, run = score(files[:1], task, threads), score(files, task, threads)
        seconds = run["seconds"] - least["seconds"]
        by_threads[str(threads)] = round((run[unit] - least[unit]) / seconds, 1)
    return {
        "files": len(files),
        "load": os.getloadavg(),
        f"{unit}_per_s_by_the_clock": by_threads,
        "ratio": round(by_threads["2"] / by_threads["1"], 2),
    }


def against(files: list[Path], other: Path) -> dict[str, Any]:
    """Return the CPU and wall time of this tree relative to another checkout, per structure."""
    runs: dict[str, list[tuple[float, float]]] = {"this": [], "other": []}
    for _ in range(3):
        for name, root in (("other", other), ("this", ROOT)):
            least, run = (score(some, "cath", 1, root) for some in (files[:1], files))
            runs[name].append((run["cpu_s"] - least["cpu_s"], run["seconds"] - least["seconds"]))
    cpu, wall = (
        {name: statistics.median(one[k] for one in found) for name, found in runs.items()}
        for k in (0, 1)
    )
    return {
        "files": len(files),
        "load": os.getloadavg(),
        "cpu_s": {name: round(value, 2) for name, value in cpu.items()},
        "wall_s": {name: round(value, 1) for name, value in wall.items()},
        "cpu_ratio": round(cpu["this"] / cpu["other"], 3),
        "wall_ratio": round(wall["this"] / wall["other"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parts = ["environment", "cath", "shares", "two_threads"]
    parser.add_argument("--parts", nargs="*", default=parts, choices=parts)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    parser.add_argument("--environment-files", type=int, default=48)
    parser.add_argument("--cath-files", type=int, default=200)
    parser.add_argument("--share-files", type=int, default=24)
    given = parser.parse_args()
    files = sorted(path for path in given.folder.iterdir() if path.is_file())
    random.Random(0).shuffle(files)
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    result |= {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "targets": TARGETS,
        "note": "Other work ran on the machine throughout, see load.",
    }
    if "environment" in given.parts:
        some = files[: given.environment_files]
        result["environment"] = rate(some, "environment", "residues")
    if "cath" in given.parts:
        result["cath"] = rate(files[: given.cath_files], "cath", "domains")
    if "shares" in given.parts:
        some = files[: given.share_files]
        result["shares"] = {task: shares(some, task) for task in ("environment", "cath", "all")}
    if "two_threads" in given.parts:
        result["two_threads"] = two_threads(files[: given.cath_files], "cath", "domains")
    if given.against is not None:
        result["against"] = against(files[: given.cath_files], given.against)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
