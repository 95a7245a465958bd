"""Commands of the how-to pages, run as they are written: a folder, a trajectory, a search, a
cluster."""

from __future__ import annotations

import glob
import gzip
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import gemmi
import pandas as pd
import pytest

from protvox.cli.app import run as command_line

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of the blocks of a page."""
    text = (ROOT / "docs" / "how-to" / page).read_text()
    return re.findall(r"^```(sh|python)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path, data_dir, monkeypatch):
    """A folder with the files that the pages name."""
    for folder in ("designs", "models"):
        (tmp_path / folder).mkdir()
        shutil.copy(data_dir / "1ubi.pdb", tmp_path / folder)
    shutil.copy(data_dir / "1ejg.pdb.gz", tmp_path / "designs")
    shutil.copy(data_dir / "1a8o.cif", tmp_path / "1abc.cif")
    for ending in ("pdb", "xtc"):
        shutil.copy(data_dir / f"dipeptide.{ending}", tmp_path / f"run.{ending}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{os.environ.get('PYTHONPATH', '')}")
    return tmp_path


def run(language: str, text: str) -> list[str]:
    """Run the lines of a block, except for installations; return those that were run."""
    if language == "python":
        subprocess.run([sys.executable, "-c", text], check=True, timeout=300)
        return [text]
    lines = [line for line in text.splitlines() if not line.startswith(("pip ", "ray "))]
    for line in lines:
        if line.startswith("protvox ") and "--engine ray" not in line:
            assert command_line(words(line)[1:]) == 0, line
            continue
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert "logging.cc" not in done.stderr  # of Ray
    return lines


def words(line: str) -> list[str]:
    """Return the words of a command as a shell would; importing torch once saves seconds a line."""
    found = []
    for word in shlex.split(line, comments=True):
        found += sorted(glob.glob(word)) or [word]
    return found


def test_a_directory_and_a_trajectory(desk):
    directory, reading, (sh, tasks), (python, ranking), trajectory = blocks("batch.md")
    assert len(run(*directory)) == 2
    assert (desk / "scored" / "report.html").stat().st_size > 10_000
    run(*reading)
    assert len(pd.read_parquet("scored/inputs")) == 2
    run(sh, tasks.splitlines()[0])
    run(python, f"import pandas as pd\n{ranking}")
    assert len(pd.read_parquet("scanned/structures")) == 2
    shutil.rmtree("scored")
    assert len(run(*trajectory)) == 2
    found = pd.read_parquet("scored/inputs")
    assert sorted(found["frame"])[:3] == [0, 10, 20]
    assert set(found["status"]) == {"done"}


def test_a_search(desk, data_dir):
    # The page names domains of a larger structure.
    Path("1abc.cif").write_bytes(gzip.decompress((data_dir / "1ake_chimerax.cif.gz").read_bytes()))
    for name, chain in (("a", "A"), ("b", "B")):
        structure = gemmi.read_structure(str(data_dir / "1ubi.pdb"))
        structure[0]["A"].name = chain
        structure.setup_entities()
        structure.make_mmcif_document().write_file(f"{name}.cif")
    found = [line for block in blocks("search.md") for line in run(*block)]
    assert len(found) == 17
    assert set(pd.read_csv("neighbours.csv")["rank"]) == set(range(1, 21))
    assert len(pd.read_parquet("domains.parquet")) == 1


@pytest.fixture
def head(tmp_path_factory):
    """The head node of a cluster on this machine."""
    pytest.importorskip("ray", reason="Ray is not installed")
    log = tmp_path_factory.mktemp("head") / "log"
    process = start_head(log)
    for _ in range(2):
        if process.poll() is None:
            break
        process = start_head(log)  # on a busy machine the first try may time out
    assert process.poll() is None, log.read_text()
    yield
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)


def start_head(log: Path) -> subprocess.Popen[bytes]:
    """Start a head node, and wait until it is up or has ended."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    with log.open("w") as file:
        process = subprocess.Popen(
            [
                BIN / "ray",
                "start",
                "--head",
                "--block",
                f"--port={port}",
                "--num-cpus=2",
                "--object-store-memory=100000000",
                "--disable-usage-stats",
            ],
            stdout=file,
            stderr=file,
            start_new_session=True,
            cwd="/",
            # At the priority that Ray gives its workers, they would wait for all other tests.
            env=os.environ | {"RAY_worker_niceness": "0"},
        )
    while process.poll() is None and "runtime started" not in log.read_text():
        time.sleep(0.5)
    time.sleep(2)
    return process


def test_a_cluster(desk, head):
    alone, cluster, _ = blocks("cluster.md")
    assert len(run(*alone)) == 1
    scored = pd.read_parquet("scored/domains").set_index("id").sort_index()
    shutil.rmtree("scored")
    assert run(*cluster)[-1].endswith("--ray-address auto")
    again = pd.read_parquet("scored/domains").set_index("id").sort_index()
    pd.testing.assert_frame_equal(scored, again)


def test_object_stores_replaced_by_folders(desk):
    bucket = desk / "bucket"
    shutil.copytree("designs", bucket / "designs")
    shutil.copy("1abc.cif", bucket)
    (desk / "1abc.cif.gz").write_bytes(gzip.compress((desk / "1abc.cif").read_bytes()))
    shutil.move("1abc.cif.gz", bucket / "designs")
    (bucket / "manifest.csv").write_text("path,chain,id\n1abc.cif,A,first\n")
    (bucket / "list.txt").write_text("designs/1ubi.pdb\n")
    language, text = blocks("cluster.md")[2]
    text = re.sub(r"(s3|gs)://", f"file://{desk}/", text)
    assert len(run(language, text)) == 4
    assert len(pd.read_parquet("bucket/scored/inputs")) == 3
    ids = set(pd.read_parquet("scored/inputs")["id"])
    assert ids == {f"file://{bucket}/designs/1abc.cif.gz", "first", "designs/1ubi.pdb"}
