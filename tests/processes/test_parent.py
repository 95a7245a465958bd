"""A child process: it ends with its parent, and only messages reach the parent's pipe."""

from __future__ import annotations

import subprocess

import pytest

from protvox.processes.child import child_command
from protvox.processes.messages import read_message, write_message
from protvox.settings import package_environment

BUSY = """
import time
from protvox.processes.parent import Parent

parent = Parent()
print("this is not a message")
parent.send({"received": parent.receive()})
time.sleep(1000)
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    (tmp_path / "busy.py").write_text(BUSY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with subprocess.Popen(
        child_command("busy"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=package_environment(),
    ) as process:
        yield process
        process.kill()


def test_a_busy_child_ends_with_its_parent(child):
    write_message(child.stdin, {"number": 7})
    assert read_message(child.stdout) == {"received": {"number": 7}}
    child.stdin.close()
    child.wait(60)
    assert b"this is not a message" in child.stderr.read()


def test_modules_in_the_working_directory_are_not_imported(tmp_path):
    (tmp_path / "msgpack.py").write_text("raise SystemExit('imported from the working directory')")
    command = child_command("protvox.batch.workers.read_process")
    environment = package_environment()
    done = subprocess.run(
        command, input=b"", capture_output=True, cwd=tmp_path, env=environment, timeout=120
    )
    assert b"working directory" not in done.stderr
