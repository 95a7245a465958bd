"""The locked packages, their licences and the bill of materials agree with the constraints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from docs.packages import constrained, locked, sbom

ROOT = Path(__file__).resolve().parents[2]


def test_locked_versions_are_the_tested_ones_and_have_hashes():
    found = locked()
    versions = {name: version for name, (version, _) in found.items()}
    cuda = locked("requirements-cuda.txt")
    assert versions | {"torch": cuda["torch"][0]} == constrained()
    assert all(hashes for _, hashes in (found | cuda).values())


def test_the_build_backend_is_pinned():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    assert build["requires"] == [f"hatchling=={constrained()['hatchling']}"]


def test_licences_of_all_packages_are_listed_and_permit_the_product():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "reference" / "licences.md").read_text().splitlines()[9:]
    ]
    assert {name: version for name, version, *_ in rows} == constrained()
    assert not [name for name, _, licence, _ in rows if licence in ("", "not installed", "unknown")]
    gpl = {
        (name, needed)
        for name, _, licence, needed in rows
        if re.search(r"\bA?GPL|General Public", licence) and not re.search(r"LGPL|Lesser", licence)
    }
    assert gpl == {("tmtools", "`experiments`")}


def test_the_bill_of_materials_names_every_package():
    found = sbom()
    assert found["bomFormat"] == "CycloneDX"
    names = {component["name"] for component in found["components"]}
    assert names >= constrained().keys()
    assert all(component["licenses"] for component in found["components"])


def test_no_package_may_come_from_two_indexes():
    """With an extra index, a package of the same name elsewhere could take the place of ours."""
    for name in ("README.md", "docs/quickstart.md", "docker/Dockerfile.cpu", "SECURITY.md"):
        assert "--extra-index-url" not in (ROOT / name).read_text(), name
