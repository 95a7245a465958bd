"""Damaged output folders give one error that says what to do, and nothing is lost unnoticed."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protvox.batch.plan import Item
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.schema import table_schemas
from protvox.errors import ProtvoxError, UsageError
from protvox.manifest import FIRST_LEDGER, MANIFEST, find_manifest
from protvox.predict.scoring.options import ScoreOptions
from protvox.report.run_page.summary import summarize

OPTIONS = ScoreOptions(top_k=1)
MODELS = {"cath@9": "ab" * 32}
SCHEMAS = table_schemas(OPTIONS)
JSON = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), max_size=2)
TRIALS = int(os.environ.get("PROTVOX_FUZZ_SECONDS", "30"))


def score(folder: Path, *names: str) -> None:
    with OutputFolder(folder) as output:
        output.open(OPTIONS, MODELS)
        for name in names:
            keys = {"id": name, "path": f"/x/{name}"}
            rows = [keys | {"domain": str(i), "in_range": True} for i in range(20)]
            tables = {"domains": pa.Table.from_pylist(rows, SCHEMAS["domains"])}
            output.add(Item(name, f"/x/{name}"), "s", tables, status="done")
        output.flush()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    for name in "abc":
        score(folder, name)
    return folder


def rows(folder: Path) -> list[tuple]:
    """The rows of all tables, as a resumed run reads them."""
    with OutputFolder(folder) as output:
        output.open(OPTIONS, MODELS)
        return [
            tuple(map(str, row.values()))
            for name in SCHEMAS
            for table in output.tables(name)
            for row in table.to_pylist()
        ]


def code_of(read: Callable[[Path], object], folder: Path) -> str:
    """The code of the error of reading a folder, empty if there is none."""
    try:
        read(folder)
    except ProtvoxError as error:
        return error.code
    return ""


def noticed(folder: Path) -> set[str]:
    """Codes of the errors of a resumed run and of a report."""
    return set(every_code(folder))


def without_checksum(content: bytes) -> object:
    """The values of a manifest apart from its checksum; None if they are not an object."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return {k: v for k, v in values.items() if k != "sha256"} if type(values) is dict else None


def every_code(folder: Path) -> list[str]:
    """Code of the error of a resumed run, and of a report; nothing of those that succeed."""
    return [code for read in (rows, summarize) for code in [code_of(read, folder)] if code]


def files(folder: Path) -> list[Path]:
    return sorted(p for name in SCHEMAS for p in (folder / name).glob("part-*"))


def test_flipped_bits_are_noticed_or_harmless(run, tmp_path):
    """Of 25 flipped bits, 12 were not noticed; others ended as a bug in protvox."""
    expected, chance = rows(run), random.Random(0)
    for trial in range(TRIALS):
        folder = tmp_path / str(trial)
        shutil.copytree(run, folder)
        path = chance.choice(files(folder))
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        codes = noticed(folder)
        assert codes <= {"batch.damaged"}, path
        if not codes:
            assert rows(folder) == expected, path


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "zeros"])
def test_damaged_files_are_noticed(run, tmp_path, damage):
    for number, path in enumerate(files(run)):
        folder = tmp_path / str(number)
        shutil.copytree(run, folder)
        data = path.read_bytes()
        half = len(data) // 2
        content = {"cut": data[:half], "empty": b"", "text": b"PAR1" + b"x" * 99 + b"PAR1"}
        victim = folder / path.relative_to(run)
        victim.write_bytes(content.get(damage, data[:half] + bytes(len(data) - half)))
        assert noticed(folder) == {"batch.damaged"}, path


def test_removed_files_are_noticed_or_scored_again(run, tmp_path):
    for number, path in enumerate(files(run)):
        folder = tmp_path / str(number)
        shutil.copytree(run, folder)
        (folder / path.relative_to(run)).unlink()
        if path.parent.name == "inputs":
            # The part does not count any more: its inputs are scored again.
            assert len(rows(folder)) < len(rows(run)) or path.name == "part-000000.parquet"
            score(folder, *"abc")
            assert sorted(rows(folder)) == sorted(rows(run))
        else:
            assert noticed(folder) == {"batch.damaged"}


@pytest.mark.parametrize("name", ["part-999999999999", "part-x", "part-1", "part-000009 copy"])
def test_foreign_parts_end_soon(run, tmp_path, name):
    """A large number made a resumed run count to it."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    shutil.copy(folder / "inputs" / "part-000001.parquet", folder / "inputs" / f"{name}.parquet")
    if name == "part-999999999999":
        shutil.copy(
            folder / "domains" / "part-000001.parquet", folder / "domains" / f"{name}.parquet"
        )
        score(folder, "d")
        assert len(rows(folder)) > len(rows(run))
    else:
        assert "batch.damaged" in noticed(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 10_000, b'{"schema": 1}', b'{"name": "page"}'],
)
def test_damaged_manifests_are_one_error(run, tmp_path, content):
    """The folder is known to be a run's by its ledger, whatever the manifest holds."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / MANIFEST).write_bytes(content)
    assert every_code(folder) == ["batch.damaged", "batch.damaged"]


