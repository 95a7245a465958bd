"""The notebooks of `docs/tutorials`, run cell by cell as Jupyter would."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path) -> list[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code"]


def printed(path: Path) -> str:
    """The text that the cells printed when the notebook was stored."""
    document = json.loads(path.read_text(encoding="utf-8"))
    outputs = (o for c in document["cells"] for o in c.get("outputs", ()))
    return "".join(text for o in outputs for text in o.get("text", ()))


def run(path: Path) -> tuple[dict, list]:
    """The names that a notebook defines, and the value that each cell shows."""
    names: dict = {}
    shown = []
    for i, source in enumerate(cells(path)):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{path.name}, cell {i}", "exec"), names)
        if last is not None:
            value = eval(
                compile(ast.Expression(last.value), f"{path.name}, cell {i}", "eval"), names
            )
            shown.append(value)
            for show in ("_repr_png_", "_repr_html_"):
                if hasattr(value, show):
                    assert getattr(value, show)()
                    break
    return names, shown


def test_there_is_a_page_that_lists_them():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 5
    assert all(f"({path.name})" in page for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path, monkeypatch, capsys):
    monkeypatch.chdir(FOLDER)
    names, shown = run(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    results = [o for c in document["cells"] for o in c.get("outputs", ()) if "data" in o]
    assert len(results) == sum(value is not None for value in shown)
    if path.stem != "layers_in_your_own_network":  # losses depend on the processor
        assert capsys.readouterr().out == printed(path)
    if path.stem == "check_a_model":
        (segment,) = names["found"].segments
        assert (segment.kind, segment.shift) == ("register", -1)
        assert abs(int(segment.first) - 40) <= 3 and abs(int(segment.last) - 60) <= 3
    if path.stem == "mutations_to_a_shortlist":
        assert len(names["shortlist"]) == 5 and (names["shortlist"].score < 0).all()
    if path.stem == "layers_in_your_own_network":
        assert names["losses"][-1] < 0.5 * names["losses"][0]
