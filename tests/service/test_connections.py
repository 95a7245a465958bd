"""Connections that never become requests, on a real socket."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from protvox.service.http import connections
from protvox.service.routes.page import FOLDER

LARGE = 64 << 20


async def answer(scope, receive, send):
    """Answer without a look at the body."""
    if scope["path"] == "/pieces":
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"%d" % LARGE)],
            }
        )
        for _ in range(4):
            piece = bytes(LARGE // 4)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
        return
    body = bytes(LARGE) if scope["path"] == "/large" else b"ok"
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def served(kind: type[connections.Connection]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        answer, http=kind, ws="none", lifespan="off", log_config=None, timeout_keep_alive=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    monkeypatch.setattr(connections, "LINGER_S", 0.5)
    monkeypatch.setattr(connections, "STALL_S", 0.5)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    with served(connections.Connection) as found:
        yield found


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))


def ask(connection: socket.socket) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received = b""
    while not received.endswith(b"ok"):
        received += connection.recv(4096)
    assert received.startswith(b"HTTP/1.1 200 OK")


def seconds_until_cut(connection: socket.socket, drop: bytes) -> float:
    """Send a byte now and then until the other side has had enough."""
    begun = time.monotonic()
    connection.settimeout(0.1)
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - begun < 10:
            connection.sendall(drop)
            with contextlib.suppress(TimeoutError):
                while connection.recv(4096):
                    continue
                break
    return time.monotonic() - begun


def test_slow_request_heads_are_cut_off(port):
    with connect(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        assert 0.3 < seconds_until_cut(connection, b"x") < 5


def test_silent_connections_are_cut_off(port):
    with connect(port) as connection:
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
        assert time.monotonic() - begun < 5


def test_slow_second_heads_are_cut_off(port):
    with connect(port) as connection:
        ask(connection)
        assert seconds_until_cut(connection, b"G") < 5


def test_slow_unread_bodies_are_cut_off(port):
    with connect(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n")
        assert seconds_until_cut(connection, b"x") < 5


def left_after_a_pause(connection: socket.socket, path: str) -> int:
    """Ask for a file, take nothing until all limits are over, and count what then comes."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    time.sleep(3)  # keep-alive and what comes after are over
    taken = 0
    with contextlib.suppress(ConnectionError):
        while received := connection.recv(1 << 20):
            taken += len(received)
    return taken


def test_unread_responses_are_abandoned(port):
    with connect(port) as connection:
        assert left_after_a_pause(connection, "/large") < LARGE


def test_unread_streams_are_abandoned(port):
    """Its next piece waits until the one before is taken, so that the answer never ends."""
    with connect(port) as connection:
        assert left_after_a_pause(connection, "/pieces") < LARGE


def test_slowly_read_streams_are_completed(port):
    with connect(port) as connection:
        connection.sendall(b"GET /pieces HTTP/1.1\r\nHost: localhost\r\n\r\n")
        taken = 0
        begun = time.monotonic()
        while taken < LARGE:
            piece = connection.recv(1 << 20)
            assert piece, "cut off"
            taken += len(piece)
            time.sleep(0.04)
        assert time.monotonic() - begun > 4 * 0.5  # each piece takes longer than may be stood still


@pytest.mark.parametrize(
    "line",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b",
        b"GET /\xff HTTP/1.1\r\nHost: a",
        b"GET / HTTP/1.1\r\nX: " + b"x" * (70 << 10),
    ],
)
def test_invalid_http_is_reported_as_a_problem(port, line):
    with connect(port) as connection:
        connection.sendall(line + b"\r\n\r\n")
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(4096):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert b"application/problem+json" in head
        assert json.loads(body)["code"] == "request.http"


def test_consecutive_requests_share_a_connection(port):
    with connect(port) as connection:
        for _ in range(4):
            time.sleep(0.3)
            ask(connection)


def test_too_many_connections_are_refused(port):
    with contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(connect(port))
        time.sleep(0.2)
        head, _, body = held.enter_context(connect(port)).recv(4096).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert b"retry-after" in head
        assert json.loads(body)["code"] == "service.connections"
    time.sleep(0.2)
    with connect(port) as connection:
        ask(connection)


