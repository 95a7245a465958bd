"""Commands that the README and the page show, run as they are written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import protvox

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = "protvox/examples/1pwc.pdb.gz"
STRUCTURE = ROOT / "tests" / "data" / "1ubi.pdb"


def blocks(path: Path) -> list[list[str]]:
    found = re.findall(r"^```sh\n(.*?)^```", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]


def curl_lines(name: str = "README.md") -> list[str]:
    """The block that asks the service."""
    (lines,) = [block for block in blocks(ROOT / name) if block[0].startswith("curl ")]
    return lines


@pytest.fixture(scope="module")
def shell(service, tmp_path_factory):
    """Run a line, with port 8000 leading to the service of the tests."""
    assert shutil.which("curl"), "install the package curl"
    home = tmp_path_factory.mktemp("curl")
    there = urlsplit(service).netloc
    (home / ".curlrc").write_text(f'connect-to = "127.0.0.1:8000:{there}"\n')

    def run(line: str, cwd: Path) -> bytes:
        environment = {**os.environ, "CURL_HOME": str(home)}
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=cwd,
            env=environment,
            check=True,
            capture_output=True,
            timeout=300,
        )
        return done.stdout

    return run


def assert_close(found, expected):
    """Compare results: the last printed digit of a number depends on the number of threads."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_close(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=2e-5)
    else:
        assert found == expected


def test_commands_in_readme_work(shell):
    cath, environment, search = (shell(line, ROOT) for line in curl_lines())
    expected = json.loads(protvox.classify(ROOT / EXAMPLE, task="cath").to_json())
    assert_close(json.loads(cath), expected)
    answer = json.loads(environment)
    assert answer["schema"] == "protvox.classify/1"
    assert {r["chain"] for r in answer["residues"]} == {"A"} and len(answer["residues"]) == 345
    (domain,) = json.loads(search)["domains"]
    assert len(domain["nearest"]) == 20


def test_commands_in_the_documentation_work(shell):
    # An id is fetched from a database, which no test does.
    offline = [line for line in curl_lines("docs/how-to/service.md") if '"id"' not in line]
    assert len(offline) == 2
    assert [len(json.loads(shell(line, ROOT))["residues"]) for line in offline] == [0, 345]


def test_readme_asks_for_what_is_there():
    assert len(curl_lines()) == 3
    assert all(f"file=@{EXAMPLE} " in line for line in curl_lines())
    assert (ROOT / EXAMPLE).is_file()


def test_commands_of_the_page_work(visit, drop, shell, tmp_path):
    shutil.copy(STRUCTURE, tmp_path)
    page = visit()
    drop(page, STRUCTURE.name, STRUCTURE.read_bytes())
    page.get_by_test_id("result").wait_for()
    create, predict, fetch = page.get_by_label("Commands").inner_text().splitlines()
    job = json.loads(shell(create, tmp_path))
    assert (job["name"], job["n_residues"], job["task"]) == ("1ubi.pdb", 76, "all")
    assert len(json.loads(shell(predict, tmp_path))["residues"]) == 76
    shell(fetch, tmp_path)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).press("Enter")
    assert (tmp_path / "protvox.csv").read_bytes() == download.value.path().read_bytes()
