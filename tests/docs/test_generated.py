"""Generated pages are current, and complete."""

from __future__ import annotations

import re

import pytest

from docs.generate.pages import BEGIN, END, pages, with_table
from docs.generate.values import ROOT, estimate, results, table
from protvox.errors import catalogue

PAGES = pages()
RESULTS = (ROOT / "docs" / "results.md").read_text()


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: path.name)
def test_page_is_current(path):
    assert path.read_text(encoding="utf-8") == PAGES[path], "run python -m docs.generate"


def test_readme_has_one_table_of_seven_results():
    readme = (ROOT / "README.md").read_text()
    (content,) = re.findall(f"{BEGIN}\n(.*?)\n{END}", readme, flags=re.DOTALL)
    assert len(content.splitlines()) == 2 + 7
    assert with_table(readme, content) == readme


def test_results_contain_what_was_measured():
    environment, cath = results("environments/metrics"), results("cath/metrics")
    for part, name in (
        (environment, "top1"),
        (environment, "balanced"),
        (cath, "top1"),
        (cath["paper"], "top1"),
        (cath["class_accuracy"], "top1"),
        (results("segmentation/metrics")["methods"]["protvox"], "iou_multi"),
        (results("search/metrics")["train"]["architecture"], "precision_at_1"),
        (results("mutations/metrics"), "spearman"),
    ):
        assert f"| {estimate(part, name)} |" in RESULTS
    assert environment["split"] == cath["split"] == "test"


def test_no_cell_of_the_comparison_with_the_paper_is_empty():
    section = RESULTS.split("## Compared with Weiler et al. (2018)")[1].split("\n### ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"][2:]
    assert len(rows) >= 10
    for row in rows:
        assert len(row) == 3 and all(cell.strip() for cell in row)
        if "not measured" in row[2]:
            assert len(row[2].split("not measured")[1]) > 20


def test_every_error_code_has_an_entry():
    text = (ROOT / "docs" / "reference" / "errors.md").read_text()
    assert {entry.code for entry in catalogue().values()} == set(
        re.findall(r"^### (.+)$", text, flags=re.MULTILINE)
    )


def test_the_generator_is_not_installed():
    project = (ROOT / "pyproject.toml").read_text()
    assert 'packages = ["protvox"]' in project


def test_a_table_has_a_line_per_row():
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
