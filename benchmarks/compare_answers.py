"""Whether two checkouts give the same answers: every command and format, on real files.

Both checkouts run ``classify``, ``mutations``, ``embed``, ``search`` and ``score`` on the same
structures, each in one process, and write JSON, CSV and Parquet. The files are then compared
value by value, after keys and columns that were renamed on purpose are given their new names::

    python benchmarks/compare_answers.py --before OLD_CHECKOUT --structures FOLDER -n 60 -o FOLDER

The last lines on stdout are a summary: files compared, differences, exit codes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RENAMED = {"doubts": "flags"}
TIMES = {"seconds"}
PROSE = re.compile(r"\.(why|what|warnings|note|score|message|remedy)(\[\d+\])?$")
"""Sentences, which may be reworded; they are counted apart."""
REWORDED = "reworded "
TOLERANCE = 1e-6
COMMANDS = {
    "classify": ("json", "csv", "parquet"),
    "mutations": ("json", "csv", "parquet"),
    "embed": ("json", "parquet"),
    "search": ("json", "csv", "parquet"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="the older checkout")
    parser.add_argument("--structures", type=Path, required=True, help="folder of structures")
    parser.add_argument("-n", type=int, default=60, help="structures to take, evenly spaced")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the files")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = choose(options.structures, options.n)
    if options.run:
        run_all(chosen, options.run)
        return
    for name, checkout in (("before", options.before), ("after", ROOT)):
        if not (options.output / name / "done").exists():
            start(checkout.resolve(), options.output / name)
    report(options.output)


def choose(folder: Path, n: int) -> list[Path]:
    """Every format and size but the largest third, which would take most of the time."""
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=weight)
    files = files[: max(n, 2 * len(files) // 3)]
    rows = np.linspace(0, len(files) - 1, n).round().astype(int)
    return [files[row] for row in rows]


def weight(path: Path) -> tuple[float, str]:
    """About how many atoms a file holds."""
    size = path.stat().st_size * (4 if path.suffix == ".gz" else 1)
    return size * (5 if ".bcif" in path.name else 1), path.name


def start(checkout: Path, folder: Path) -> None:
    """Run every command in a process that imports one checkout only."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")}
    environment |= {"PYTHONPATH": str(checkout), "PROTVOX_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--run", str(folder)]
    subprocess.run(command, check=True, env=environment, cwd=checkout)


def run_all(structures: list[Path], folder: Path) -> None:
    """Write the answers of the checkout on the path."""
    folder.mkdir(parents=True, exist_ok=True)
    codes: dict[str, int] = {}
    for row, path in enumerate(structures):
        for command, forms in COMMANDS.items():
            for form in forms:
                out = folder / f"{row:03d}.{command}.{form}"
                codes[out.name] = invoke(command, str(path), "-o", str(out), "--device", "cpu")
    listing = folder / "structures.txt"
    listing.write_text("".join(f"{path}\n" for path in structures))
    scored = folder / "scored"
    codes["score"] = invoke(
        "score", f"@{listing}", "-o", str(scored), "--format", "csv", "--workers", "1",
        "--device", "cpu",
    )  # fmt: skip
    (folder / "codes.json").write_text(json.dumps(codes, indent=1))
    (folder / "done").touch()


def invoke(*arguments: str) -> int:
    """Run a command of the command line in this process, and return its exit code."""
    from protvox.cli.app import run

    try:
        code = run(arguments)
    except SystemExit as end:
        code = end.code
    return int(code or 0)


def report(folder: Path) -> None:
    before, after = folder / "before", folder / "after"
    counts: Counter[str] = Counter()
    differences: list[str] = []
    sentences: list[str] = []
    codes = [json.loads((side / "codes.json").read_text()) for side in (before, after)]
    differences += [
        f"{name}: exit code {codes[0][name]}, now {codes[1].get(name)}"
        for name in codes[0]
        if codes[0][name] != codes[1].get(name)
    ]
    # Parts of a run end when time is up; its tables are compared as a whole.
    paths = [*before.glob("*.*"), *(before / "scored").glob("*")]
    names = sorted(
        str(path.relative_to(before))
        for path in paths
        if (path.suffix in (".json", ".csv", ".parquet") or any(path.glob("*.parquet")))
        and path.name not in ("codes.json", "manifest.json")
    )
    for name in names:
        if not (after / name).exists():
            differences.append(f"{name}: missing now")
            continue
        found = list(compare(before / name, after / name))
        command = "score" if name.startswith("scored") else name.split(".")[1]
        counts[f"{command} {Path(name).suffix[1:] or 'parquet'}"] += 1
        sentences += [text for text in found if text.startswith(REWORDED)]
        differences += [f"{name}: {text}" for text in found if not text.startswith(REWORDED)][:3]
    for kind, n in sorted(counts.items()):
        print(f"{kind}: {n} files compared")
    print(f"exit codes: {dict(Counter(codes[1].values()))}")
    kinds = {text.partition(": ")[2] for text in sentences}
    print(f"sentences reworded: {len(sentences)}, of {len(kinds)} kinds")
    print(f"differences: {len(differences)}")
    print("\n".join(differences[:40]))


def compare(old: Path, new: Path) -> list[str]:
    if old.suffix == ".json":
        return differ(json.loads(old.read_text()), json.loads(new.read_text()), "$")
    left, right = (table_of(path) for path in (old, new))
    if list(left.columns) != list(right.columns):
        return [f"columns {list(left.columns)}, now {list(right.columns)}"]
    return differ(left.to_dict("list"), right.to_dict("list"), "$")


def table_of(path: Path) -> pd.DataFrame:
    """Read a table without its times; a run finishes its inputs in any order, so sort them."""
    if path.suffix == ".csv":
        frame = pd.read_csv(path, keep_default_na=False)
    else:
        frame = pd.read_parquet(path)
    frame = frame.rename(columns=RENAMED).drop(columns=list(TIMES & {*frame.columns}))
    if "scored" in path.parts:
        frame = frame.sort_values("id", kind="stable", ignore_index=True)
    return frame


def differ(old: Any, new: Any, where: str) -> list[str]:
    """Every place where two values differ by more than rounding."""
    if isinstance(old, np.ndarray):
        old = old.tolist()
    if isinstance(new, np.ndarray):
        new = new.tolist()
    if isinstance(old, dict) and isinstance(new, dict):
        renamed = {RENAMED.get(key, key): value for key, value in old.items()}
        if list(renamed) != list(new):
            return [f"{where}: keys {list(renamed)}, now {list(new)}"]
        return [x for key in new for x in differ(renamed[key], new[key], f"{where}.{key}")]
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return [f"{where}: {len(old)} values, now {len(new)}"]
        return [x for i, (a, b) in enumerate(zip(old, new, strict=True))
                for x in differ(a, b, f"{where}[{i}]")]  # fmt: skip
    if isinstance(old, float) and isinstance(new, float | int):
        close = abs(old - new) <= TOLERANCE * max(1.0, abs(old)) or (old != old and new != new)
        return [] if close else [f"{where}: {old!r}, now {new!r}"]
    if old == new:
        return []
    reworded = isinstance(old, str) and isinstance(new, str) and PROSE.search(where)
    mark = REWORDED if reworded else ""
    return [f"{mark}{where}: {str(old)[:80]!r}, now {str(new)[:80]!r}"]


if __name__ == "__main__":
    main()
