"""Disks, clocks, processes and failures for ``disasters.py``."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MIB = 1 << 20
PR_SET_CHILD_SUBREAPER = 36


class LostError(Exception):
    """Something was lost, differs or hangs."""


def check(holds: object, what: str) -> None:
    """Raise an error unless a promise holds."""
    if not holds:
        raise LostError(what)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended but was not waited for does not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def children(parent: int) -> list[int]:
    """Return the child processes, also those that have ended but were not waited for."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if above == parent:
                found.append(int(folder.name))
    return found


@contextmanager
def no_process_left() -> Iterator[None]:
    """Kill all processes that the block leaves behind, also those whose parent has ended.

    All descendants of this process are killed, whoever started them.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        # The children of a killed process become children of this one.
        while pids := children(os.getpid()):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in pids:
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)


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


def set_clock(offset: Path, jump: str) -> None:
    """Let the clock jump; a file that is half written would be no valid time."""
    new = offset.with_suffix(".new")
    new.write_text(jump)
    new.replace(offset)


CLOCK = """
import time
from pathlib import Path

now, offset = time.time, Path({offset!r})
time.time = lambda: now() + float(offset.read_text())
"""


def fake_clock(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the file with the offset of a clock, and variables for those who follow it.

    Only what Python's ``time.time`` shows is changed: protvox reads no other clock that can jump.
    """
    offset = folder / "offset"
    set_clock(offset, "+0")
    (folder / "sitecustomize.py").write_text(CLOCK.format(offset=str(offset)))
    here = Path(__file__).resolve().parent
    paths = (folder, here.parent, here, here.parent / "tests" / "batch")
    return offset, {"PYTHONPATH": os.pathsep.join(map(str, paths))}
