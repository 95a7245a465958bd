"""What needs a separate process: pipes, signals, exit codes and start-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys


def test_closed_pipe_is_silent(start, example):
    process = start("predict", "classify", *[example] * 4, "--format", "jsonl")
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) == 0
    assert "Traceback" not in (err := process.stderr.read().decode())
    assert "BrokenPipe" not in err


def test_interrupt_is_130_and_leaves_no_file(start, example, tmp_path):
    process = start("sleep", "classify", example, "-o", tmp_path / "out.json")
    for line in process.stderr:
        if line.strip() == b"READY":
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "Traceback" not in process.stderr.read().decode()
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_one_clear_line(start, example):
    with open("/dev/full", "wb") as full:
        process = start("predict", "classify", example, stdout=full)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"error: stdout: the output cannot be written" in err
    assert b"Traceback" not in err


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from protvox.cli.app import run; run(['--help']); "
        "heavy = {'torch', 'numpy', 'pandas', 'rich', 'numba', 'gemmi', 'e3nn'}; "
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == 0


def test_cards_are_read_in_an_ascii_locale():
    code = "import sys; from protvox.cli.app import run; sys.exit(run(sys.argv[1:]))"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code, "models", "show", "environment"],
        env=os.environ | plain,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Å" in done.stdout.decode()


def test_bad_input_is_reported_without_loading_torch():
    code = (
        "import sys; from protvox.cli.app import run; "
        "assert run(['classify', 'no-such-file.pdb']) == 3; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_python_runs_the_package():
    done = subprocess.run(
        [sys.executable, "-m", "protvox", "completion"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "bash, zsh, fish. See 'protvox completion --help'." in done.stderr
