from __future__ import annotations

import base64
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
LONG_MS = 240_000
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  for (const one of [name].flat()) carried.items.add(new File([bytes], one));
  document.getElementById("drop").dispatchEvent(
    new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
# Layout shifts that no input caused, as Lighthouse sums them.
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  shifts.push(...list.getEntries().filter((e) => !e.hadRecentInput).map((e) => e.value));
}).observe({ type: "layout-shift", buffered: true });"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The browser contacts no other hosts and draws without a GPU.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


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


@pytest.fixture(scope="module")
def visit(service, browser):
    """Open the page, by a function; pages are closed with the module."""
    pages = []

    def open_page(anchor: str = "", *, width: int = 1280, height: int = 900, **context):
        page = browser.new_page(
            viewport={"width": width, "height": height}, accept_downloads=True, **context
        )
        pages.append(page)
        # Graphics are computed on the CPU here, which is slow.
        page.set_default_timeout(LONG_MS)
        page.add_init_script(SHIFTS)
        page.requested, page.complaints = [], []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"{service}{anchor}")
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def drop():
    """Drop a file onto a page, by a function."""

    def drop_file(page, name: str, data: bytes):
        page.evaluate(DROP, [name, base64.b64encode(data).decode()])

    return drop_file


@pytest.fixture(scope="session")
def open_tab():
    """Open a view of the result, by a function."""

    def open_view(page, name: str):
        tab = page.get_by_role("tab", name=name)
        # After scrolling, Chromium may hand a click to the frame of the viewer that was there.
        tab.press("Enter")
        assert tab.get_attribute("aria-selected") == "true"

    return open_view


@pytest.fixture(scope="session")
def wait_shown():
    """Wait for the structure, by a function."""

    def wait(page):
        # A browser draws no frame that is out of sight.
        page.locator(".stage").scroll_into_view_if_needed()
        page.wait_for_selector("[data-viewer=shown]")

    return wait


@pytest.fixture(scope="session")
def run_protvox():
    """Run the command line as its users do, by a function."""

    def run(*arguments: str, cwd: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")}
        environment |= {"PYTHONPATH": str(ROOT), "PROTVOX_THREADS": "1"}
        program = [sys.executable, "-c", "from protvox.cli import main; main()"]
        subprocess.run([*program, *arguments], check=True, cwd=cwd, env=environment, timeout=300)

    return run
