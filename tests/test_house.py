"""House rules, checked on the sources and the documentation."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "protvox"
SOURCES = sorted(PACKAGE.rglob("*.py"))
SETTINGS = ("protvox/settings.py", "protvox/service/settings.py")
LONGEST = 350


TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in SOURCES}
TREES = {name: ast.parse(text) for name, text in TEXTS.items()}


def nodes(kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of a kind, with its place."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield f"{name}:{getattr(node, 'lineno', 0)}", node


def test_sources_are_found():
    assert "protvox/errors.py" in TREES


def test_a_file_holds_one_idea():
    assert [n for n, text in TEXTS.items() if len(text.splitlines()) > LONGEST] == []


def test_modules_say_what_they_are():
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_names_are_nouns_not_drawers():
    drawers = {"utils", "util", "helpers", "common", "misc", "tools"}
    assert [name for name in TREES if drawers & {*Path(name).parts, Path(name).stem}] == []


def test_no_print_and_no_assert():
    calls = [(place, n.func) for place, n in nodes(ast.Call)]
    assert [p for p, f in calls if isinstance(f, ast.Name) and f.id == "print"] == []
    assert [place for place, _ in nodes(ast.Assert)] == []


def test_environment_is_read_in_settings_only():
    reads = [p for p, n in nodes(ast.Attribute) if n.attr in ("environ", "getenv", "environb")]
    assert [p for p in reads if not p.startswith(SETTINGS)] == []


def test_nothing_is_unpickled():
    attributes = [(p, n) for p, n in nodes(ast.Attribute) if isinstance(n.value, ast.Name)]
    unsafe = {("torch", "load"), ("torch", "save"), ("pickle", "load"), ("pickle", "loads")}
    assert [p for p, n in attributes if (n.value.id, n.attr) in unsafe] == []
    pickling = [(p, n.value) for p, n in nodes(ast.keyword) if n.arg == "allow_pickle"]
    assert [p for p, v in pickling if not (isinstance(v, ast.Constant) and v.value is False)] == []


def test_no_bare_except():
    assert [place for place, n in nodes(ast.ExceptHandler) if n.type is None] == []


def test_no_unfinished_marks():
    marks = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
    assert [name for name, text in TEXTS.items() if marks.search(text)] == []


def test_public_functions_describe_every_parameter():
    missing = []
    for name, tree in TREES.items():
        for function in filter(is_public_function, tree.body):
            text = ast.get_docstring(function) or ""
            names = [a.arg for a in (*function.args.args, *function.args.kwonlyargs)]
            missing += [
                f"{name}: {function.name}({n})" for n in names if not re.search(rf"\b{n}\b", text)
            ]
            missing += [] if text else [f"{name}: {function.name}"]
    assert missing == []


def is_public_function(node: ast.stmt) -> bool:
    # Commands of the command line describe their options to click, not in a docstring.
    command = "cli" if isinstance(node, ast.FunctionDef) and node.decorator_list else ""
    return isinstance(node, ast.FunctionDef) and node.name[0] != "_" and not command


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("protvox", {"torch", "numpy", "gemmi"}),
        ("protvox.cli", {"torch", "numpy", "gemmi", "click"}),
        ("protvox.structure.io.read", {"torch"}),
        ("protvox.settings", {"torch", "numpy"}),
        ("protvox.predict.results.prediction", {"torch", "pandas"}),
        ("protvox.voxel.grids.density", {"torch"}),
        ("protvox.service.app", {"torch", "gemmi", "numba", "pandas"}),
    ],
)
def test_import_stays_light(module, forbidden):
    code = f"import sys, {module}; print(sorted({forbidden!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_public_names_resolve():
    import protvox

    for name in protvox.__all__:
        assert getattr(protvox, name) is not None
    assert set(protvox.__all__) <= set(dir(protvox))
    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        protvox.clasify  # noqa: B018


def test_every_pinned_dependency_is_pinned_exactly():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[^=]+", pin) for pin in pins)
    names = {re.split("==", pin)[0].lower().replace("_", "-") for pin in pins}
    project = (ROOT / "pyproject.toml").read_text()
    wanted = set(re.findall(r'^    "([a-z0-9-]+)>=', project, flags=re.MULTILINE))
    assert wanted <= names
    assert "torch==2.13.0" in pins


_THING = (
    "row|object|line|file|vector|structure|request|process|thread|atom|domain|residue|step|batch|"
    "model|query|frame|entry|chain|column|group|task|table|run|folder|worker|axis|point|job|key"
)
PHRASES = {
    r"cannot be meant": "is invalid",
    r"(?:goes|going|gone|go) on(?: with| where| from|\b)": "resumes",
    r"(?<!here\x20)is no (?!longer\b|more\b|less\b)[a-z]+": "is not a",
    r"is none of|that are none\b": "is not one of",
    r"told": "reported",
    r"turned(?! off| on\b| into| out)": "rotated",
    rf"(?:{_THING}) an? (?:{_THING})\b(?! time)": "per",
    r"passed over|left out": "ignored, skipped or removed",
    r"(?:models?|networks?|service|protvox|predictor|command line) answers?\b": "predicts, returns",
    r"(?:is|are|was|were|be) answered": "gets a response, is scored",
    r"doubt(?:s|ed|ful)?": "flag",
    r"false alarms?": "false positive",
    r"(?<!platform\.)processors?": "CPU",
    r"Suspicious is": "A residue is suspicious when",
    r"What fold is it|What falls short|Where does one domain end|Take away|map of the house": (
        "Which architecture?, Limitations, Splitting chains, Downloads, Repository layout"
    ),
}
"""Phrases of a translated style, and what to write instead."""

RECORDED = {"CHANGELOG.md": r"`doubts`"}
"""Former names that a file has to mention."""

WRITTEN = sorted(
    path
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "docs/**/*.py",
        "models/**/*.md",
        "experiments/**/*.md",
        "experiments/**/*.py",
        "protvox/**/*.py",
        "protvox/catalogue/*.toml",
        "protvox/service/static/**/*.html",
        "protvox/service/static/**/*.js",
        "protvox/service/static/**/*.css",
    )
    for path in ROOT.glob(pattern)
    if "molstar" not in path.parts
)


@pytest.mark.parametrize("phrase", PHRASES)
def test_texts_are_plain_english(phrase):
    pattern = re.compile(rf"\b(?:{phrase})\b".replace(" ", r"\s+").replace(r"\b\b", r"\b"))
    found = []
    for path in WRITTEN:
        name = str(path.relative_to(ROOT))
        text = path.read_text(encoding="utf-8")
        if name in RECORDED:
            text = re.sub(RECORDED[name], "", text)
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: {' '.join(match[0].split())}")
    assert found == [], f"write: {PHRASES[phrase]}"


def test_parameters_are_described():
    riddle = re.compile(r"^ +(?:It|Its card|Of it|Of the part|How|How many|What)\.$", re.MULTILINE)
    found = [f"{name}: {m[0].strip()}" for name, t in TEXTS.items() for m in riddle.finditer(t)]
    assert found == []
