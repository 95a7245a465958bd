from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import protvox as protvox_package

ROOT = str(Path(protvox_package.__file__).parent.parent)
FAKE = Path(__file__).with_name("fake_predictor.py")


@dataclass(frozen=True)
class Result:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("FORCE_COLOR", "PROTVOX_DEBUG", "PROTVOX_OFFLINE", "PROTVOX_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PROTVOX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def fake(monkeypatch):
    """The module of the fake predictor, which replaces the real one."""
    spec = importlib.util.spec_from_file_location("fake_predictor", FAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    monkeypatch.setattr("protvox.predict.classify.classify", module.predict, raising=False)
    return module


@pytest.fixture
def protvox(capsysbinary):
    """Run the command line in this process."""
    from protvox.cli.app import run

    def call(*arguments: str | Path) -> Result:
        capsysbinary.readouterr()
        code = run([str(a) for a in arguments])
        captured = capsysbinary.readouterr()
        return Result(code, captured.out, captured.err.decode())

    return call


@pytest.fixture
def example() -> Path:
    return Path(protvox_package.__file__).parent / "examples" / "1pwc.pdb.gz"


def listen_to_interrupts() -> None:
    """Restore the default handling of Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start():
    """Start the command line with the fake predictor in a separate process."""
    started = []

    def call(mode: str, *arguments: str | Path, **options) -> subprocess.Popen:
        command = [sys.executable, str(FAKE), mode, *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        # A shell starts background jobs with SIGINT ignored, and children inherit that.
        process = subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": ROOT}, preexec_fn=listen_to_interrupts, **pipes
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
