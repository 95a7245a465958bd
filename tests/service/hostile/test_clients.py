"""Hostile clients get an error, and others are not affected."""

from __future__ import annotations

import json
import socket
import time

UNFINISHED = (
    b"POST /predict/cath HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/json\r\n\r\n"
)


def test_slow_bodies_are_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(UNFINISHED)
        begun = time.monotonic()
        answer = b""
        connection.settimeout(0.2)
        while b"408" not in answer and time.monotonic() - begun < 20:
            try:
                connection.sendall(b" ")
                answer += connection.recv(4096)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408")
        # The body may come in another segment than the header.
        connection.settimeout(10)
        while b"request.slow" not in answer:
            part = connection.recv(4096)
            assert part, answer
            answer += part


def logged(server, status: int) -> list[dict]:
    """Log lines of requests with a status."""
    lines = [json.loads(line) for line in server.log().splitlines()]
    return [line for line in lines if line.get("status") == status]


def test_disconnected_clients_are_logged_as_such(server, ubiquitin):
    """They are not logged or counted as malformed requests."""
    before, malformed = len(logged(server, 499)), len(logged(server, 400))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(UNFINISHED + b"{")
    body = json.dumps({"structure": ubiquitin.decode()}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        # This takes longer than disconnecting.
        head = UNFINISHED.replace(b"1000", b"%d" % len(body)).replace(b"cath", b"environment")
        connection.sendall(head + body)
    end = time.monotonic() + 20
    while len(logged(server, 499)) < before + 21 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(logged(server, 499)) == before + 21
    assert len(logged(server, 400)) == malformed
    text = server.client.get("/metrics").text
    assert 'protvox_requests_total{method="POST",route="/predict/environment",status="499"}' in text


def test_range_requests_return_the_whole_result(client, ubiquitin, post):
    """Partial responses (206, 416) are not in the schema."""
    job = client.post("/jobs", files={"file": ubiquitin}, data={"task": "cath"}).json()["id"]
    address = f"/jobs/{job}/results"
    end = time.monotonic() + 60
    while (whole := client.get(address)).status_code == 409 and time.monotonic() < end:
        time.sleep(0.1)
    for asked in ("bytes=0-10", "bytes=99999999-", "bytes=x", "bytes=" + "0-1," * 5000 + "0-1"):
        answer = client.get(address, headers={"range": asked})
        assert (answer.status_code, answer.content) == (200, whole.content)
    client.delete(f"/jobs/{job}")


def line_about(server, request: str, seconds: float = 10.0) -> dict:
    """Return the line of the log about a request, which follows the response."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in server.log().splitlines():
            found = json.loads(line)
            if found.get("request_id") == request:
                return found
        time.sleep(0.05)
    raise TimeoutError(request)


def test_forwarded_addresses_are_not_trusted(client, server):
    answer = client.get("/models", headers={"x-forwarded-for": "203.0.113.9"})
    assert answer.status_code == 200
    line = line_about(server, answer.headers["x-request-id"])
    assert line["client"] == "127.0.0.1"


def test_requests_from_other_sites_are_refused(client, ubiquitin, refused, post):
    rebound = client.get("/models", headers={"host": "evil.example"})
    assert refused(rebound, "request.host")["status"] == 403
    sent = client.post("/jobs", files={"file": ubiquitin}, headers={"sec-fetch-site": "cross-site"})
    assert refused(sent, "request.site")["status"] == 403


def test_cross_origin_requests_are_not_allowed(client):
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = client.options("/predict/cath", headers=headers)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
