from __future__ import annotations

import errno
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from protvox.batch.plan import Item
from protvox.batch.tables.export import export_tables
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.schema import table_schemas
from protvox.errors import UsageError
from protvox.predict.scoring.options import ScoreOptions

OPTIONS = ScoreOptions(top_k=2)
MODELS = {"cath@9": "ab" * 32}
SCHEMAS = table_schemas(OPTIONS)


def opened(folder, options=OPTIONS, models=MODELS):
    output = OutputFolder(Path(folder))
    output.open(options, models)
    return output


def put(output, name, sha256="s", domains=1, failed=False):
    item = Item(name, f"/x/{name}")
    keys = {"id": name, "path": item.shown_path}
    if failed:
        row = pa.Table.from_pylist([keys | {"code": "input.empty"}], SCHEMAS["failures"])
        output.add(item, sha256, {"failures": row}, status="failed")
        return
    rows = [keys | {"domain": str(n), "flags": sha256} for n in range(domains)]
    tables = {"domains": pa.Table.from_pylist(rows, SCHEMAS["domains"])}
    output.add(item, sha256, tables, status="done")


def read(folder, table="domains"):
    return pd.read_parquet(Path(folder) / table)


def test_rows_are_read_back_and_every_table_exists(tmp_path):
    with opened(tmp_path) as output:
        put(output, "a", domains=3)
        put(output, "b")
        output.flush()
        put(output, "c", failed=True)
        output.flush()
    assert read(tmp_path)["id"].tolist() == ["a", "a", "a", "b"]
    assert read(tmp_path, "failures")["code"].tolist() == ["input.empty"]
    assert len(read(tmp_path, "residues")) == 0
    assert list(read(tmp_path, "residues").columns)[:3] == ["id", "path", "chain"]
    with opened(tmp_path) as output:
        assert {name: entry.done for name, entry in output.entries.items()} == {
            "a": True,
            "b": True,
            "c": False,
        }
        assert output.entries["a"].work == ("s", "", "")


def test_other_content_replaces_rows_and_keeps_other_inputs(tmp_path):
    with opened(tmp_path) as output:
        for name in "abc":
            put(output, name, "old")
        output.flush()
        put(output, "b", "new", domains=2)
        put(output, "d", "new")
        output.flush()
    found = read(tmp_path).groupby("id")["flags"].agg(list).to_dict()
    assert found == {"a": ["old"], "b": ["new", "new"], "c": ["old"], "d": ["new"]}


def test_a_corrected_file_leaves_no_failure(tmp_path):
    with opened(tmp_path) as output:
        put(output, "a", failed=True)
        output.flush()
        put(output, "a")
        output.flush()
    assert len(read(tmp_path, "failures")) == 0
    assert len(read(tmp_path)) == 1
    assert read(tmp_path, "inputs")["status"].tolist() == ["done"]


class Crash(BaseException):
    """Stands for a kill."""


@pytest.mark.parametrize("step", range(14))
def test_a_crash_at_any_step_loses_no_part_and_duplicates_no_row(tmp_path, monkeypatch, step):
    with opened(tmp_path) as output:
        for name in "ab":
            put(output, name, "old")
        output.flush()
    real = {"replace": os.replace, "unlink": Path.unlink, "fsync": os.fsync}
    left = step

    def failing(name):
        def call(*args, **kwargs):
            nonlocal left
            left -= 1
            if left < 0:
                raise Crash
            return real[name](*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing("replace"))
        patch.setattr(os, "fsync", failing("fsync"))
        patch.setattr(Path, "unlink", failing("unlink"))
        output = opened(tmp_path)
        try:
            put(output, "b", "new", domains=2)
            put(output, "c", failed=True)
            output.flush()
            crashed = False
        except Crash:
            crashed = True
        finally:
            output.storage.release()
    assert crashed == (step < 13), "the range must cover every step"
    with opened(tmp_path) as output:
        entries = output.entries
    versions = read(tmp_path).groupby("id")["flags"].agg(list).to_dict()
    assert versions["a"] == ["old"]
    done_anew = entries["b"].work[0] == "new"
    assert versions["b"] == (["new", "new"] if done_anew else ["old"])
    assert ("c" in entries) == done_anew
    assert read(tmp_path, "failures")["id"].tolist() == (["c"] if done_anew else [])
    assert not [p for p in tmp_path.rglob(".part-*")]


