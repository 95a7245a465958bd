"""The catalogue of errors against the code that uses it."""

from __future__ import annotations

import ast
import string
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from protvox.errors import DeviceError, InputError, UsageError, catalogue, fail

PACKAGE = Path(__file__).parents[1] / "protvox"
FACTORIES = {"fail", "refuse"}
NOT_FIELDS = {"where", "status", "retry_after", "errors"}
KINDS = {"usage", "input", "fetch", "model", "device", "service"}


def keys_of(node: ast.expr) -> list[str]:
    """Return the keys that an argument can be: a literal, or a choice between literals."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*keys_of(node.body), *keys_of(node.orelse)]
    return []


def calls() -> list[tuple[str, str, set[str]]]:
    """Return the location, key and fields of every call of a factory with a literal key."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in FACTORIES and node.args:
                fields = {k.arg or "**" for k in node.keywords} - NOT_FIELDS
                location = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                found += [(location, key, fields) for key in keys_of(node.args[0])]
    return found


CALLS = calls()


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_error_has_an_entry_with_its_fields():
    assert len(CALLS) >= 3
    entries = catalogue()
    for location, key, fields in CALLS:
        assert key in entries, f"{location}: {key}"
        entry = entries[key]
        if "**" not in fields:
            assert fields == fields_of(entry.what) | fields_of(entry.remedy), f"{location}: {key}"


def test_every_entry_is_used():
    text = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    assert [key for key in catalogue() if f'"{key}"' not in text] == []


def test_no_key_is_in_two_files():
    keys = Counter(
        key
        for path in (PACKAGE / "catalogue").glob("*.toml")
        for key in tomllib.loads(path.read_text())
    )
    assert [key for key, n in keys.items() if n > 1] == []


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_entry_is_well_formed(key):
    entry = catalogue()[key]
    assert entry.kind in KINDS
    assert 1 <= len(key.split(".")) <= 3
    assert not entry.what.endswith(".")
    assert not entry.remedy.endswith(".")
    assert not entry.remedy or entry.remedy[0].isupper() or entry.remedy[0] == "{"
    assert not entry.cause or entry.cause.endswith(".")
    assert len(entry.what) <= 200


def test_error_is_made_from_its_entry():
    error = fail("usage.setting.boolean", where="PROTVOX_OFFLINE", value="maybe")
    assert isinstance(error, UsageError)
    assert error.code == "usage.setting"
    assert str(error) == "PROTVOX_OFFLINE: 'maybe' is not a valid value. Set it to 1 or 0."
    assert not isinstance(error, InputError | DeviceError)


def test_missing_field_raises_key_error():
    with pytest.raises(KeyError):
        fail("usage.setting.boolean", where="X")


def test_long_values_are_shortened():
    error = fail("input.selection", where="x" * 5000, item="a\nb" * 5000)
    assert error.where == "x" * 150 + " ... " + "x" * 75
    assert len(str(error)) < 1500 and "\n" not in str(error)
    path = "/".join(["folder"] * 30)
    assert fail("input.empty", where=path).where == path
