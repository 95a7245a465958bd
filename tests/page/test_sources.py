"""The files of the page, as they lie."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from protvox.service.routes.page import served_script

STATIC = Path(__file__).resolve().parents[2] / "protvox" / "service" / "static"
VENDORED = STATIC / "viewer" / "molstar"
OWN = sorted(
    p
    for p in STATIC.rglob("*")
    if p.suffix in (".js", ".css", ".html") and VENDORED not in p.parents
)
SVG = "http://www.w3.org/2000/svg"
LINKS = ["https://www.cathdb.info", "https://www.rcsb.org"]  # for people; nothing is loaded
LARGEST = 150_000


def test_sources_are_found():
    assert {"index.html", "main.js", "frame.js", "base.css"} <= {p.name for p in OWN}


@pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(STATIC)))
def test_a_file_holds_one_idea(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(STATIC)))
def test_no_other_hosts_are_referenced(path):
    found = re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z.]+", path.read_text().replace(SVG, ""))
    assert found == (LINKS if path.name == "links.js" else [])


@pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(STATIC)))
def test_texts_never_become_html(path):
    doors = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|\beval\("
    assert re.findall(doors, path.read_text()) == []
    assert re.findall(r'\son[a-z]+="|style="|javascript:', path.read_text()) == []


def test_script_is_small():
    """The script of the page without the viewer, as it is sent, before compression."""
    paths = [p for p in (STATIC / "js").iterdir() if p.name != "reference.js"]
    assert 80_000 < sum(len(served_script(p, 0)) for p in paths) < LARGEST


@pytest.mark.parametrize("path", sorted((STATIC / "js").iterdir()), ids=lambda p: p.name)
def test_only_comments_are_left_out(path):
    """A comment ends before the next statement begins, and no text of the page holds one."""
    whole, sent = path.read_text(), served_script(path, 0).decode()
    kept = [
        line
        for line in whole.splitlines()
        if line.strip() and not line.lstrip().startswith(("/**", "*", "//"))
    ]
    assert [line for line in sent.splitlines() if line.strip()] == kept


def test_imports_name_files_that_exist():
    for path in OWN:
        for name in re.findall(
            r'^(?:import|export) .*?from "([^"]+)"|^\} from "([^"]+)"',
            path.read_text(),
            flags=re.MULTILINE,
        ):
            assert (path.parent / "".join(name)).is_file(), (path.name, name)


def test_viewer_matches_the_npm_package():
    manifest = json.loads((VENDORED / "manifest.json").read_text())
    assert (manifest["package"], manifest["licence"]) == ("molstar", "MIT")
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    files = {p.name for p in VENDORED.iterdir()} - {"manifest.json"}
    assert files == set(manifest["sha256"]) == set(manifest["taken"])
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == digest, name
    assert "Permission is hereby granted, free of charge" in (VENDORED / "LICENSE").read_text()