def test_a_second_run_is_refused_and_the_lock_ends_with_the_first(tmp_path):
    with OutputFolder(tmp_path), pytest.raises(UsageError, match="another run") as caught:
        OutputFolder(tmp_path)
    assert caught.value.code == "batch.locked"
    with OutputFolder(tmp_path):
        pass


@pytest.mark.parametrize(
    ("options", "models"),
    [
        (ScoreOptions(top_k=3), MODELS),
        (OPTIONS, {"cath@9": "cd" * 32}),
        (OPTIONS, {"cath@8": "ab"}),
    ],
)
def test_results_of_other_options_or_weights_are_not_mixed(tmp_path, options, models):
    with opened(tmp_path):
        pass
    with OutputFolder(tmp_path) as output, pytest.raises(UsageError) as caught:
        output.open(options, models)
    assert caught.value.code == "batch.other_options"
    with OutputFolder(tmp_path) as output:
        output.clear()
        output.open(options, models)


def test_a_folder_of_another_program_is_not_touched(tmp_path):
    (tmp_path / "domains").mkdir()
    (tmp_path / "domains" / "mine.txt").write_text("x")
    with OutputFolder(tmp_path) as output, pytest.raises(UsageError) as caught:
        output.open(OPTIONS, MODELS)
    assert caught.value.code == "batch.foreign"
    assert (tmp_path / "domains" / "mine.txt").exists()


@pytest.mark.parametrize("manifest", ['{"name": "my page"}', "[]", "{", None])
def test_force_removes_nothing_of_another_program(tmp_path, manifest):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "1abc.pdb").write_text("x")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with OutputFolder(tmp_path) as output, pytest.raises(UsageError) as caught:
        output.clear()
        output.open(OPTIONS, MODELS)
    assert caught.value.code == "batch.foreign"
    assert (tmp_path / "inputs" / "1abc.pdb").read_text() == "x"
    assert (tmp_path / "manifest.json").exists() == (manifest is not None)


def test_force_removes_results_once_the_models_are_loaded_and_keeps_other_files(tmp_path):
    with opened(tmp_path) as output:
        put(output, "a")
        output.flush()
    with OutputFolder(tmp_path) as output:
        output.clear()  # then a model turns out to be missing
    assert len(read(tmp_path)) == 1
    (tmp_path / "domains" / "mine.txt").write_text("x")
    with OutputFolder(tmp_path) as output, pytest.raises(UsageError, match="domains"):
        output.clear()
        output.open(OPTIONS, MODELS)
    assert (tmp_path / "domains" / "mine.txt").exists()
    (tmp_path / "domains" / "mine.txt").unlink()
    (tmp_path / "domains").rmdir()
    with opened(tmp_path) as output:
        assert not output.entries


def test_rows_of_several_parts_are_replaced_part_by_part(tmp_path):
    with opened(tmp_path) as output:
        for pair in ("ab", "cd", "ef"):
            for name in pair:
                put(output, name, "old")
            output.flush()
        for name in "aecx":
            put(output, name, "new")
        output.flush()
        assert sorted(p.name for p in (tmp_path / "inputs").iterdir()) == [
            f"part-00000{n}.parquet" for n in (0, 4, 5, 6)
        ]
        assert {name: entry.part for name, entry in output.entries.items()} == {
            "a": 4,
            "b": 4,
            "x": 4,
            "c": 5,
            "d": 5,
            "e": 6,
            "f": 6,
        }
    found = read(tmp_path).groupby("id")["flags"].agg("".join).to_dict()
    assert found == {name: "new" if name in "aecx" else "old" for name in "abcdefx"}


