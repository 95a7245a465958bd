"""Runs with their processes; most use a model process without networks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time

import pandas as pd
import pytest
from batch_runs import SMALL, copy_apart, rows, score

import protvox
from protvox.batch.plan import make_plan, plan_frames
from protvox.batch.resources import Resources
from protvox.batch.run import Run
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.workers.pool import WorkerPool
from protvox.errors import DeviceError
from protvox.predict.scoring.options import ScoreOptions

CLOSE = {"rtol": 1e-5, "atol": 1e-6}
"""Tolerance for one structure alone, since rounding depends on the number of threads."""


@pytest.fixture(scope="module")
def scored(tmp_path_factory, data_dir):
    """A folder scored with both tasks; returns folder, output and progress."""
    made = tmp_path_factory.mktemp("scored")
    for name in SMALL:
        shutil.copy(data_dir / name, made / name)
    (made / "broken.pdb").write_text("ATOM, and nothing more\n")
    progress = score(made, made / "out", task="all")
    return made, made / "out", progress


@pytest.mark.slow
def test_one_broken_file_is_one_failure_and_affects_no_other(scored):
    _, out, progress = scored
    assert (progress.done, progress.failed, progress.finished) == (3, 1, 4)
    failures = rows(out, "failures")
    assert failures["id"].tolist() == ["broken.pdb"]
    assert failures["code"].str.startswith("input.").all()
    assert failures["remedy"].str.len().min() > 10
    inputs = rows(out, "inputs")
    assert inputs["status"].tolist() == ["done", "done", "done", "failed"]
    assert inputs["sha256"].str.len().tolist() == [64] * 4


@pytest.mark.slow
def test_rows_are_those_of_classify(scored):
    folder, out, _ = scored
    for name in SMALL:
        alone = protvox.classify(folder / name).to_pandas()
        for table, expected in (("domains", alone.domains), ("residues", alone.residues)):
            got = pd.read_parquet(out / table)
            got = got[got["id"] == name].reset_index(drop=True)
            assert got.pop("path").tolist() == [str(folder / name)] * len(expected)
            # Tables of many structures have the columns of predicted models in any case.
            for column in set(got.columns) - set(expected.columns):
                assert column in ("plddt", "disordered")
                assert got.pop(column).isna().all()
            pd.testing.assert_frame_equal(got, expected, check_dtype=False, **CLOSE)


@pytest.mark.slow
def test_scored_inputs_are_not_scored_again(scored, tmp_path):
    folder, out, _ = scored
    shutil.copytree(out, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    progress = score(folder, tmp_path / "out", task="all")
    assert (progress.done, progress.kept, progress.kept_failed) == (0, 3, 1)
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    assert after == before


@pytest.mark.slow
def test_copied_rows_equal_computed_rows(scored, tmp_path):
    folder, out, _ = scored
    shutil.copytree(out, tmp_path / "out")
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for name in SMALL:
        shutil.copy(folder / name, renamed / f"other_{name}")
    assert score(renamed, tmp_path / "out", task="all").copied == 3
    assert score(renamed, tmp_path / "fresh", task="all").done == 3
    for table in ("inputs", "domains", "residues"):
        copied = rows(tmp_path / "out", table).drop(columns="seconds", errors="ignore")
        copied = copied[copied["id"].str.startswith("other_")].reset_index(drop=True)
        fresh = rows(tmp_path / "fresh", table).drop(columns="seconds", errors="ignore")
        pd.testing.assert_frame_equal(copied, fresh, check_dtype=False)  # a failure has nulls


def test_the_content_decides_not_the_name(fake, folder, tmp_path, data_dir):
    out = tmp_path / "out"
    score(folder, out)
    shutil.copy(data_dir / "1ejg.pdb.gz", folder / "1a8o.cif")  # other content, same name
    copy_apart(data_dir / "1ubi.pdb", folder / "broken.pdb")  # mended
    progress = score(folder, out)
    assert (progress.done, progress.copied, progress.kept) == (1, 1, 2)
    found = rows(out).set_index("id")
    assert found.loc["1a8o.cif", "n_residues"] == found.loc["1ejg.pdb.gz", "n_residues"]
    assert found.loc["broken.pdb", "n_residues"] == 76
    assert len(rows(out, "failures")) == 0
    assert len(found) == 4


def test_a_renamed_file_is_not_scored_again(fake, folder, tmp_path):
    out = tmp_path / "out"
    score(folder, out)
    before = rows(out).query("id == '1ubi.pdb'").drop(columns=["id", "path"])
    (folder / "1ubi.pdb").rename(folder / "renamed.pdb")
    (folder / "copies").mkdir()
    shutil.copy(folder / "1a8o.cif", folder / "copies" / "stuck.cif")  # would never end
    progress = score(folder, out)
    assert (progress.copied, progress.kept, progress.done) == (2, 2, 0)
    assert progress.finished == progress.total == 5
    after = rows(out).query("id == 'renamed.pdb'")
    assert after.pop("id").tolist() == ["renamed.pdb"]
    assert after.pop("path").tolist() == [str(folder / "renamed.pdb")]
    pd.testing.assert_frame_equal(after.reset_index(drop=True), before.reset_index(drop=True))
    assert len(rows(out, "inputs")) == 6  # the old name stays in the tables


def test_failures_are_retried_only_on_request(fake, folder, tmp_path):
    for name in SMALL[1:]:
        (folder / name).unlink()
    score(folder, tmp_path / "out")
    assert score(folder, tmp_path / "out").kept_failed == 1
    again = score(folder, tmp_path / "out", retry=True)
    assert (again.kept, again.failed, again.kept_failed) == (1, 1, 0)
    assert len(rows(tmp_path / "out", "failures")) == 1


def test_a_missing_file_keeps_its_results(fake, folder, tmp_path):
    listed = tmp_path / "list"
    listed.write_text("in/1ubi.pdb\nin/1ejg.pdb.gz\n")
    score(f"@{listed}", tmp_path / "out")
    (folder / "1ubi.pdb").unlink()
    progress = score(f"@{listed}", tmp_path / "out")
    assert (progress.kept, progress.unread, progress.failed) == (2, 1, 0)
    assert len(rows(tmp_path / "out")) == 2


@pytest.mark.slow
def test_a_manifest_selects_chains_and_domains(tmp_path, data_dir):
    manifest = tmp_path / "m.csv"
    source = data_dir / "1ake_chimerax.cif.gz"
    manifest.write_text(
        f"path,chain,chopping,id\n{source},A,,whole\n{source},A,1-29_60-121,part\n{source},Z,,none\n"
    )
    progress = score(manifest, tmp_path / "out")
    assert (progress.done, progress.failed) == (2, 1)
    found = rows(tmp_path / "out").set_index("id")
    expected = protvox.classify(source, domains=["1-29_60-121"], chain="A", task="cath")
    assert found.loc["part", "domain"] == expected.domains[0].id
    assert found.loc["part", "architecture_probability"] == pytest.approx(
        expected.domains[0].architectures[0].probability, rel=1e-5
    )
    assert found.loc["whole", "chain"] == "A"
    assert rows(tmp_path / "out", "failures")["code"].tolist() == ["input.chain"]


def test_a_process_that_hangs_is_replaced(fake, folder, tmp_path):
    os.mkfifo(folder / "0.pipe")
    listed = folder / "list"
    copy_apart(folder / "1ubi.pdb", folder / "stuck.pdb")
    listed.write_text("0.pipe\nstuck.pdb\n1ubi.pdb\n1ejg.pdb.gz\n")
    start = time.monotonic()
    progress = score(f"@{listed}", tmp_path / "out", timeout=4.0)
    assert (progress.done, progress.failed) == (2, 2)
    failures = rows(tmp_path / "out", "failures")
    assert failures["code"].tolist() == ["batch.timeout"] * 2
    assert failures["what"].str.split().str[0].tolist() == ["reading", "scoring"]
    assert time.monotonic() - start > 4


class Assassin(threading.Thread):
    """Kills the first process of a kind that has work."""

    def __init__(self, kind, monkeypatch, before=lambda: None):
        super().__init__(daemon=True)
        self.pools, self.killed, self._kind, self._before = [], None, kind, before
        start = WorkerPool.start
        monkeypatch.setattr(
            WorkerPool, "start", lambda pool: (self.pools.append(pool), start(pool))[1]
        )

    def run(self):
        while self.killed is None:
            time.sleep(0.01)
            for child in [c for pool in self.pools for c in getattr(pool, self._kind)]:
                if getattr(child.work, "item", None) is not None:
                    self.killed = child.work.item.id
                    self._before()
                    os.kill(child.pid, signal.SIGKILL)
                    return


@pytest.mark.parametrize("kind", ["readers", "models"])
def test_a_killed_process_costs_no_structure(fake, folder, tmp_path, monkeypatch, kind):
    """Formerly, its input failed until the run was repeated with --retry."""
    first = folder / "late.pdb"
    if kind == "readers":
        os.mkfifo(first)  # so that the kill finds it reading

    seen = first.with_name("late.pdb.seen")

    def unblock():
        if kind == "readers":
            copy_apart(folder / "1ubi.pdb", folder / "other.pdb")
            os.replace(folder / "other.pdb", first)
            seen.touch()
        while not seen.exists():  # until the model process works on it
            time.sleep(0.01)

    if kind == "models":
        copy_apart(folder / "1ubi.pdb", first)
    (folder / "list").write_text("late.pdb\n1ubi.pdb\n1ejg.pdb.gz\n")
    assassin = Assassin(kind, monkeypatch, unblock)
    assassin.start()
    progress = score(f"@{folder / 'list'}", tmp_path / "out", task="all")
    assassin.join(10)
    assert assassin.killed == "late.pdb"
    assert rows(tmp_path / "out", "failures")[["id", "code"]].values.tolist() == []
    assert (progress.done, progress.failed) == (3, 0)
    assert sorted(rows(tmp_path / "out", "inputs")["id"]) == ["1ejg.pdb.gz", "1ubi.pdb", "late.pdb"]


def test_stopping_writes_what_is_ready_and_resuming_completes_it(fake, folder, tmp_path):
    seen = []
    progress = score(
        folder, tmp_path / "out", watch=lambda p: seen.append(p.done), stop=lambda: seen[-1:] == [1]
    )
    assert progress.stopped
    assert 1 <= len(rows(tmp_path / "out")) < 3
    assert score(folder, tmp_path / "out").kept >= 1
    assert len(rows(tmp_path / "out")) == 3


@pytest.mark.slow
def test_a_missing_device_ends_the_run_at_once(folder, tmp_path):
    plan = make_plan([str(folder)])
    with OutputFolder(tmp_path / "out") as output, pytest.raises(DeviceError):
        Run(plan.items, ScoreOptions(), Resources("cuda:99", 1, 1), output).execute()


def test_a_process_that_dies_and_a_bug_are_failures(fake, folder, tmp_path):
    for name in ("kill.pdb", "bug.pdb"):
        copy_apart(folder / "1ubi.pdb", folder / name)
    progress = score(folder, tmp_path / "out")
    assert (progress.done, progress.failed) == (3, 3)
    codes = rows(tmp_path / "out", "failures").set_index("id")["code"].to_dict()
    assert codes.pop("broken.pdb").startswith("input.")
    assert codes == {"kill.pdb": "batch.process_died", "bug.pdb": "bug"}


def test_frames_of_a_trajectory_are_scored_each(fake, tmp_path, data_dir):
    plan = plan_frames([str(data_dir / "dipeptide.xtc")], str(data_dir / "dipeptide.pdb"), 100)
    options = ScoreOptions(trajectory=True)
    for expected in ((6, 0), (0, 6)):
        with OutputFolder(tmp_path / "out") as output:
            run = Run(plan.items, options, Resources("cpu", 1, 2), output)
            progress = run.execute()
        assert (progress.done, progress.kept) == expected
    found = rows(tmp_path / "out", "inputs").sort_values("frame")
    assert found["frame"].tolist() == [0, 100, 200, 300, 400, 500]
    assert found["time_ps"].round(2).tolist() == [500, 600, 700, 800, 900, 1000]
    assert found["id"].str.endswith("dipeptide.xtc#100").sum() == 1
    assert set(rows(tmp_path / "out", "residues")["frame"]) == set(found["frame"])


def test_no_process_outlives_a_run(fake, folder, tmp_path, monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    score(folder, tmp_path / "out")
    assert len(started) == 2
    assert [process.returncode for process in started] == [-signal.SIGKILL] * 2


def test_folders_and_names_of_any_kind_do_not_stop_a_run(fake, folder, tmp_path):
    strange = folder / os.fsdecode(b"\xff<script> \n=1.pdb")
    copy_apart(folder / "1ubi.pdb", strange)
    (folder / "locked.pdb").write_text("x")
    (folder / "empty.pdb").write_text("")
    (folder / "link.pdb").symlink_to("nowhere")
    (folder / "list").write_bytes(
        b"1ubi.pdb\n.\nempty.pdb\nlink.pdb\n" + os.fsencode(strange.name).replace(b"\n", b"?")
    )
    assert score(folder, tmp_path / "out").done == 4
    assert "\\xff<script> \n=1.pdb" in rows(tmp_path / "out")["id"].tolist()
    listed = score(f"@{folder / 'list'}", tmp_path / "listed")
    assert (listed.done, listed.failed) == (1, 4)
    codes = rows(tmp_path / "listed", "failures").set_index("id")["code"].to_dict()
    assert codes["."] == "input.unreadable"
    assert codes["link.pdb"] == "input.not_found"
