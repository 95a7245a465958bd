"""Disks, clocks and failures for ``disasters.py``."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

MIB = 1 << 20
NO_CLOCK = "not tried: apt-get install faketime"


class LostError(Exception):
    """Something was lost, differs or hangs."""


def check(holds: object, what: str) -> None:
    """Raise an error unless a promise holds."""
    if not holds:
        raise LostError(what)


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte."""
    path = disk / "filler"
    with path.open("ab", 0) as file:
        for size in (MIB, 4096, 4096, 4096):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
            time.sleep(0.02)  # others may give something back
    check(shutil.disk_usage(disk).free < MIB, "the disk is not full")
    return path


def remount(disk: Path, mode: str) -> None:
    """Make a mounted disk read-only or writable."""
    subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], check=True)


def fake_clock(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the file with the offset of a clock, and variables for those who follow it.

    The variables are empty without libfaketime. Monotonic clocks are not changed, as no jump of a
    real clock does.
    """
    offset = folder / "offset"
    offset.write_text("+0")
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        return offset, {}
    return offset, {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