def test_a_full_disk_is_an_error_and_not_a_bug(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(tmp_path) as output:
        put(output, "a")
        with monkeypatch.context() as patch, pytest.raises(UsageError, match="No space") as caught:
            patch.setattr(os, "fsync", full)
            output.flush()
    assert caught.value.code == "output.write"
    with opened(tmp_path) as output:
        assert not output.entries


def test_whole_numbers_stay_whole_beside_a_failure_in_json_lines(tmp_path):
    with opened(tmp_path) as output:
        put(output, "a", failed=True)
        output.add(Item("b", "b"), "s", {}, status="done", n_residues=76)
        output.flush()
        list(export_tables(output, "jsonl"))
    lines = (tmp_path / "inputs.jsonl").read_text().splitlines()
    assert ['"n_residues":76,' in line for line in lines] == [False, True]


def test_no_name_begins_a_formula_in_csv(tmp_path):
    with opened(tmp_path) as output:
        put(output, "=1+1.pdb")
        output.flush()
        list(export_tables(output, "csv"))
    assert list(pd.read_csv(tmp_path / "domains.csv")["id"]) == ["'=1+1.pdb"]
    assert list(read(tmp_path)["id"]) == ["=1+1.pdb"]


def test_a_file_with_the_name_of_a_folder_and_an_invalid_manifest_are_errors(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError) as caught:
        OutputFolder(tmp_path / "file")
    assert caught.value.code == "output.write"
    (tmp_path / "manifest.json").write_text("{")
    with OutputFolder(tmp_path) as output, pytest.raises(UsageError) as caught:
        output.open(OPTIONS, MODELS)
    assert caught.value.code == "batch.foreign"


def test_columns_are_those_of_classify():
    """A column added to `protvox.predict.results.tables` must be added to the schema as well."""
    from protvox.predict.results.tables import domain_frame, residue_frame

    # Tables of one structure have the columns of pLDDT only if there is one.
    extra = ("path", "plddt", "disordered")
    domains = [c for c in SCHEMAS["domains"].names if not c.startswith("architecture_2")]
    assert list(domain_frame([]).columns) == [c for c in domains if c not in extra]
    residues = list(residue_frame([]).columns)
    assert residues == [c for c in SCHEMAS["residues"].names if c not in extra]
    assert list(SCHEMAS) == ["inputs", "domains", "residues", "failures"]


def test_the_same_content_under_another_id_gets_the_same_rows(tmp_path):
    with opened(tmp_path) as output:
        put(output, "a", "s", domains=2)
        assert output.copy_rows(Item("waiting", "/y/waiting"), "s")
        output.flush()
        assert output.copy_rows(Item("written", "/y/written"), "s")
        assert output.copy_rows(Item("third", "/y/third"), "s")
        assert not output.copy_rows(Item("other", "/y/other"), "other content")
        assert not output.copy_rows(Item("part", "/y/part", chain="A"), "s")
        put(output, "failed", "f", failed=True)
        assert not output.copy_rows(Item("again", "/y/again"), "f")
        output.flush()
    found = read(tmp_path).groupby(["id", "path"])["domain"].agg(list).to_dict()
    assert found == {
        ("a", "/x/a"): ["0", "1"],
        ("waiting", "/y/waiting"): ["0", "1"],
        ("written", "/y/written"): ["0", "1"],
        ("third", "/y/third"): ["0", "1"],
    }
    assert sorted(read(tmp_path, "inputs")["id"]) == ["a", "failed", "third", "waiting", "written"]
    with opened(tmp_path) as output:
        assert output.entries["waiting"].work == output.entries["a"].work


def test_rows_that_have_changed_since_are_not_copied(tmp_path):
    with opened(tmp_path) as output:
        put(output, "a", "old")
        output.flush()
        put(output, "a", "new")
        assert not output.copy_rows(Item("b", "/y/b"), "old")
        output.flush()
        assert not output.copy_rows(Item("b", "/y/b"), "old")
        assert output.copy_rows(Item("b", "/y/b"), "new")
        output.flush()
    assert read(tmp_path).groupby("id")["flags"].agg(list).to_dict() == {
        "a": ["new"],
        "b": ["new"],
    }
