"""docs/concepts names functions that exist, and shows figures that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
METHOD = DOCS / "concepts" / "method.md"
LINKED = sorted(
    {
        (page.name, name, path)
        for page in (DOCS / "concepts").glob("*.md")
        for name, path in re.findall(r"\[`([A-Za-z_.]+)`\]\(([^)]+\.py)\)", page.read_text())
        if not name.endswith(".py")
    }
)


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


@pytest.mark.parametrize(("page", "name", "path"), LINKED)
def test_linked_functions_are_defined_there(page, name, path):
    assert name in defined(DOCS / "concepts" / path), page


def test_the_steps_to_the_kernel_are_linked_to_code():
    names = {name for page, name, _ in LINKED if page == METHOD.name}
    assert len(names) > 25
    assert {"path_functions", "kernel_basis", "SteerableKernel", "rotate_field"} <= names


def test_every_figure_exists_and_has_a_caption():
    shown = re.findall(r"!\[([^\]]+)\]\(\.\./(figures/[^)]+)\)", METHOD.read_text())
    assert {path for _, path in shown} == {
        f"figures/{file.name}" for file in (DOCS / "figures").glob("*.png")
    }
    for words, path in shown:
        assert words
        assert (DOCS / path).read_bytes()[:4] == b"\x89PNG"