def test_missing_manifests_are_damage_if_there_are_parts(run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / MANIFEST).unlink()
    assert every_code(folder) == ["batch.damaged", "batch.damaged"]


def test_every_flipped_bit_of_a_manifest_is_noticed(run):
    """Those in options and models were called other options, and others foreign."""
    found = {name: (run / name).read_bytes() for name in (MANIFEST, FIRST_LEDGER)}
    content = found[MANIFEST]
    for bit in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        found[MANIFEST] = bytes(damaged)
        with pytest.raises(UsageError) as caught:
            find_manifest(found.__getitem__, "run")
        assert (caught.value.code, caught.value.exit_code) == ("batch.damaged", 2), bit
        assert "--force" in str(caught.value)


def changed(content: bytes, draw: Callable, others: list[bytes]) -> bytes:
    """A file after random damage."""
    kind = draw(st.sampled_from(("cut", "bits", "bytes", "zeros", "insert", "other", "json")))
    at, end = sorted(draw(st.integers(0, len(content))) for _ in range(2))
    if kind == "cut":
        return content[:at]
    if kind == "bits":
        damaged = bytearray(content)
        for bit in draw(st.sets(st.integers(0, 8 * len(content) - 1), min_size=1, max_size=9)):
            damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)
    if kind == "other":
        return draw(st.sampled_from(others))
    if kind == "json" and content.startswith(b"{"):
        values = json.loads(content)
        key = draw(st.sampled_from(sorted(values)))
        if draw(st.booleans()):
            del values[key]
        else:
            values[key] = draw(JSON)
        return json.dumps(values).encode()
    middle = draw(st.binary(min_size=1, max_size=50)) if kind != "zeros" else bytes(end - at)
    return content[:at] + middle + content[at if kind == "insert" else end :]


@settings(max_examples=5 * TRIALS, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_damage_is_one_error_or_harmless(run, data):
    """Of the manifest, a ledger, or another file of a part."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run"
        shutil.copytree(run, folder)
        paths = files(folder)
        path = data.draw(st.one_of(st.just(folder / MANIFEST), st.sampled_from(paths)))
        content = path.read_bytes()
        damaged = changed(content, data.draw, [p.read_bytes() for p in paths])
        path.write_bytes(damaged)
        codes = every_code(folder)
        same = damaged == content
        if path.name == MANIFEST and not same:
            # Removing the checksum alone makes a valid manifest of an earlier version.
            same = without_checksum(damaged) == without_checksum(content)
        if codes:
            assert damaged != content
            assert codes == ["batch.damaged", "batch.damaged"], path
        else:
            assert rows(folder) == rows(run), path
            assert same or path.name != MANIFEST


@pytest.mark.parametrize("content", [b"", b'{"schema": "protvox.score/2"', b"{}", None])
def test_a_damaged_manifest_can_be_copied_or_the_run_started_over(run, tmp_path, content):
    """Both remedies of the error."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    score(tmp_path / "other")
    path = folder / MANIFEST
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    (folder / "domains" / "mine.txt").write_text("x")
    shutil.copy(tmp_path / "other" / MANIFEST, path)
    assert rows(folder) == rows(run)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    (folder / "domains" / "mine.txt").unlink()
    (folder / "mine.txt").write_text("x")
    with OutputFolder(folder) as output:
        output.clear()
        output.open(ScoreOptions(task="check"), MODELS)
        assert not output.entries
    assert not (folder / "domains").exists()
    assert (folder / "mine.txt").read_text() == "x"


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("after", range(4))
def test_starting_over_can_be_interrupted(run, tmp_path, monkeypatch, damaged, after):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    if damaged:
        (folder / MANIFEST).write_bytes(b"")
    with OutputFolder(folder) as output, monkeypatch.context() as patch:
        real, removed = output.storage.remove_parts, []

        def interrupted(name):
            if len(removed) == after:
                raise KeyboardInterrupt
            removed.append(name)
            real(name)

        patch.setattr(output.storage, "remove_parts", interrupted)
        output.clear()
        with pytest.raises(KeyboardInterrupt):
            output.open(OPTIONS, MODELS)
    if damaged:
        assert code_of(rows, folder) == "batch.damaged"
        with OutputFolder(folder) as output:
            output.clear()
            output.open(OPTIONS, MODELS)
    score(folder, *"abc")
    assert sorted(rows(folder)) == sorted(rows(run))


def test_manifests_of_earlier_versions_have_no_checksum_and_are_read(run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    del manifest["sha256"], manifest["tables"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert rows(folder) == rows(run)
    # A key that a flipped bit has renamed is not one of a later version.
    (folder / MANIFEST).write_text(json.dumps({**manifest, "she256": "x"}))
    assert every_code(folder) == ["batch.damaged", "batch.damaged"]


def test_a_folder_in_place_of_a_file_is_damage(run, tmp_path):
    for number, path in enumerate(files(run)):
        folder = tmp_path / str(number)
        shutil.copytree(run, folder)
        victim = folder / path.relative_to(run)
        victim.unlink()
        victim.mkdir()
        assert every_code(folder) == ["batch.damaged", "batch.damaged"], path
