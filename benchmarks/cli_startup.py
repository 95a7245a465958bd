"""Start-up of the command line: ``python benchmarks/cli_startup.py``.

Prints a JSON object: median seconds of ``protvox --help``, ``protvox --version`` and of
reporting bad input (without torch), each in a new process, alternating.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time

ROUNDS = 15
COMMANDS = {
    "help": (["--help"], 0),
    "version": (["--version"], 0),
    "classify_help": (["classify", "--help"], 0),
    "bad_input": (["classify", "no-such-file.pdb"], 3),
}


def seconds(arguments: list[str], wanted: int) -> float:
    code = "from protvox.cli import main; main()"
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True)
    elapsed = time.perf_counter() - start
    if done.returncode != wanted:
        raise SystemExit(f"{arguments} ended with {done.returncode}: {done.stderr.decode()}")
    return elapsed


def main() -> None:
    for arguments, wanted in COMMANDS.values():
        seconds(arguments, wanted)  # fills the byte-code cache
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, (arguments, wanted) in COMMANDS.items():
            times[name].append(seconds(arguments, wanted))
    result = {name: round(statistics.median(t), 3) for name, t in times.items()}
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    sys.stdout.write(json.dumps({"median_seconds": result, "rounds": ROUNDS} | machine) + "\n")


if __name__ == "__main__":
    main()
