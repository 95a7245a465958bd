"""Speed and memory of ``protvox classify``: ``python benchmarks/classify_speed.py``.

Every run is a fresh process that classifies the bundled example (chain of 300 to 400
residues, both tasks) on two cores. Start-up is everything until the file is opened to be
parsed and torch, numba and the predictors are loaded; the rest is the work. Writes
``benchmarks/results/classify_speed.json``. ``PROTVOX_MODEL_DIR`` chooses other models.
``--against CHECKOUT`` runs another release, program and models, alternating with this one
(``git worktree add CHECKOUT COMMIT``), so that both run on the same CPU, and writes
``classify_speed_paired.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "classify_speed.json"
PAIRED = RESULT.with_name("classify_speed_paired.json")
EXAMPLE = ROOT / "protvox" / "examples" / "1pwc.pdb.gz"
LIMITS = {"startup_s": 3.0, "work_s": 2.5, "peak_gb": 1.5, "help_s": 0.5}

CLASSIFY = """
import json, resource, sys, time
def now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.time(), used.ru_utime + used.ru_stime
import protvox.predict.classify, protvox.report.output, protvox.cli.views
from protvox.structure.io import read
from protvox.cli import app
first, parse = [], read.read_structure
def timed(*args, **kwargs):
    first.append(now())
    return parse(*args, **kwargs)
read.read_structure = timed
code = app.run(["classify", sys.argv[1], "--task", "all", "--format", "json", "-o", sys.argv[2]])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"code": code, "first": first[0], "end": now(), "peak": peak}))
"""
HELP = "from protvox.cli import main; main()"


def classify(source: Path, root: Path) -> dict[str, float]:
    """Run one process, timed from before its start."""
    start = time.time()
    done = subprocess.run(
        [sys.executable, "-c", CLASSIFY, str(source), os.devnull],
        capture_output=True,
        text=True,
        cwd=root,
        env=environment(root),
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    report = json.loads(done.stdout.splitlines()[-1])
    if report["code"]:
        raise SystemExit(done.stderr)
    (first, first_cpu), (end, end_cpu) = report["first"], report["end"]
    return {
        "startup_s": first - start,
        "work_s": end - first,
        "peak_gb": report["peak"] / 1e9,
        "startup_cpu_s": first_cpu,
        "work_cpu_s": end_cpu - first_cpu,
        "total_s": end - start,
        "total_cpu_s": end_cpu,
    }


def help_text(root: Path) -> float:
    start = time.time()
    subprocess.run(
        [sys.executable, "-c", HELP, "--help"],
        capture_output=True,
        check=True,
        cwd=root,
        env=environment(root),
    )
    return time.time() - start


def environment(root: Path) -> dict[str, str]:
    """Return the variables of a process that runs the program of a checkout."""
    return {**os.environ, "PYTHONPATH": str(root)}


def models(root: Path) -> list[str]:
    """Return the names and versions of the models of a checkout."""
    cards = [json.loads(path.read_text()) for path in sorted(root.glob("models/*/card.json"))]
    return [f"{card['name']}@{card['version']}" for card in cards]


def summary(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the smallest and the median of every column."""
    columns = {name: [run[name] for run in runs] for name in runs[0]}
    return {
        "min": {name: round(min(values), 3) for name, values in columns.items()},
        "median": {name: round(statistics.median(values), 3) for name, values in columns.items()},
    }


def ratios(runs: list[dict[str, float]], former: list[dict[str, float]]) -> dict[str, float]:
    """Return the median over the rounds of this release's time over the other's."""
    return {
        name: round(
            statistics.median(a[name] / b[name] for a, b in zip(runs, former, strict=True)), 3
        )
        for name in runs[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--input", type=Path, default=EXAMPLE)
    parser.add_argument("--against", type=Path, help="checkout of another release")
    options = parser.parse_args()
    source = options.input.resolve()
    roots = [ROOT] + ([options.against.resolve()] if options.against else [])
    runs: list[list[dict[str, float]]] = [[] for _ in roots]
    for number in range(options.rounds + 1):
        for root, found in zip(roots, runs, strict=True):
            one = {**classify(source, root), "help_s": help_text(root)}
            if number:  # the first one fills the caches of byte code and compiled loops
                found.append(one)
    result = {
        "models": models(ROOT),
        **summary(runs[0]),
        "limits": LIMITS,
        "rounds": options.rounds,
        "input": options.input.name,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": [round(value, 1) for value in os.getloadavg()],
    }
    if options.against:
        result["against"] = {
            "models": models(roots[1]),
            **summary(runs[1]),
            "ratio": ratios(runs[0], runs[1]),
        }
    text = json.dumps(result, indent=2) + "\n"
    (PAIRED if options.against else RESULT).write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
