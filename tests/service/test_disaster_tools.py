"""``benchmarks/disasters.py`` leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import subprocess, sys
from disaster_tools import is_alive, no_process_left

SLEEP = "import time; time.sleep(60)"
PARENT = (
    "import subprocess, sys; print(subprocess.Popen([sys.executable, '-Sc', sys.argv[1]],"
    "stdout=subprocess.DEVNULL, start_new_session=True).pid)"
)
try:
    with no_process_left():
        child = subprocess.Popen([sys.executable, "-Sc", SLEEP])
        # An orphan in a session of its own, as the processes of a killed service.
        orphan = int(subprocess.check_output([sys.executable, "-Sc", PARENT, SLEEP], text=True))
        raise LookupError
except LookupError:
    print(is_alive(child.pid), is_alive(orphan))
"""


def test_no_process_outlives_a_case_that_fails():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.stdout == "False False\n", done.stderr
