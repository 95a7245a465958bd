"""Damaged output folders give one error that says what to do, and nothing is lost unnoticed."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from protvox.batch.plan import Item
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.schema import table_schemas
from protvox.errors import ProtvoxError
from protvox.predict.scoring.options import ScoreOptions
from protvox.report.run_page.summary import summarize

OPTIONS = ScoreOptions(top_k=1)
MODELS = {"cath@9": "ab" * 32}
SCHEMAS = table_schemas(OPTIONS)
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


def noticed(folder: Path) -> set[str]:
    """Codes of the errors of a resumed run and of a report."""
    codes = set()
    for read in (rows, summarize):
        try:
            read(folder)
        except ProtvoxError as error:
            codes.add(error.code)
    return codes


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


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 10_000, b'{"schema": 1}'])
def test_damaged_manifests_are_one_error(run, tmp_path, content):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / "manifest.json").write_bytes(content)
    assert noticed(folder) == {"batch.foreign", "batch.no_results"}
