"""Change the code a little, and see whether the tests notice: ``python benchmarks/mutants.py``.

Each mutant differs from the sources in one comparison, operator, constant or condition. The fast
tests of the package that the file belongs to are run on it, and it is killed if one fails. So the
score is a lower bound: tests of other packages, and slow ones, may kill more. Works in a copy of
the tree; the seed decides the mutants.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("structure", "predict")
LIMIT_S: Final = 300.0
"""A mutant whose tests take longer is killed."""

_COMPARISONS: Final = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: Final = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_WORDS: Final = {ast.And: ast.Or, ast.Or: ast.And}


def changes(tree: ast.AST) -> Iterator[tuple[ast.AST, str, str, object, object]]:
    """Yield places to change: node, field, kind, old and new value."""
    annotations = {
        id(part)
        for node in ast.walk(tree)
        for given in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if given is not None
        for part in ast.walk(given)
    }
    for node in ast.walk(tree):
        if id(node) in annotations:
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
            new = [_COMPARISONS[type(node.ops[0])](), *node.ops[1:]]
            yield node, "ops", "comparison", node.ops, new
        elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            yield node, "op", "operator", node.op, _OPERATORS[type(node.op)]()
        elif isinstance(node, ast.BoolOp):
            yield node, "op", "and, or", node.op, _WORDS[type(node.op)]()
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node, "test", "condition", node.test, ast.UnaryOp(ast.Not(), node.test)
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield node, "value", "boolean", node.value, not node.value
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node, "value", "number", node.value, node.value + 1


def tests_of(path: Path) -> Path:
    """Return the folder of the tests of a file."""
    folder = ROOT / "tests" / path.parent.relative_to(ROOT / "protvox")
    while not folder.is_dir():
        folder = folder.parent
    return folder


def main() -> None:
    """Try mutants until there are enough, or the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    places = []
    for package in PACKAGES:
        for path in sorted((ROOT / "protvox" / package).rglob("*.py")):
            found = sum(1 for _ in changes(ast.parse(path.read_text())))
            places += [(path, index) for index in range(found)]
    chosen = random.Random(options.seed).sample(places, options.number)
    rows, end = [], time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "protvox"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__"))
        shared = ROOT.parent / "shared"
        if shared.exists():
            (tree.parent / "shared").symlink_to(shared)
        for path, index in chosen:
            if time.monotonic() > end:
                break
            rows.append(try_mutant(tree, path, index))
            sys.stdout.write(f"{json.dumps(rows[-1])}\n")
            sys.stdout.flush()
    summary = {
        "mutants": len(rows),
        "of_places": len(places),
        "killed": sum(row["killed"] for row in rows),
        "survivors_by_kind": Counter(row["kind"] for row in rows if not row["killed"]),
        "survivors": [row for row in rows if not row["killed"]],
    }
    sys.stdout.write(f"{summary['killed']} of {summary['mutants']} killed\n")
    if options.output is not None:
        options.output.write_text(json.dumps(summary, indent=1) + "\n")


def try_mutant(tree: Path, path: Path, index: int) -> dict[str, object]:
    """Run the tests on one mutant, and put the file back."""
    code = ast.parse(path.read_text())
    node, field, kind, old, new = list(changes(code))[index]
    setattr(node, field, new)
    place = tree / path.relative_to(ROOT)
    place.write_text(ast.unparse(ast.fix_missing_locations(code)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
    ]
    folder = tests_of(path).relative_to(ROOT)
    try:
        done = subprocess.run(
            [*command, str(folder)],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=LIMIT_S,
        )
        killed = done.returncode != 0
    except subprocess.TimeoutExpired:
        killed = True
    finally:
        shutil.copy(path, place)
    line = getattr(node, "lineno", 0)
    texts = [value if isinstance(value, int | float) else _text(value) for value in (old, new)]
    name = str(path.relative_to(ROOT))
    return {"file": name, "line": line, "kind": kind, "from": texts[0], "to": texts[1]} | {
        "killed": killed
    }


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(type(one).__name__ for one in value)
    return ast.unparse(value) if isinstance(value, ast.expr) else type(value).__name__


if __name__ == "__main__":
    main()
