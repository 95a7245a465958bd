"""Kill ``protvox score`` at random moments: ``python benchmarks/batch_kill.py FOLDER``.

A run over some structures of FOLDER is killed (SIGKILL, the whole group) ``--kills`` times, each
time at a random moment after it has scored some more inputs and before it ends, and resumed. Then
it may end. Its tables must be those of a run that was not killed, row for row and bit for bit.
Parts are written every quarter of a second, so that many kills interrupt writing.
Writes ``results/batch_kill.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "batch_kill.json"
FLUSH_S = 0.25
SCORE = """
import sys
from pathlib import Path
from protvox.batch.resources import Resources
from protvox.predict.scoring.options import ScoreOptions
from protvox.batch.plan import make_plan
from protvox.batch.run import Run
from protvox.batch.tables.output_folder import OutputFolder

def say(progress):
    print(progress.done, progress.finished, flush=True)

if __name__ == "__main__":
    source, out, task, flush = sys.argv[1:]
    with OutputFolder(Path(out)) as output:
        resources = Resources("cpu", 1, 1, flush_seconds=float(flush))
        run = Run(make_plan([source]).items, ScoreOptions(task=task), resources, output, watch=say)
        run.execute()
"""


def start(script: Path, source: Path, out: Path, task: str) -> subprocess.Popen[str]:
    """Start a run in its own process group; it prints its progress on stdout."""
    return subprocess.Popen(
        [sys.executable, str(script), str(source), str(out), task, str(FLUSH_S)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )


def finish(process: subprocess.Popen[str]) -> float:
    """Wait for a run and return its seconds since the first scored input."""
    wait_for_work(process, 1)
    start = time.monotonic()
    process.communicate()
    if process.returncode:
        raise SystemExit("a run failed")
    return time.monotonic() - start


def kill(process: subprocess.Popen[str], inputs: int, seconds: float) -> tuple[int, int]:
    """Kill a run after it has scored inputs; return how many it scored now and in total."""
    first = wait_for_work(process, inputs)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):  # it had ended already
        os.killpg(process.pid, signal.SIGKILL)
    words, _ = process.communicate()
    # The last line may be incomplete.
    lines = [line for line in [first, *words.splitlines(keepends=True)] if line.endswith("\n")]
    done, finished = map(int, lines[-1].split())
    return done, finished


def wait_for_work(process: subprocess.Popen[str], inputs: int) -> str:
    """Wait until a run has scored a number of inputs, without earlier ones."""
    line = ""
    for line in process.stdout or ():
        if int(line.split()[0]) >= inputs:
            return line
    if process.wait():
        raise SystemExit("a run failed")
    return line


def differences(one: Path, other: Path) -> list[str]:
    """Return the tables that differ between both folders, apart from times and order."""
    found = []
    for table in ("inputs", "domains", "residues", "failures"):
        frames = []
        for folder in (one, other):
            frame = pd.read_parquet(folder / table).drop(columns="seconds", errors="ignore")
            keys = ["id", "domain", "chain", "number", "insertion_code"]
            keys = [key for key in keys if key in frame]
            frames.append(frame.sort_values(keys, kind="stable", ignore_index=True))
        if not frames[0].equals(frames[1]):
            found.append(table)
    return found


def torture(files: list[Path], kills: int, task: str, seed: int) -> dict[str, object]:
    """Score files once undisturbed and once with kills; return the measures."""
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        script, listed = Path(folder) / "score.py", Path(folder) / "list"
        script.write_text(SCORE)
        listed.write_text("\n".join(map(str, files)))
        source = Path(f"@{listed}")
        seconds = finish(start(script, source, Path(folder) / "peace", task))
        out = Path(folder) / "war"
        scored, finished, late = [], [], 0
        while len(scored) < kills:
            # Together a third of the work on average, however fast the machine is.
            inputs = moments.randint(1, max(1, len(files) // (3 * kills)))
            pause = moments.uniform(0.0, seconds / (3 * kills))
            done, had = kill(start(script, source, out, task), inputs, pause)
            if not done or had == len(files):
                late += 1  # no input was left to be killed at
                if late > kills:
                    raise SystemExit("the runs end before they are killed; give more --files")
                continue
            scored.append(done)
            finished.append(had)
        finish(start(script, source, out, task))
        return {
            "files": len(files),
            "task": task,
            "kills": kills,
            "seconds_in_peace": round(seconds, 1),
            "scored_before_each_kill": scored,
            "finished_at_each_kill": finished,
            "kills_too_late_to_count": late,
            "load": [round(load, 1) for load in os.getloadavg()],
            "tables_that_differ": differences(Path(folder) / "peace", out),
            "rows": {
                table: len(pd.read_parquet(out / table))
                for table in ("inputs", "domains", "residues")
            },
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--task", default="cath")
    given = parser.parse_args()
    files = sorted(path for path in given.folder.iterdir() if path.is_file())
    random.Random(1).shuffle(files)
    result = torture(files[: given.files], given.kills, given.task, seed=2)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    if result["tables_that_differ"]:
        raise SystemExit(f"the tables differ: {result['tables_that_differ']}")


if __name__ == "__main__":
    main()
