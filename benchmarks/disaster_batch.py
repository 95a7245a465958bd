"""Disasters of batches, for ``disasters.py``: kills, damaged folders and disks."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd
from batch_kill import differences
from disaster_tools import (
    LostError,
    check,
    children,
    fake_clock,
    fill,
    is_alive,
    remount,
    set_clock,
)
from service_client import ROOT

TESTS = ROOT / "tests" / "batch"
STRUCTURE = (ROOT / "tests" / "data" / "1ubi.pdb").read_text()
RUN_S = 600.0
COMMAND = """
import sys
from protvox.batch import resources
from protvox.batch.workers import pool
from protvox.cli import main
pool.MODEL = "fake_model"
resources.Resources.__init__.__defaults__ = ("auto", 1, 1, 600.0, {flush}, 200_000)
sys.argv[0] = "protvox"
main()
"""
WRITE = """
import os, signal, sys
from pathlib import Path
import pyarrow as pa
from protvox.batch.plan import Item
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.schema import table_schemas
from protvox.predict.scoring.options import ScoreOptions

folder, content, step = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
options = ScoreOptions(top_k=1)
left = [step]

def counted(call):
    def wrapper(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return wrapper

with OutputFolder(folder) as output:
    output.open(options, {"fake@1": "0" * 64})
    # Without content: a run that is resumed has cleaned up.
    if step >= 0:
        os.replace, os.fsync = counted(os.replace), counted(os.fsync)
        Path.unlink = counted(Path.unlink)
    for name in "abcd" if content else "":
        rows = [{"id": name, "path": name, "domain": str(n), "flags": content} for n in range(9)]
        tables = {"domains": pa.Table.from_pylist(rows, table_schemas(options)["domains"])}
        output.add(Item(name, name), content, tables, status="done")
    output.flush()
os._exit(0)  # as the command does: pyarrow may abort an interpreter that shuts down
"""


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(TESTS)])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")}
    return kept | {"PYTHONPATH": paths, "PROTVOX_DEVICE": "cpu", "PROTVOX_THREADS": "1", **more}


def make_inputs(folder: Path, count: int) -> Path:
    """Write structures of different content."""
    made = folder / "in"
    made.mkdir()
    for number in range(count):
        (made / f"{number:03}.pdb").write_text(f"{STRUCTURE}REMARK 999 {number}\n")
    return made


def start(
    source: Path, out: Path, *options: str, flush: float = 0.0, **more: str
) -> subprocess.Popen[str]:
    """Start ``protvox score`` with a fake model process."""
    command = ["score", str(source), "-o", str(out), "--workers", "1", *options]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(flush=flush), *command],
        env=environment(**more),
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *codes: int) -> str:
    """Wait for a command, check its exit code (0 by default), and return what it reports."""
    try:
        _, errors = process.communicate(timeout=RUN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise LostError("a run hangs") from None
    check(process.returncode in (codes or (0,)), f"exit code {process.returncode}: {errors[-500:]}")
    check("Traceback" not in errors and "bug" not in errors, errors[-500:])
    return " ".join(errors.split())


def children_with(parent: int, word: str) -> list[int]:
    """Return the child processes with a word in their command."""
    found = []
    for pid in children(parent):
        with suppress(OSError):
            if word in Path(f"/proc/{pid}/cmdline").read_text():
                found.append(pid)
    return found


def parts(out: Path) -> int:
    """Return the number of parts that have been written."""
    return len(list((out / "inputs").glob("part-*")))


def compare(expected: Path, found: Path) -> int:
    """Check that two outputs have the same rows; return the number of inputs."""
    different = differences(expected, found)
    check(not different, f"tables differ: {different}")
    check(not len(pd.read_parquet(found / "failures")), "some inputs failed")
    return len(pd.read_parquet(found / "inputs"))


def kill_parent(folder: Path, kills: int) -> str:
    """Kill the command; the same command resumes it."""
    source, chance, killed, runs = make_inputs(folder, 40), random.Random(3), 0, 0
    finish(start(source, folder / "peace"))
    while killed < kills:
        out, runs = folder / f"war{runs}", runs + 1
        while killed < kills:
            before, process = parts(out), start(source, out)
            while process.poll() is None and parts(out) <= before + 1:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            below = children(process.pid)
            if process.poll() is not None:
                finish(process)
                break
            process.kill()
            process.communicate()
            killed += 1
            end = time.monotonic() + 60
            while any(map(is_alive, below)):
                check(time.monotonic() < end, "a child process outlives the run")
                time.sleep(0.01)
        finish(start(source, out))
        compare(folder / "peace", out)
    return f"rows equal after {killed} kills in {runs} runs"


def _kill_child(folder: Path, kills: int, word: str) -> str:
    source, chance = make_inputs(folder, 60), random.Random(word)
    killed = runs = again = 0
    finish(start(source, folder / "peace"))
    while killed < kills:
        out, runs = folder / f"war{runs}", runs + 1
        process, last = start(source, out), 0
        end = time.monotonic() + RUN_S
        while process.poll() is None and killed < kills:
            check(time.monotonic() < end, "a run hangs")
            time.sleep(chance.uniform(0.01, 0.1))
            for pid in children_with(process.pid, word):
                # Another one only after progress: three deaths in a row end a run on purpose.
                if parts(out) > last:
                    last = parts(out)
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
        finish(process, 0, 4)
        if process.returncode:
            # A structure whose process was killed twice is one failure, which says what to do.
            finish(start(source, out, "--retry"))
            again += 1
        compare(folder / "peace", out)
    return f"rows equal after {killed} kills in {runs} runs, {again} of them with --retry"


def kill_writer(folder: Path, kills: int) -> str:
    """Kill a process while it writes a part, at every step of writing."""
    out, at_steps, number = folder / "out", 0, 0

    def write(content: str, step: float) -> int:
        command = [sys.executable, "-c", WRITE, str(out), content, str(step)]
        return subprocess.run(command, env=environment(), check=False, timeout=RUN_S).returncode

    check(write("first", -1) == 0, "the first part cannot be written")
    content, step = "first", 0
    while at_steps < kills:
        number += 1
        code = write(f"new{number}", step)
        check(code in (0, -signal.SIGKILL), f"the writer ended with {code}")
        check(write("", -1) == 0, "the folder cannot be opened")
        rows = pd.read_parquet(out / "domains").groupby("id")["flags"].agg(set).to_dict()
        counts = pd.read_parquet(out / "domains").groupby("id").size().to_dict()
        written = {value for values in rows.values() for value in values}
        check(written in ({content}, {f"new{number}"}), f"rows are mixed or lost: {rows}")
        check(set(counts.values()) == {9} and len(counts) == 4, f"rows are lost: {counts}")
        (content,) = written
        at_steps += code == -signal.SIGKILL
        step = step + 1 if code else 0
    check(write("last", -1) == 0, "the folder cannot be resumed")
    return f"all rows old or all new after {at_steps} kills"


def damaged_folder(folder: Path, kills: int) -> str:
    """Flip bits of a finished output."""
    source, chance, line, seen = make_inputs(folder, 4), random.Random(4), "", 0
    finish(start(source, folder / "whole"))
    for number in range(min(kills, 10)):
        out = folder / f"damaged{number}"
        shutil.copytree(folder / "whole", out)
        path = chance.choice(sorted(p for p in out.rglob("part-*") if p.stat().st_size))
        data = bytearray(path.read_bytes())
        data[chance.randrange(4, len(data) // 2)] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        process = start(source, out)
        with suppress(LostError):
            line, seen = finish(process, 2), seen + 1
            continue
        finish_code = process.returncode
        check(finish_code == 0, f"exit code {finish_code} after damage of {path.relative_to(out)}")
        compare(folder / "whole", out)
    check(seen, "no damage was noticed")
    return line


def full_disk(folder: Path, _kills: int, disk: Path) -> str:
    """Fill the disk of the output before a run and while it runs."""
    source = make_inputs(folder, 40)
    finish(start(source, folder / "peace"))
    process = start(source, disk / "out")
    while process.poll() is None and parts(disk / "out") < 4:
        time.sleep(0.002)
    filler = fill(disk)
    finish(process, 2)
    line = finish(start(source, disk / "out"), 2)
    filler.unlink()
    finish(start(source, disk / "out"))
    compare(folder / "peace", disk / "out")
    return line


def read_only_disk(folder: Path, _kills: int, disk: Path) -> str:
    """Make the disk of the output read-only before a run is resumed."""
    source = make_inputs(folder, 3)
    finish(start(source, disk / "out"))
    remount(disk, "ro")
    line = finish(start(source, disk / "out"), 2)
    remount(disk, "rw")
    finish(start(source, disk / "out"))
    return line


def caches(folder: Path, _kills: int, disk: Path) -> str:
    """Fill the disk of the caches, then make it read-only."""
    source = make_inputs(folder, 2)
    finish(start(source, folder / "peace"))
    variables = {"HOME": str(disk / "home"), "NUMBA_CACHE_DIR": str(disk / "numba")}
    for name in variables.values():
        Path(name).mkdir()
    fill(disk)
    finish(start(source, folder / "full", **variables))
    compare(folder / "peace", folder / "full")
    remount(disk, "ro")
    finish(start(source, folder / "read-only", **variables))
    compare(folder / "peace", folder / "read-only")
    return "loops are compiled without a cache; rows equal"


def clock(folder: Path, _kills: int) -> str:
    """Let the clock jump by an hour both ways during a run and between runs."""
    offset, more = fake_clock(folder)
    source = make_inputs(folder, 30)
    finish(start(source, folder / "peace"))
    for jump in ("+3600", "-3600"):
        set_clock(offset, "+0")
        out = folder / f"out{jump}"
        process = start(source, out, **more)
        while process.poll() is None and parts(out) < 4:
            time.sleep(0.002)
        set_clock(offset, jump)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=RUN_S)
        finish(start(source, out, **more))
        compare(folder / "peace", out)
    return "rows equal after each jump"


KILLS: dict[str, Callable[[Path, int], str]] = {
    "batch: parent": kill_parent,
    "batch: model process": lambda f, n: _kill_child(f, n, "fake_model"),
    "batch: reader": lambda f, n: _kill_child(f, n, "read_process"),
    "batch: writer within a part": kill_writer,
}
STATES: dict[str, Callable[[Path, int], str]] = {
    "damaged batch folder": damaged_folder,
    "batch: clock jumps by an hour": clock,
}
DISKS: dict[str, Callable[[Path, int, Path], str]] = {
    "batch: full disk": full_disk,
    "batch: read-only disk": read_only_disk,
    "caches: full and read-only disk": caches,
}
