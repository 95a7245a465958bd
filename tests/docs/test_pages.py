"""Links, paths, names, commands, variables and numbers in the documentation exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from protvox.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "models").rglob("*.md"),
        *(ROOT / "experiments").rglob("*.md"),
    ]
)
CURRENT = [page for page in PAGES if page.parent != DECISIONS]
"""Decisions are a record, and may name what no longer exists."""

GENERATED = {
    ROOT / "docs" / "results.md",
    *(ROOT / "docs" / "reference" / name for name in ("errors.md", "licences.md")),
}
OUTPUTS = {"experiments/cath/results/nearest.jsonl"}
"""Files that a command writes and nobody commits."""

TOP = "protvox|docs|models|experiments|benchmarks|tests|docker|service"
RESULTS = [
    *(ROOT / "experiments").glob("*/results/**/*.json*"),
    *(ROOT / "benchmarks" / "results").glob("*.json"),
    *(ROOT / "models").glob("*/card.json"),
]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_paths_exist(page):
    missing = []
    for path in re.findall(rf"(?<![\w/.-])((?:{TOP})/[\w./-]*\w/?)", page.read_text()):
        if path in OUTPUTS:
            continue
        if not (ROOT / path).exists():
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_dotted_names_exist(page):
    text = page.read_text()
    if page.name == "CHANGELOG.md":  # it names what was renamed
        text = text.replace("protvox.zoo", "").replace("protvox.nn.fold", "")
    dotted = set(re.findall(r"`+(protvox(?:\.\w+)+)(?![\w/-])", text)) | set(
        re.findall(r"^(protvox(?:\.\w+)+)\(", text, flags=re.MULTILINE)
    )
    assert [name for name in sorted(dotted) if not resolves(name)] == []


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[n:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def commands(page: Path) -> Iterator[list[str]]:
    """Every ``protvox`` command line in the code blocks of a page."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(), flags=re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            for call in re.findall(r"(?:^|[ /])protvox ([a-z][^#&]*)", line.split(" # ")[0]):
                yield call.split()


@pytest.mark.parametrize("page", CURRENT, ids=name_of)
def test_commands_and_options_exist(page):
    wrong = []
    for words in commands(page):
        command: click.Command = app
        while isinstance(command, click.Group) and words:
            found = command.get_command(click.Context(command), words[0])
            if found is None:
                break
            command = found
            words.pop(0)
        known = {
            name for option in command.params for name in (*option.opts, *option.secondary_opts)
        }
        given = {re.split("=", word)[0] for word in words if re.match(r"--?[a-z]", word)}
        if isinstance(command, click.Group) or given - known:
            wrong.append((command.name, words))
    assert wrong == []


def test_every_environment_variable_is_documented():
    from protvox.service.settings import ServiceSettings
    from protvox.settings import Settings

    text = (ROOT / "docs" / "reference" / "environment.md").read_text()
    own, service = text.split("## The service")
    for name in Settings.__dataclass_fields__:
        assert f"`PROTVOX_{name.upper()}`" in own
    for name in ServiceSettings.model_fields:
        assert f"`{name.upper()}`" in service


def test_every_public_name_is_documented():
    import protvox

    text = (ROOT / "docs" / "reference" / "python.md").read_text()
    assert [name for name in protvox.__all__ if f"`protvox.{name}`" not in text] == []


def test_every_command_and_every_page_is_reachable():
    text = (ROOT / "docs" / "reference" / "cli.md").read_text()
    for name in app.commands:
        assert f"\n## protvox {name}\n" in text
    index = (ROOT / "docs" / "index.md").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        if page.parent != DECISIONS and page.name != "index.md":
            assert f"({page.relative_to(ROOT / 'docs')})" in index
    listed = (DECISIONS / "README.md").read_text()
    for decision in DECISIONS.glob("0*.md"):
        assert f"({decision.name})" in listed


def test_readme_is_short():
    readme = (ROOT / "README.md").read_text()
    assert len(readme.split()) <= 1100
    assert len(readme.splitlines()) <= 100


@pytest.mark.parametrize("decision", sorted(DECISIONS.glob("0*.md")), ids=lambda p: p.stem[:4])
def test_decisions_have_a_number_and_a_status(decision):
    lines = decision.read_text().splitlines()
    assert lines[0].startswith(f"# {decision.name[:4]}. ")
    assert re.match(r"Date: 2026-\d\d-\d\d\. Status: (accepted|superseded)", lines[2])


def measured() -> set[str]:
    """Every number in the committed results, with three digits after the decimal point."""
    found: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)
        elif isinstance(value, float):
            found.add(f"{abs(value):.3f}")

    for path in RESULTS:
        text = path.read_text()
        for part in text.splitlines() if path.suffix == ".jsonl" else [text]:
            collect(json.loads(part))
    return found


def test_measured_numbers_are_committed():
    known = measured()
    pages = [page for page in CURRENT if page not in GENERATED and page.name != "log.md"]
    unknown = {
        name_of(page): [
            number
            for number in re.findall(r"(?<![\d.])0\.\d{3}(?!\d)", prose(page))
            if number not in known
        ]
        for page in pages
    }
    assert {name: numbers for name, numbers in unknown.items() if numbers} == {}


def prose(page: Path) -> str:
    """The text of a page without its code blocks, which show output of other structures."""
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "arguments"),
    [
        ("docs/quickstart.md", ["classify", "--example"]),
        ("docs/how-to/search.md", ["search", "tests/data/1ubi.pdb", "--top", "3"]),
    ],
)
def test_shown_output_is_what_the_command_prints(page, arguments):
    done = subprocess.run(
        [sys.executable, "-m", "protvox", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    printed = {line.rstrip() for line in done.stdout.splitlines()}
    (block,) = re.findall(r"```text\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    shown = [line.rstrip() for line in block.splitlines() if line.strip(" .")]
    assert [line for line in shown if line not in printed] == []
