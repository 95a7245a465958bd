"""Kill every process, fill every disk, move the clock: nothing may be lost, and nothing may hang.

One row per disaster: whether it holds, how long it took, and the line that a user sees. Exits with
1 if anything is lost, differs or hangs. Model processes are fakes, so that it takes some minutes;
``batch_kill.py`` does the same with real ones. Full and read-only disks are small tmpfs mounts,
which need root; without it, those rows say so and do not count.

    python benchmarks/disasters.py --kills 30
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import disaster_batch as batch
import disaster_service as service
from disaster_tools import no_process_left
from service_client import circumstances

RESULT = Path(__file__).parent / "results" / "disasters.json"
DISK_MIB = 24


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def on_disk(case: Callable[[Path, int, Path], str], folder: Path, kills: int) -> str:
    with small_disk(folder) as disk:
        return case(folder, kills, disk)


def attempt(case: Callable[[Path, int], str], kills: int) -> tuple[bool, str]:
    """Return whether a case holds, and what was seen."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, no_process_left():
        try:
            return True, case(Path(folder), kills)
        except Exception as error:
            return False, f"{type(error).__name__}: {error}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="kills of each kind")
    parser.add_argument(
        "--only", default="", help="cases with this in their name; others stay as they were"
    )
    options = parser.parse_args()
    cases = {**service.KILLS, **batch.KILLS, **service.STATES, **batch.STATES}
    disks = {**service.DISKS, **batch.DISKS}
    cases |= {name: partial(on_disk, case) for name, case in disks.items()}
    rows = []
    for name, case in cases.items():
        if options.only not in name:
            continue
        begun = time.perf_counter()
        if name in disks and os.geteuid():
            holds, seen = None, "not tried: mounting a disk needs root"
        else:
            holds, seen = attempt(case, options.kills)
        seconds = round(time.perf_counter() - begun, 1)
        rows.append({"case": name, "holds": holds, "seconds": seconds, "seen": seen})
        word = {True: "holds", False: "LOST", None: "-"}[holds]
        sys.stdout.write(f"{name:34} {word:6} {seconds:7.1f} s  {seen[:400]}\n")
        sys.stdout.flush()
    result = {"kills": options.kills, "cases": rows, **circumstances()}
    if options.only and RESULT.exists():
        tried = {row["case"]: row for row in rows}
        before = json.loads(RESULT.read_text())
        if before["kills"] == options.kills:
            result["cases"] = [tried.pop(row["case"], row) for row in before["cases"]]
            result["cases"] += tried.values()
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(any(row["holds"] is False for row in rows))


if __name__ == "__main__":
    main()
