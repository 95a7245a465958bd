from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_S = 300
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A browser of a test asks nobody else for anything, and draws without a graphics processor.
ARGUMENTS = [
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]  # fmt: skip


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """Address of a service in a process of its own."""
    folder = tmp_path_factory.mktemp("page")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")},
        "PYTHONPATH": str(ROOT),
        "PROTVOX_CACHE_DIR": str(folder / "cache"),
        "PROTVOX_OFFLINE": "1",
        "PROTVOX_SERVICE_SPOOL_DIR": str(folder / "spool"),
        "PROTVOX_SERVICE_THREADS": "1",
        "PROTVOX_SERVICE_PORT": str(port),
    }
    command = [sys.executable, "-c", "from protvox.cli import main; main()", "serve"]
    address = f"http://127.0.0.1:{port}/"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        wait_ready(process, address, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(60)


def wait_ready(process, address, log):
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(log.read_text())


def leave_out(why: str):
    """Skip, but never where the project is checked: there everything is to be run."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI: {why}")
    pytest.skip(why)


@pytest.fixture(scope="module")
def browser():
    """Chromium; for one module, since other tests cannot run event loops beside Playwright's."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        leave_out("playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as engine:
        if path is None and not Path(engine.chromium.executable_path).exists():
            leave_out("there is no Chromium; install the package chromium")
        # As root, which containers are, Chromium runs without its sandbox only.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = engine.chromium.launch(executable_path=path, args=[*ARGUMENTS, *root])
        yield chromium
        chromium.close()