@pytest.mark.parametrize(("proxies", "held"), [((), 2), (("127.0.0.0/8",), 4)])
def test_one_address_has_a_share_of_the_connections(proxies, held):
    """Formerly one that opened 1,000 connections closed the service for everybody."""
    with served(connections.connection_class(4, 0.5, proxies)) as port, contextlib.ExitStack() as s:
        own = [s.enter_context(connect(port, "127.0.0.2")) for _ in range(held)]
        time.sleep(0.2)
        refused = s.enter_context(connect(port, "127.0.0.2"))
        assert refused.recv(4096).startswith(b"HTTP/1.1 503")
        if not proxies:
            ask(s.enter_context(connect(port)))
        own[0].close()
        time.sleep(0.2)
        ask(s.enter_context(connect(port, "127.0.0.2")))


@pytest.mark.parametrize(
    ("files", "most"), [(64, 8), (1024, 488), (4096, 1000), (1, 1), (-1, 1000)]
)
def test_the_number_of_connections_follows_the_limit_of_files(files, most):
    assert connections.connections_within(files) == min(most, connections.MAX_CONNECTIONS)


def test_two_lengths_of_a_body_close_the_connection(server):
    """A proxy in front may take the rest of the body for the next request."""
    head = (
        b"POST /predict/cath HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    with connect(server.port) as connection:
        connection.sendall(head + b"GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while piece := connection.recv(4096):
            received += piece
    assert received.startswith(b"HTTP/1.1 400")
    assert received.count(b"HTTP/1.1") == 1


def test_turns_are_saved_up_to_a_limit_and_separate_for_each_owner():
    now = [100.0]
    pace = connections.Pace(10.0, 3, clock=lambda: now[0])
    assert [pace.wait_s("a") for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])
    assert pace.wait_s("b") == 0
    now[0] += 0.3
    assert pace.wait_s("a") == pytest.approx(0.0)
    assert pace.wait_s("a") == pytest.approx(0.1)
    now[0] += 1000
    assert [pace.wait_s("a") for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


def paced(**limits) -> type[connections.Connection]:
    kind = connections.connection_class(100, **limits)
    kind.pace = connections.Pace(10.0, 2)
    return kind


def exchange(port: int, sent: list[bytes], answers: int, source: str = "127.0.0.1") -> float:
    """Send pieces on one connection, and return the seconds until so many answers are there."""
    begun = time.monotonic()
    with connect(port, source) as connection:
        for piece in sent:
            connection.sendall(piece)
            time.sleep(0.02)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < answers or not received.endswith(b"ok"):
            received += connection.recv(4096) or pytest.fail(f"closed after {received!r}")
    return time.monotonic() - begun


REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([REQUEST * 8], id="at once"),
        pytest.param([REQUEST[i : i + 11] for i in range(0, 33, 11)] + [REQUEST * 7], id="pieces"),
    ],
)
def test_requests_beyond_the_pace_of_an_address_wait(sent):
    sent = sent if len(sent) == 1 else [*sent[:3], REQUEST[33:], *sent[3:]]
    with served(paced()) as port:
        assert 0.55 < exchange(port, sent, 8) < 5


def test_others_do_not_wait_for_one_address():
    with served(paced()) as port, contextlib.ExitStack() as opened:
        for _ in range(10):
            opened.enter_context(connect(port, "127.0.0.2")).sendall(REQUEST * 20)
        assert exchange(port, [REQUEST], 1) < 0.5


def test_proxies_have_no_pace():
    with served(paced(proxies=["127.0.0.1"])) as port:
        assert exchange(port, [REQUEST * 40], 40) < 2


def test_connections_that_wait_for_a_turn_are_kept(monkeypatch):
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    with served(paced()) as port:
        assert 1.1 < exchange(port, [REQUEST * 14], 14) < 6


def test_the_service_has_a_pace():
    assert connections.connection_class(100).pace is not None


def test_the_page_is_loaded_without_a_pause():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert 5 * len(files) <= connections.AT_ONCE
