"""When Ray ends the process, the command says so and exits with 6."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from protvox.batch.ray import supervise
from protvox.errors import DeviceError


@pytest.fixture
def apart(monkeypatch):
    """Run a program in place of the command; a function."""

    def run(program: str) -> int:
        command = (sys.executable, "-c", program)
        monkeypatch.setattr(supervise, "child_command", lambda *words: (*command, words[-1]))
        return supervise.run_apart("--parent")

    return run


@pytest.mark.parametrize("program", ["import os; os._exit(1)", "import os; os.abort()"])
def test_a_process_that_ray_ended_is_a_failed_cluster(apart, program):
    with pytest.raises(DeviceError) as caught:
        apart(program)
    assert (caught.value.code, caught.value.exit_code) == ("device.cluster", 6)
    assert "the same command resumes the run" in str(caught.value)


@pytest.mark.parametrize("code", [0, 2, 3, 4, 6, 70, 130])
def test_other_exit_codes_are_kept(apart, code):
    assert apart(f"raise SystemExit({code})") == code


def test_the_process_ends_with_its_parent(tmp_path):
    program = (
        "import sys, time; from protvox.batch.ray.supervise import end_with_parent\n"
        "end_with_parent(int(sys.argv[-1])); print('ready', flush=True); time.sleep(60)"
    )
    parent = (
        "import sys; from protvox.batch.ray import supervise\n"
        f"supervise.child_command = lambda *words: (sys.executable, '-c', {program!r}, words[-1])\n"
        "supervise.run_apart('--parent')"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    assert process.stdout.read() == b""  # its end is closed by the last process
    assert time.monotonic() - begun < 30
    process.stdout.close()
    process.wait()
