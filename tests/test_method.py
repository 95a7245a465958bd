"""docs/method.md names what there is, and shows figures that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
TEXT = (DOCS / "method.md").read_text()
LINKED = re.findall(r"\[`([\w.]+)`\]\(([^)]+\.py)\)", TEXT)


def defined(path: Path) -> set[str]:
    """Classes, functions, methods and constants of a source file, methods as ``Class.name``."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{n.name}" for n in node.body if isinstance(n, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@pytest.mark.parametrize(("name", "path"), sorted(set(LINKED)))
def test_what_the_text_names_is_defined_there(name, path):
    assert name in defined(DOCS / path)


def test_the_steps_from_the_condition_to_the_kernel_are_tied_to_code():
    assert len(LINKED) > 25
    assert {"path_functions", "kernel_basis", "SteerableKernel", "rotate_field"} <= dict(
        LINKED
    ).keys()


def test_every_figure_is_there_and_has_words():
    shown = re.findall(r"!\[([^\]]+)\]\((figures/[^)]+)\)", TEXT)
    assert {path for _, path in shown} == {
        f"figures/{file.name}" for file in (DOCS / "figures").glob("*.png")
    }
    for words, path in shown:
        assert words
        assert (DOCS / path).read_bytes()[:4] == b"\x89PNG"
