"""Runs on a Ray cluster of this machine; most use a model process without networks."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest
from batch_runs import copy_apart, rows, score

from protvox.batch.plan import make_plan
from protvox.batch.ray import run
from protvox.batch.ray.cluster import connected
from protvox.batch.resources import Resources
from protvox.batch.tables.output_folder import OutputFolder
from protvox.batch.tables.schema import table_schemas
from protvox.errors import DeviceError, UsageError
from protvox.predict.scoring.options import ScoreOptions

ray = pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = pytest.mark.slow

FAKE = {"fake@1": "0" * 64}


@pytest.fixture(scope="module")
def cluster():
    """Two workers in separate processes, with fake model processes."""
    with pytest.MonkeyPatch.context() as patch:
        init = ray.init
        batch_tests, root = Path(__file__).parents[1], Path(__file__).parents[3]
        paths = f"{batch_tests}:{root}:{os.environ.get('PYTHONPATH', '')}"
        patch.setenv("PYTHONPATH", paths)
        hook = {"worker_process_setup_hook": "fake_model.take_over"}
        patch.setattr(ray, "init", lambda **options: init(**options, runtime_env=hook))
        patch.setattr(run, "models_in_use", lambda options: FAKE)
        with ExitStack() as stack:
            try:
                stack.enter_context(connected(None, 2))
            except DeviceError:  # on a busy machine the first try may time out
                stack.enter_context(connected(None, 2))
            yield


def score_there(inputs, out, *, timeout=120.0, retry=False, workers=None, **more):
    plan = make_plan([str(inputs)])
    with OutputFolder(Path(out)) as output:
        work = run.ClusterRun(
            plan.items,
            ScoreOptions(task="cath"),
            Resources("auto", 1, 1, timeout),
            output,
            retry=retry,
            workers=workers,
            **more,
        )
        return work.execute()


def assert_same_rows(one, other):
    for table in table_schemas(ScoreOptions(task="cath")):
        left, right = (
            rows(out, table).drop(columns="seconds", errors="ignore") for out in (one, other)
        )
        pd.testing.assert_frame_equal(left, right)


def test_usage_statistics_are_not_sent(cluster):
    from ray._common.usage import usage_lib  # not public

    assert not usage_lib.usage_stats_enabled()


def test_rows_are_those_of_a_local_run_whatever_goes_wrong(
    cluster, fake, folder, tmp_path, data_dir
):
    for name in ("kill.pdb", "bug.pdb", "stuck.pdb", os.fsdecode(b"caf\xe9.pdb")):
        copy_apart(folder / "1ubi.pdb", folder / name)
    # New processes take seconds to start on a busy machine.
    there = score_there(folder, tmp_path / "there", timeout=12.0)
    here = score(folder, tmp_path / "here", timeout=12.0)
    # The rows first: on a difference they show what failed, and why.
    assert_same_rows(tmp_path / "there", tmp_path / "here")
    assert (there.done, there.failed) == (here.done, here.failed) == (4, 4)
    codes = rows(tmp_path / "there", "failures").set_index("id")["code"].to_dict()
    assert codes["kill.pdb"] == "batch.process_died"
    assert codes["stuck.pdb"] == "batch.timeout"
    # Each resumes the run of the other.
    copy_apart(data_dir / "1ubi.pdb", folder / "1a8o.cif")
    there = score_there(folder, tmp_path / "here")
    assert (there.done, there.kept, there.kept_failed) == (1, 3, 4)
    here = score(folder, tmp_path / "there")
    assert (here.done, here.kept, here.kept_failed) == (1, 3, 4)
    assert_same_rows(tmp_path / "there", tmp_path / "here")


def test_an_input_that_kills_its_worker_is_one_failure(cluster, folder, tmp_path):
    for name in ("slay.pdb", "once.pdb"):
        shutil.copy(folder / "1ubi.pdb", folder / name)
    progress = score_there(folder, tmp_path / "out", workers=1)
    assert (progress.done, progress.failed) == (4, 2)
    codes = rows(tmp_path / "out", "failures").set_index("id")["code"].to_dict()
    assert codes.pop("broken.pdb").startswith("input.")
    assert codes == {"slay.pdb": "batch.process_died"}
    assert "once.pdb" in rows(tmp_path / "out")["id"].tolist()


def workers_alive() -> list[int]:
    """Process ids of the workers on the cluster of this process."""
    parents, found = {}, []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
        if command.startswith(b"ray::MapWorker"):
            found.append(int(entry.name))
    return [pid for pid in found if parents.get(parents.get(pid, 0)) == os.getpid()]


def test_a_worker_killed_mid_run_loses_nothing(cluster, fake, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # not the working directory of the workers
    for number in range(12):
        shutil.copy(folder / "1ubi.pdb", folder / f"slow{number}.pdb")
    killed = []

    def kill(progress):
        if progress.done >= 2 and not killed and (alive := workers_alive()):
            killed.append(alive[0])
            os.kill(alive[0], signal.SIGKILL)

    progress = score_there(folder.name, tmp_path / "there", watch=kill)
    assert len(killed) == 1
    assert (progress.done, progress.failed, progress.finished) == (15, 1, 16)
    score(folder.name, tmp_path / "here")
    assert_same_rows(tmp_path / "there", tmp_path / "here")


def test_a_folder_that_a_worker_lacks_is_reported(cluster, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getcwd", lambda: "/of/another/machine")
        with pytest.raises(UsageError, match="absolute paths") as caught:
            score_there(folder.name, tmp_path / "there")
    assert caught.value.code == "batch.folder"


def test_stopping_writes_what_is_ready(cluster, folder, tmp_path):
    for number in range(12):
        shutil.copy(folder / "1ubi.pdb", folder / f"slow{number}.pdb")
    seen = []
    progress = score_there(
        folder, tmp_path / "out", watch=lambda p: seen.append(p.done), stop=lambda: seen[-1] > 1
    )
    assert progress.stopped
    assert 2 <= len(rows(tmp_path / "out")) < 15


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:{port}", "Connection refused"),
        ("auto", "Connection refused"),
        ("nonsense", "Invalid address format"),
    ],
)
def test_an_address_where_no_cluster_listens_is_an_error(monkeypatch, address, words):
    """Formerly Ray waited for it without end, and without a word."""
    port = closed_port()
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")  # where auto looks first
    address = address.format(port=port)
    with pytest.raises(DeviceError, match=words) as caught, connected(address, 1):
        pass
    assert caught.value.code == "device.cluster"
