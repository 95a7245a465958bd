"""Measure what an honest client gets while another client attacks the service.

The honest client sends ubiquitin at a fixed rate, alone and then beside each attack. Its goodput is
the part of its requests that are answered with status 200 within a time limit. Attackers connect
from another loopback address, and so are another owner. The CPU time of the attackers is measured
beside that of the service, which includes the honest requests.

    python benchmarks/hostile_clients.py --seconds 20 -o benchmarks/results/hostile_clients.json

With ``--wasteful``, only attacks whose requests are refused or left, without a pause after a
refusal: CPU times until the service refuses all of them, then for some seconds after that, without
honest requests, and their goodput. The service allows a quarter of the usual waste, to save time.

    python benchmarks/hostile_clients.py --wasteful --seconds 60 -o benchmarks/results/waste.json
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import json
import math
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

ROOT: Final = Path(__file__).resolve().parents[1]
MIB: Final = 1 << 20
ATTACKER: Final = "127.0.0.2"
LIMIT_S: Final = 5.0
"""Time limit of a request of the honest client, seconds."""

KEY: Final = "pvx_of_the_honest_client"
KEYS: Final = {
    "api_keys": f"honest:{hashlib.sha256(KEY.encode()).hexdigest()}",
    "rate_per_minute": "600",
}
"""Settings of a service that requires this key."""

PAUSE_S: Final = 1.0
"""Pause of an attacker after a refusal; the service tells it to wait longer."""

WASTED: Final = {"wasted_s_per_minute": "0.5"}
"""Settings of a service for wasteful attacks, 7.5 s at once."""

WASTE_S: Final = 600.0
"""Seconds after which attackers must be refused."""

LARGE_FILES: Final = b"GET /viewer/molstar/molstar.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20

_COLUMNS: Final = (
    *("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id"),
    *("label_asym_id", "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy"),
    *("B_iso_or_equiv", "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"),
)
_ATOMS: Final = (
    ("N", 1.5, -27, -0.9),
    ("CA", 2.3, 0, 0.0),
    ("C", 1.7, 26, 1.1),
    ("CB", 3.3, -18, 0.4),
)


def long_chain(residues: int) -> bytes:
    """Return a chain of helices of 20 residues on a grid, as mmCIF."""
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in _COLUMNS)]
    edge = math.ceil((residues / 20) ** (1 / 3))
    for i in range(residues):
        helix, turn = divmod(i, 20)
        corner = (helix // edge**2 * 11.0, helix // edge % edge * 11.0, helix % edge * 33.0)
        for name, radius, degrees, rise in _ATOMS:
            angle = math.radians(100 * turn + degrees)
            x = corner[0] + radius * math.cos(angle)
            y = corner[1] + radius * math.sin(angle)
            z = corner[2] + 1.5 * turn + rise
            rows.append(
                f"ATOM {len(rows)} {name[0]} {name} . ALA A {i + 1} "
                f"{x:.3f} {y:.3f} {z:.3f} 1 20 {i + 1} A 1"
            )
    return ("\n".join(rows) + "\n").encode()


class Signal(threading.Event):
    """Ends an attack.

    Attributes
    ----------
    pause_s
        Pause of an attacker after a refusal.
    sent
        Bytes of each body that was sent.
    clocks
        Of the CPU time of each attacker.
    ended_s
        CPU seconds of each attacker that has ended.
    """

    def __init__(self, pause_s: float) -> None:
        super().__init__()
        self.pause_s = pause_s
        self.sent: list[int] = []
        self.clocks: set[int] = set()
        self.ended_s: list[float] = []

    def attackers_s(self) -> float:
        """Return the CPU seconds of all attackers so far."""
        return sum(self.ended_s) + sum(map(time.clock_gettime, tuple(self.clocks)))


@dataclass(frozen=True)
class Attack:
    """Requests that attackers repeat.

    Attributes
    ----------
    threads
        Number of attackers.
    send
        Sends requests, or holds connections, until ``stop`` is set.
    settings
        Settings of the service that make it possible.
    """

    threads: int
    send: Callable[[str, Signal], None]
    settings: Mapping[str, str] = field(default_factory=dict)


def _connect(address: str) -> socket.socket:
    """Open a connection from the address of the attackers."""
    port = httpx.URL(address).port or 80
    return socket.create_connection(("127.0.0.1", port), source_address=(ATTACKER, 0), timeout=5)


def _client(address: str) -> httpx.Client:
    """Return a client at the address of the attackers."""
    transport = httpx.HTTPTransport(local_address=ATTACKER)
    return httpx.Client(base_url=address, transport=transport, timeout=10)


def _post(path: str, content: bytes, kind: str) -> Callable[[str, Signal], None]:
    def send(address: str, stop: Signal) -> None:
        with _client(address) as client:
            while not stop.is_set():
                stop.sent.append(len(content))
                with suppress(httpx.TransportError):
                    if client.post(path, content=content, headers={"content-type": kind}).is_error:
                        stop.wait(stop.pause_s)

    return send


def _file(content: bytes, **fields: str) -> tuple[bytes, str]:
    request = httpx.Request("POST", "http://x", files={"file": ("x", content)}, data=fields)
    return request.read(), request.headers["content-type"]


def _stall(address: str, stop: Signal) -> None:
    """Send almost all of a large body, then a byte now and then."""
    head = (
        b"POST /predict/cath HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
        b"Content-Type: application/json\r\n\r\n"
    ) % (31 * MIB)
    while not stop.is_set():
        with suppress(OSError), _connect(address) as connection:
            stop.sent.append(30 * MIB)
            connection.sendall(head + bytes(30 * MIB))
            while not stop.wait(1):
                connection.sendall(b"0")


def _leave(content: bytes, kind: str) -> Callable[[str, Signal], None]:
    def send(address: str, stop: Signal) -> None:
        head = (
            f"POST /predict/cath HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
            f"Content-Type: {kind}\r\n\r\n"
        ).encode()
        while not stop.is_set():
            with suppress(OSError), _connect(address) as connection:
                stop.sent.append(len(content))
                connection.sendall(head + content)
                stop.wait(0.3)

    return send


def _submit(content: bytes, kind: str) -> Callable[[str, Signal], None]:
    def send(address: str, stop: Signal) -> None:
        jobs = []
        with _client(address) as client:
            while not stop.is_set():
                stop.sent.append(len(content))
                with suppress(httpx.TransportError):
                    answer = client.post("/jobs", content=content, headers={"content-type": kind})
                    jobs += [answer.headers["location"]] if answer.status_code == 202 else []
                stop.wait(PAUSE_S)
            for job in jobs:
                client.delete(job)

    return send


def _pipeline(path: str, connections: int) -> Callable[[str, Signal], None]:
    """Send requests on many connections, several of each ahead of its responses."""

    def send(address: str, stop: Signal) -> None:
        ahead = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 50
        with contextlib.ExitStack() as opened, selectors.DefaultSelector() as ready:
            for _ in range(connections):
                with suppress(OSError):
                    one = opened.enter_context(_connect(address))
                    one.setblocking(False)
                    ready.register(one, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while not stop.is_set() and ready.get_map():
                for key, events in ready.select(0.1):
                    connection = key.fileobj
                    assert isinstance(connection, socket.socket)
                    try:
                        if events & selectors.EVENT_WRITE:
                            stop.sent.append(connection.send(ahead))
                            ready.modify(connection, selectors.EVENT_READ)
                        elif connection.recv(MIB):
                            ready.modify(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
                        else:
                            ready.unregister(connection)
                    except OSError:
                        ready.unregister(connection)

    return send


def _hold(connections: int, sent: bytes) -> Callable[[str, Signal], None]:
    """Hold connections on which no response is read, and open them again when they are closed."""

    def send(address: str, stop: Signal) -> None:
        held: list[socket.socket] = []
        while not stop.is_set():
            with suppress(OSError):
                one = _connect(address)
                held.append(one)
                stop.sent.append(len(sent))
                one.sendall(sent)
            if len(held) >= connections:
                stop.wait(PAUSE_S)
                held.pop(0).close()
        for one in held:
            one.close()

    return send


def _guess(address: str, stop: Signal) -> None:
    """Send requests with wrong keys."""
    with _client(address) as client:
        for number in range(1 << 30):
            if stop.is_set():
                return
            stop.sent.append(0)
            with suppress(httpx.TransportError):
                client.get("/models", headers={"authorization": f"Bearer pvx_{number}"})


def _knock(address: str, stop: Signal) -> None:
    """Open a connection for each request."""
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    while not stop.is_set():
        with suppress(OSError), _connect(address) as connection:
            stop.sent.append(len(request))
            connection.sendall(request)
            connection.recv(4096)


def _submit_many(address: str, stop: Signal) -> None:
    """Submit small jobs, all different, and delete them at the end."""
    content = (ROOT / "tests" / "data" / "1ubi.pdb").read_bytes()
    jobs = []
    with _client(address) as client:
        for number in range(1 << 30):
            if stop.is_set():
                break
            body, kind = _file(b"REMARK 999 %d\n" % number + content)
            stop.sent.append(len(body))
            with suppress(httpx.TransportError):
                answer = client.post("/jobs", content=body, headers={"content-type": kind})
                if answer.status_code == 202:
                    jobs.append(answer.headers["location"])
        for job in jobs:
            with suppress(httpx.TransportError):
                client.delete(job)


def _padded() -> Attack:
    members = (gzip.compress(b"", mtime=0) + bytes(420)) * 9_990
    return Attack(4, _post("/predict/cath", *_file(members)))


def _keys() -> Attack:
    body = b"{" + b",".join(b'"%07d":0' % i for i in range(2_400_000)) + b"}"
    return Attack(4, _post("/predict/cath", body, "application/json"))


def _chain(residues: int) -> tuple[bytes, str]:
    return _file(gzip.compress(long_chain(residues), 1))


ATTACKS: Final[dict[str, Callable[[], Attack]]] = {
    "padded gzip members": _padded,
    "unknown JSON keys": _keys,
    "stalled uploads": lambda: Attack(5, _stall),
    "chains of 20,000 residues": lambda: Attack(8, _post("/predict/cath", *_chain(20_000))),
    "chains of 4,900 residues": lambda: Attack(8, _post("/predict/cath", *_chain(4_900))),
    "clients that leave": lambda: Attack(8, _leave(*_chain(4_900))),
    "pipelined requests": lambda: Attack(4, _pipeline("/health/live", 120)),
    "pipelined pages": lambda: Attack(4, _pipeline("/", 120)),
    "pipelined large files": lambda: Attack(4, _pipeline("/viewer/molstar/molstar.js", 120)),
    "pipelined unknown addresses": lambda: Attack(4, _pipeline("/x", 120)),
    "a connection for each request": lambda: Attack(16, _knock),
    "silent connections": lambda: Attack(1, _hold(600, b"")),
    "responses that nobody reads": lambda: Attack(1, _hold(100, LARGE_FILES)),
    "guesses of keys": lambda: Attack(8, _guess, KEYS),
    "many small jobs": lambda: Attack(2, _submit_many),
    "jobs of 20,000 residues": lambda: Attack(2, _submit(*_chain(20_000))),
}
"""Makes the attack of each name."""

WASTEFUL: Final = (
    "padded gzip members",
    "unknown JSON keys",
    "stalled uploads",
    "chains of 20,000 residues",
    "clients that leave",
)
"""Those whose requests are refused, or not waited for, after much work."""


@contextmanager
def attacked(address: str, attack: Attack, pause_s: float = PAUSE_S) -> Iterator[Signal]:
    """Attack a service until the block ends."""
    stop = Signal(pause_s)

    def send() -> None:
        clock = time.pthread_getcpuclockid(threading.get_ident())
        stop.clocks.add(clock)
        try:
            attack.send(address, stop)
        finally:
            stop.clocks.discard(clock)
            stop.ended_s.append(time.thread_time())

    threads = [threading.Thread(target=send, daemon=True) for _ in range(attack.threads)]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def honest(
    address: str,
    content: bytes,
    requests: int,
    pause_s: float,
    limit_s: float = LIMIT_S,
    path: str = "/predict/cath",
) -> list[float]:
    """Send requests at a fixed rate; return their times, infinite for those that fail."""
    seconds = [math.inf] * requests
    body, kind = _file(content)

    def send(number: int) -> None:
        begun = time.perf_counter()
        with suppress(httpx.TransportError):
            answer = httpx.post(
                f"{address}{path}",
                content=body,
                headers={"content-type": kind, "authorization": f"Bearer {KEY}"},
                timeout=limit_s,
            )
            if answer.is_success:
                seconds[number] = time.perf_counter() - begun

    threads = []
    for number in range(requests):
        threads.append(threading.Thread(target=send, args=(number,)))
        threads[-1].start()
        time.sleep(pause_s)
    for thread in threads:
        thread.join()
    return seconds


def goodput(seconds: list[float]) -> float:
    """Return the part of requests that were answered in time."""
    return statistics.mean(second <= LIMIT_S for second in seconds)


def main() -> None:
    """Measure every attack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--attacks", nargs="+", choices=tuple(ATTACKS), default=tuple(ATTACKS))
    parser.add_argument("--wasteful", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    from service_client import processes, processor_s, start

    def used(pid: int, signal: Signal) -> dict[str, float]:
        service_s = sum(processor_s(one, ended=one == pid) for one in processes(pid))
        return {
            "seconds": time.monotonic(),
            "service_cpu_s": service_s,
            "attackers_cpu_s": signal.attackers_s(),
            "bodies": len(signal.sent),
            "mib_sent": sum(signal.sent) / MIB,
        }

    address = f"http://127.0.0.1:{options.port}"
    content = (ROOT / "tests" / "data" / "1ubi.pdb").read_bytes()
    requests, rows = 20 if options.wasteful else max(4, int(options.seconds)), {}
    pause_s = 0.0 if options.wasteful else PAUSE_S
    limits = WASTED if options.wasteful else {}
    chosen = WASTEFUL if options.wasteful else options.attacks
    attacks = {"none": lambda: Attack(0, _stall), **{name: ATTACKS[name] for name in chosen}}
    for name, make in attacks.items():
        attack = make()
        row: dict[str, object] = {}
        with tempfile.TemporaryDirectory() as folder:
            process = start(options.port, folder, threads="1", **limits, **attack.settings)
            try:
                _wait(address, process)
                begun = used(process.pid, Signal(pause_s))
                with attacked(address, attack, pause_s) as signal:
                    if options.wasteful:
                        if attack.threads:
                            _wait_until_refused(address)
                        row["until_refused"] = _difference(used(process.pid, signal), begun)
                        time.sleep(5)  # what was left ends
                        refused = used(process.pid, signal)
                        time.sleep(options.seconds)
                        row["refused"] = _difference(used(process.pid, signal), refused)
                    before = used(process.pid, signal)
                    time.sleep(2)
                    seconds = honest(address, content, requests, 1.0)
                    spent = _difference(used(process.pid, signal), before)
            finally:
                process.kill()
                process.wait()
        good = sorted(s for s in seconds if s <= LIMIT_S)
        rows[name] = {
            "requests": requests,
            "goodput": goodput(seconds),
            "median_s": round(statistics.median(good), 3) if good else None,
            **spent,
            **row,
        }
        print(name, rows[name], flush=True)
    if options.output is not None:
        found = {"limit_s": LIMIT_S, "pause_s": pause_s, "attacks": rows}
        options.output.write_text(json.dumps(found, indent=1) + "\n")


def _difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: round(after[name] - before[name], 2) for name in after}


def _wait_until_refused(address: str) -> None:
    """Wait until the service refuses the attackers for what they have wasted."""
    end = time.monotonic() + WASTE_S
    with _client(address) as client:
        while time.monotonic() < end:
            time.sleep(0.5)
            with suppress(httpx.TransportError):
                if client.post("/predict/cath", json={}).json()["code"] == "request.waste":
                    return
    raise TimeoutError("the attackers are not refused")


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if process.poll() is not None:
            raise OSError(f"the service ended at its start; is {address} in use?")
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the service did not start")


if __name__ == "__main__":
    main()
