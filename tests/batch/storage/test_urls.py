"""Inputs and output by URL; ``memory://`` stands for an object output, within this process."""

from __future__ import annotations

import json
import time
import uuid

import fsspec
import pandas as pd
import pyarrow as pa
import pytest
from batch_runs import SMALL, copy_apart, rows, score

from protvox.batch.messages import Content, Ready, failure_of, parse_reading, parse_ready
from protvox.batch.plan import Item, make_plan, plan_frames
from protvox.batch.storage import object_store
from protvox.batch.storage.object_store import ObjectStorage
from protvox.batch.storage.urls import read_url
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.schema import table_schemas
from protvox.batch.workers import read_process
from protvox.cli.app import run
from protvox.errors import InputError, UsageError
from protvox.predict.scoring.options import ScoreOptions
from protvox.processes.structure_codec import decode_structure
from protvox.structure.limits import ReadLimits

OPTIONS = ScoreOptions(task="cath")


@pytest.fixture
def bucket():
    """A separate bucket for each test."""
    return f"memory://{uuid.uuid4().hex}"


def put(url, content=b"x"):
    fsspec.filesystem("memory").pipe_file(url, content)


def copy_here(url, folder):
    fsspec.filesystem("memory").get(url, str(folder), recursive=True)
    return folder


def test_structures_in_a_folder_are_named_by_relative_path(bucket):
    for name in ("b.pdb", "a.cif.gz", "notes.txt", ".hidden.pdb", ".git/c.pdb", "deep/c.BCIF"):
        put(f"{bucket}/in/{name}")
    for folder in (f"{bucket}/in", f"{bucket}/in/"):
        items = make_plan([folder]).items
        assert [item.id for item in items] == ["a.cif.gz", "b.pdb", "deep/c.BCIF"]
        assert items[2].path == f"{bucket}/in/deep/c.BCIF"


def test_files_of_a_pattern_and_single_files_are_named_by_their_urls(bucket):
    put(f"{bucket}/in/b.pdb")
    put(f"{bucket}/in/deep/c.pdb")
    for source in (f"{bucket}/in/*.pdb", f"{bucket}/in/b.pdb"):
        assert make_plan([source]).items == (Item(f"{bucket}/in/b.pdb", f"{bucket}/in/b.pdb"),)
    assert len(make_plan([f"{bucket}/**/*.pdb"]).items) == 2
    with pytest.raises(UsageError, match="nothing to score"):
        make_plan([f"{bucket}/in/*.cif"])


def test_lists_and_manifests_by_url(bucket, tmp_path):
    put(f"{bucket}/l/list.txt", b"b.pdb\n# note\n/here/c.pdb\nmemory://d/d.pdb\n")
    paths = [item.path for item in make_plan([f"@{bucket}/l/list.txt"]).items]
    assert paths == [f"{bucket}/l/b.pdb", "/here/c.pdb", "memory://d/d.pdb"]
    put(f"{bucket}/l/m.csv", b"\xef\xbb\xbfpath,chain,id\nb.pdb,A,first\n")
    assert make_plan([f"{bucket}/l/m.csv"]).items == (Item("first", f"{bucket}/l/b.pdb", "A"),)
    (tmp_path / "m.csv").write_text("path\nmemory://d/d.pdb\n")
    assert make_plan([str(tmp_path / "m.csv")]).items[0].path == "memory://d/d.pdb"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("http://169.254.169.254/x.pdb", "usage.protocol"),
        ("zip://x.pdb::http://a.b/c.zip", "usage.protocol"),
        ("github://a:b@c/x.pdb", "usage.protocol"),
        ("@https://a.b/list", "usage.protocol"),
        ("abfs://a/x.pdb", "usage.extra"),
        ("@memory://nowhere/list", "batch.list"),
        ("memory://nowhere/m.csv", "batch.list"),
    ],
)
def test_invalid_urls_are_reported_before_any_work(source, code):
    with pytest.raises(UsageError) as caught:
        make_plan([source])
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_foreign_list_cannot_cause_network_requests(tmp_path):
    (tmp_path / "list").write_text("http://169.254.169.254/latest/meta-data\n")
    with pytest.raises(UsageError) as caught:
        make_plan([f"@{tmp_path / 'list'}"])
    assert caught.value.code == "usage.protocol"


def test_a_chained_url_is_a_file_name_and_not_followed(bucket, tmp_path):
    (tmp_path / "x.pdb").write_text("x")
    with pytest.raises(InputError) as caught:
        read_url(f"memory://x::file://{tmp_path}/x.pdb")
    assert caught.value.code == "input.not_found"


