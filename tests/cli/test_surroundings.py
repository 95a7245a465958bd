"""An unusual environment of the process gives a clear error."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from protvox.errors import UsageError
from protvox.settings import load_settings

VERIFY = (
    "import sys; sys.argv = ['protvox', 'models', 'list']; from protvox.cli import main; main()"
)


@pytest.mark.parametrize("value", ["0", "99999", "9" * 5000, "-1", "1e3"])
def test_impossible_numbers_of_threads_are_refused(value):
    """99,999 ended in a segmentation fault."""
    with pytest.raises(UsageError) as caught:
        load_settings({"PROTVOX_THREADS": value, "HOME": "/tmp"})
    assert caught.value.code == "usage.setting"


def test_a_missing_home_folder_is_reported(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda _: {}["nobody"])
    with pytest.raises(UsageError) as caught:
        load_settings({})
    assert "PROTVOX_CACHE_DIR" in str(caught.value)
    assert load_settings({"PROTVOX_CACHE_DIR": "/tmp/x"}).cache_dir.name == "x"


def test_a_closed_stdout_is_reported():
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -c "$0" >&-', VERIFY],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot be written" in " ".join(done.stderr.split())
    assert "internal error" not in done.stderr


def test_a_limit_of_file_size_is_reported(tmp_path):
    program = (
        "from protvox.cli.failures import report\n"
        f"file = open({str(tmp_path / 'x')!r}, 'wb', 0)\n"
        "try: file.write(bytes(5_000)), file.write(b'x')\n"
        "except OSError as error: raise SystemExit(report(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "File too large" in " ".join(done.stderr.split())
    assert "internal error" not in done.stderr
