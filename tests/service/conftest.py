from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parents[2]
READY_S = 180


class Server:
    """The service in a process of its own, with a limit of open files if one is given."""

    def __init__(self, folder: Path, files: int | None = None, **settings: str) -> None:
        self.folder = folder
        self.files = files
        # The hostile tests check that nothing is written here.
        for name in ("tmp", "cwd"):
            (folder / name).mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")},
            "PYTHONPATH": str(ROOT),
            "PROTVOX_CACHE_DIR": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
            "PROTVOX_OFFLINE": "1",
            "PROTVOX_SERVICE_SPOOL_DIR": str(folder / "spool"),
            "PROTVOX_SERVICE_THREADS": "1",
            "PROTVOX_SERVICE_RATE_PER_MINUTE": "0",
            "PROTVOX_SERVICE_WASTED_S_PER_MINUTE": "0",
            "PROTVOX_SERVICE_PORT": str(self.port),
            **{f"PROTVOX_SERVICE_{k.upper()}": v for k, v in settings.items()},
        }
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=120)
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from protvox.cli import main; main()", "serve"]
        if self.files is not None:
            command = ["sh", "-c", f'ulimit -n {self.files}; exec "$@"', "sh", *command]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stderr=log, cwd=self.folder / "cwd"
            )
        self.wait_ready()

    def wait_ready(self, seconds: float = READY_S) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.client.get("/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, self.log()
            time.sleep(0.1)
        raise TimeoutError(self.log())

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def children(self) -> dict[int, str]:
        """Process id to command line of all child processes."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
            if parent == self.process.pid:
                found[int(folder.name)] = words
        return found

    def memory(self) -> int:
        """Resident bytes of the service and its children."""
        pids = [self.process.pid, *self.children()]
        pages = 0
        for pid in pids:
            try:
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            except OSError:
                continue
        return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="session")
def make_server(tmp_path_factory):
    """Start services that are stopped at the end; a function."""
    made = []

    def make(files: int | None = None, **settings: str) -> Server:
        server = Server(tmp_path_factory.mktemp("service"), files, **settings)
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.client.close()
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="session")
def server(make_server) -> Server:
    # Limits that tests can reach.
    return make_server(queue_size="16", body_s="8", bodies_mib="96")


@pytest.fixture
def client(server) -> httpx.Client:
    return server.client


@pytest.fixture
def same_settings(monkeypatch):
    """Give the command line in this process the same settings as the service."""
    monkeypatch.delenv("PROTVOX_MODEL_DIR", raising=False)
    monkeypatch.setenv("PROTVOX_THREADS", "1")


@pytest.fixture(scope="session")
def ubiquitin() -> bytes:
    return (ROOT / "tests" / "data" / "1ubi.pdb").read_bytes()


@pytest.fixture
def cli(same_settings, capsysbinary):
    """Run the command line with the same models, one result per line."""
    from protvox.cli.app import run

    def call(*arguments) -> list[bytes]:
        capsysbinary.readouterr()
        run([str(a) for a in arguments])
        return capsysbinary.readouterr().out.splitlines(keepends=True)

    return call