def test_a_report_is_made_of_a_local_folder(tmp_path, capsys):
    """Formerly both were paths that do not exist, such as s3:/bucket/scored."""
    assert run(["report", "s3://bucket/scored"]) == 2
    assert "s3://bucket/scored: a report can only be made of a folder" in capsys.readouterr().err
    assert run(["report", tmp_path.as_uri()]) == 2
    assert f"error: {tmp_path}: the folder holds no results" in capsys.readouterr().err


def test_content_is_limited_in_size(bucket):
    put(f"{bucket}/b.pdb", b"x" * 100)
    assert read_url(f"{bucket}/b.pdb", ReadLimits(inflated_bytes=100)) == b"x" * 100
    with pytest.raises(InputError) as caught:
        read_url(f"{bucket}/b.pdb", ReadLimits(inflated_bytes=99))
    assert caught.value.code == "input.too_large"
    with pytest.raises(InputError) as caught:
        read_url(f"{bucket}/c.pdb")
    assert caught.value.code == "input.not_found"


def test_trajectories_by_url_are_refused(bucket):
    with pytest.raises(UsageError) as caught:
        plan_frames([f"{bucket}/x.xtc"], "x.pdb", 1)
    assert caught.value.code == "usage.protocol"


class FakeParent:
    """The parent of a reader, in this process."""

    def __init__(self, *messages):
        self.messages, self.sent = list(messages), []

    def receive(self):
        if not self.messages:
            raise SystemExit
        return self.messages.pop(0)

    def send(self, message):
        self.sent.append(message)


def test_a_reader_reads_urls(bucket, data_dir, monkeypatch):
    put(f"{bucket}/1ejg.pdb.gz", (data_dir / "1ejg.pdb.gz").read_bytes())
    items = [Item("a", f"{bucket}/1ejg.pdb.gz"), Item("gone", f"{bucket}/gone.pdb")]
    first, second = ({"item": item.to_json()} for item in items)
    setup = {"model_number": None, "assembly": None, "unique": False}
    parent = FakeParent(setup, first, {"wanted": True}, second)
    monkeypatch.setattr(read_process, "Parent", lambda: parent)
    with pytest.raises(SystemExit):
        read_process.main()
    ready, content, structure, failure = parent.sent
    assert parse_ready(ready) == Ready({}, ())
    assert isinstance(parse_reading(content), Content)
    assert decode_structure(parse_reading(structure)).n_residues == 46
    assert parse_reading(failure).code == "input.not_found"


def test_file_urls_equal_paths(fake, folder, tmp_path):
    (folder / "list").write_text("1ubi.pdb\ngone.pdb\n")
    score(folder.as_uri(), (tmp_path / "by-url").as_uri())
    score(folder, tmp_path / "by-path")
    for table in table_schemas(OPTIONS):
        one, other = (
            rows(tmp_path / out, table).drop(columns="seconds", errors="ignore")
            for out in ("by-url", "by-path")
        )
        assert one["path"].tolist() == [f"file://{path}" for path in other["path"]]
        pd.testing.assert_frame_equal(one.drop(columns="path"), other.drop(columns="path"))
    assert score(folder.as_uri(), (tmp_path / "by-url").as_uri()).kept == 3
    listed = score(f"@{folder.as_uri()}/list", tmp_path / "listed")
    assert (listed.done, listed.failed) == (1, 1)


def test_an_object_store_and_a_folder_hold_the_same(fake, folder, tmp_path, bucket, data_dir):
    score(folder, f"{bucket}/out")
    copy_apart(data_dir / "1ubi.pdb", folder / "1a8o.cif")  # other content, same name
    again = score(folder, f"{bucket}/out", task="cath")
    assert (again.done, again.kept, again.kept_failed) == (1, 2, 1)
    score(folder, tmp_path / "here")
    there = copy_here(f"{bucket}/out", tmp_path / "there")
    for table in table_schemas(OPTIONS):
        one, other = (
            rows(out, table).drop(columns="seconds", errors="ignore")
            for out in (there, tmp_path / "here")
        )
        pd.testing.assert_frame_equal(one, other)
    assert not (there / ".lock").exists()
    with OutputFolder(f"{bucket}/out") as output, pytest.raises(UsageError) as caught:
        output.open(ScoreOptions(task="all"), {})
    assert caught.value.code == "batch.other_options"
    assert score(folder, f"{bucket}/out", force=True).done == 3


def test_exported_tables_go_to_an_object_store(fake, folder, bucket):
    from protvox.batch.tables.export import export_tables

    score(folder, bucket)
    with OutputFolder(bucket) as output:
        output.open(ScoreOptions(task="cath"), {"fake@1": "0" * 64})
        assert list(export_tables(output, "csv"))[1] == f"{bucket}/domains.csv"
    with fsspec.open(f"{bucket}/domains.csv") as file:
        assert sorted(pd.read_csv(file)["id"]) == sorted(SMALL)


class Crash(BaseException):
    """Stands for a kill."""


def add(output, name, sha256, n_domains):
    row = {"id": name, "path": name, "flags": sha256}
    domains = pa.Table.from_pylist([row] * n_domains, table_schemas(OPTIONS)["domains"])
    output.add(Item(name, name), sha256, {"domains": domains}, status="done")


@pytest.mark.parametrize("step", range(8))
def test_a_crash_between_any_two_objects_loses_no_part_and_duplicates_no_row(
    tmp_path, monkeypatch, bucket, step
):
    memory = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(object_store, "LEASE_S", 0.0)
    with OutputFolder(bucket) as output:
        output.open(OPTIONS, {})
        add(output, "a", "old", 1)
        add(output, "b", "old", 1)
        output.flush()
    left = step

    def failing(real):
        def call(self, path, *args, **kwargs):
            nonlocal left
            if "part-" in path:
                left -= 1
                if left < 0:
                    raise Crash
            return real(self, path, *args, **kwargs)

        return call

    crashed = False
    with OutputFolder(bucket) as output, monkeypatch.context() as patch:
        output.open(OPTIONS, {})
        patch.setattr(memory, "pipe_file", failing(memory.pipe_file))
        patch.setattr(memory, "rm_file", failing(memory.rm_file))
        add(output, "b", "new", 2)
        try:
            output.flush()
        except Crash:
            crashed = True
    assert crashed == (step < 6), "the range must cover every step"
    with OutputFolder(bucket) as output:
        output.open(OPTIONS, {})
        entries = output.entries
    found = rows(copy_here(bucket, tmp_path / "out")).groupby("id")["flags"].agg(list).to_dict()
    done_anew = entries["b"].work[0] == "new"
    assert found == {"a": ["old"], "b": ["new", "new"] if done_anew else ["old"]}
    assert done_anew == (step >= 2)


def test_a_second_run_is_refused_until_the_lock_expires(bucket, monkeypatch):
    first = ObjectStorage(bucket)
    first.acquire()
    with pytest.raises(UsageError, match="another run") as caught:
        ObjectStorage(bucket).acquire()
    assert caught.value.code == "batch.locked"
    lock = {"token": "of a killed run", "host": "h", "time": time.time() - 61}
    put(f"{bucket}/.lock", json.dumps(lock).encode())
    second = ObjectStorage(bucket)
    second.acquire()
    with pytest.raises(UsageError) as caught:
        first.write([("x", lambda file: file.write(b"late"))])
    assert caught.value.code == "batch.locked"
    first.release()  # of no lock of its own
    second.write([("x", lambda file: file.write(b"in time"))])
    assert second.open("x").read() == b"in time"
    second.release()
    third = ObjectStorage(bucket)
    third.acquire()
    third.release()


def test_a_lock_is_renewed(bucket, monkeypatch):
    monkeypatch.setattr(object_store, "_RENEW_S", 0.05)
    storage = ObjectStorage(bucket)
    storage.acquire()
    before = json.loads(storage.open(".lock").read())["time"]
    for _ in range(100):
        time.sleep(0.05)
        if json.loads(storage.open(".lock").read())["time"] > before:
            break
    else:
        pytest.fail("the lock was not renewed")
    storage.release()
    assert not storage.exists(".lock")


def test_an_object_store_that_fails_is_an_error_and_not_a_bug(bucket, monkeypatch):
    class RefusedError(Exception):
        pass

    def refuse(*_args, **_more):
        raise RefusedError("no credentials")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "pipe_file", refuse)
    with pytest.raises(UsageError, match="no credentials") as caught:
        OutputFolder(bucket)
    assert caught.value.code == "output.write"
    assert failure_of(caught.value).code == "output.write"


def test_a_missing_bucket_is_an_error_and_not_a_bug(bucket, monkeypatch):
    def missing(*_args, **_more):
        raise FileNotFoundError("The specified bucket does not exist")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "pipe_file", missing)
    with pytest.raises(UsageError, match="bucket does not exist") as caught:
        OutputFolder(bucket)
    assert caught.value.code == "output.write"
