"""What strangers may send: each gets its 4xx, and the service stays as it was."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest

MIB = 1 << 20
ADDRESSES = (
    "/predict/cath",
    "/predict/environment",
    "/predict/mutations",
    "/embed",
    "/search",
    "/jobs",
)
SCRIPT = "<script>alert(1)</script>"
SLOW = "input.too_slow"  # on a busy machine the limit of time comes first
PROBLEM = "application/problem+json"
UNFINISHED = (
    b"POST /predict/cath HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/json\r\n\r\n"
)


@pytest.fixture(autouse=True)
def unharmed(server, ubiquitin):
    """After each test the service answers, has grown little, and left no file behind."""
    files = written(server)
    before = server.memory()
    yield
    answer = server.client.post("/predict/cath", files={"file": ubiquitin})
    assert answer.status_code == 200
    assert server.memory() - before < 350 * MIB
    assert written(server) == files
    assert "Traceback" not in server.log()


def written(server) -> set[Path]:
    """Every file but those of the jobs, which have their place."""
    spool = server.folder / "spool"
    return {p for p in server.folder.rglob("*") if spool not in p.parents}


def refused(answer, *codes: str) -> dict:
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["code"] in codes, problem
    assert "Traceback" not in answer.text
    return problem


def post(client, content: bytes, name: str = "x", address: str = "/predict/cath", **fields):
    return client.post(address, files={"file": (name, content)}, data=fields)


@pytest.mark.slow
def test_bombs(client):
    zeros = gzip.compress(bytes(200 * MIB))
    refused(post(client, zeros), "input.too_large")
    refused(post(client, gzip.compress(zeros)), "input.too_large", "input.format")
    refused(post(client, bz2.compress(bytes(200 * MIB), 1)), "input.too_large")
    refused(post(client, lzma.compress(bytes(200 * MIB), preset=0)), "input.too_large")
    lists = b"\x81" + b"\xaadataBlocks" + b"\xdd" + (20 * MIB).to_bytes(4, "big")
    refused(post(client, lists + b"\x90" * (20 * MIB)), "input.format", SLOW)
    text = b"data_x\nloop_\n_atom_site.id\n" + b"1\n" * (12 * MIB)
    refused(post(client, text), "input.format", "input.no_atoms", "input.too_large", SLOW)


def test_bodies_that_are_too_large(client):
    refused(post(client, bytes(33 * MIB)), "request.too_large")

    def chunks():
        for _ in range(40):
            yield bytes(MIB)

    kind = {"content-type": "application/json"}
    refused(client.post("/predict/cath", content=chunks(), headers=kind), "request.too_large")


@pytest.mark.parametrize(
    ("residues", "chains", "models"), [(20_001, 1, 1), (1002, 501, 1), (2, 1, 201)]
)
def test_structures_that_are_too_large(client, residues, chains, models):
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in COLUMNS)]
    for model in range(1, models + 1):
        rows += [atom(i, "CA", i, f"C{i % chains}", model) for i in range(1, residues + 1)]
    answer = post(client, gzip.compress("\n".join(rows).encode()))
    assert "more than the limit" in refused(answer, "input.too_large")["what"]


def test_more_atoms_at_one_place_than_there_can_be(client):
    """Each residue would have thousands of atoms around it, and take as long as a protein."""
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in COLUMNS)]
    for i in range(1, 602):
        row = atom(i, "CA", i, "A", 1).split()
        row[8:11] = f"{i % 4}.0", f"{i // 4 % 4}.0", f"{i // 16 / 40:.3f}"
        rows.append(" ".join(row))
    answer = post(client, "\n".join(rows).encode())
    assert "601 atoms in a cube of 4 Å" in refused(answer, "input.too_large")["what"]


@pytest.mark.slow
def test_more_atoms_than_allowed(client):
    rows = ["data_x", "loop_", *(f"_atom_site.{name}" for name in COLUMNS)]
    rows += [atom(i, f"C{i}", 1 + i // 100, "A", 1) for i in range(1, 500_200)]
    answer = post(client, gzip.compress("\n".join(rows).encode(), 1))
    refused(answer, "input.too_large", SLOW)


COLUMNS = (
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_seq_id",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
)


def atom(i: int, name: str, number: int, chain: str, model: int) -> str:
    place = f"{i % 997 * 1.37:.3f} {i % 1009 * 0.91:.3f} {i % 1013 * 0.77:.3f}"
    return f"ATOM {i} C {name} . ALA {chain} {number} {place} 1 1 {number} {chain} {model}"


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/evil.pdb",
        "..\\..\\evil.pdb",
        "/etc/passwd",
        "a\0b.pdb",
        "x" * 5000,
        "",
        ".",
        "..",
        "con",
        SCRIPT,
        "$(touch evil)",
        "\u202e.pdb",
        "a\r\nSet-Cookie: x=1.pdb",
    ],
)
def test_file_names_are_labels(client, name, ubiquitin):
    answer = post(client, ubiquitin, name)
    assert answer.status_code in (200, 400, 413, 422), answer.text
    assert "set-cookie" not in answer.headers
    if answer.status_code == 200:
        label = answer.json()["input"]["name"]
        assert "/" not in label and "\\" not in label and label.isprintable()
        assert 0 < len(label) <= 200
        assert answer.headers["content-type"] == "application/json"
    for path in ("/tmp/evil.pdb", "evil", "evil.pdb"):
        assert not Path(path).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(100),
        b"#!/bin/sh\nid\n",
        SCRIPT.encode(),
        b"\x1f\x8b" + os.urandom(100),
        b"\x28\xb5\x2f\xfd" + bytes(50),
        b"\x80",
        b"ATOM" * 1000,
    ],
)
def test_files_of_other_kinds(client, content):
    for address in ADDRESSES:
        answer = post(client, content, address=address)
        assert 400 <= answer.status_code < 500
        assert answer.json()["code"].startswith("input.")


def test_random_changes_of_a_real_file(client, ubiquitin):
    random = np.random.default_rng(0)
    for _ in range(30):
        data = bytearray(ubiquitin)
        for place in random.integers(0, len(data), 50):
            data[place] = random.integers(0, 256)
        assert post(client, bytes(data)).status_code in (200, 413, 422)


@pytest.mark.parametrize(
    "identifier",
    [
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "/etc/passwd",
        "../1abc",
        "1abc@evil.example",
        "1abc/../../x",
        "AF-P12345-F1/../x",
        "AF-P12345-F1?x=1",
        "localhost",
        "1abc\n",
        "1abc\0",
        "pdb_0000\u0661abc",
        "\\\\evil\\share",
        SCRIPT,
    ],
)
def test_identifiers_name_nothing_else(client, identifier):
    for address in ADDRESSES:
        answer = client.post(address, json={"id": identifier})
        assert refused(answer, "input.identifier")["status"] == 422


FIELDS = (
    "chain",
    "model",
    "model_number",
    "domains",
    "top_k",
    "top",
    "per",
    "mutations",
    "task",
    "name",
    "format",
    "id",
    SCRIPT,
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("text", [SCRIPT, "a\0b", "../../etc/passwd", "{{7*7}}", "' OR 1=1 --"])
def test_text_in_every_field(client, ubiquitin, address, text):
    for name in FIELDS:
        answers = [post(client, ubiquitin, address=address, **{name: text})]
        body = {"structure": ubiquitin.decode(), name: text}
        answers.append(client.post(address, json=body))
        for answer in answers:
            kind = answer.headers["content-type"]
            if answer.status_code in (200, 202):
                # A name is only a label; a job finds out later that a chain is not there.
                assert name == "name" or answer.status_code == 202
                assert kind == "application/json"
            else:
                assert 400 <= answer.status_code < 500, (name, answer.text)
                assert kind == PROBLEM
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_script_in_addresses_and_content(client):
    body = {"structure": SCRIPT, "name": SCRIPT}
    refused(client.post("/predict/cath", json=body), "input.format")
    for path in (f"/{SCRIPT}", f"/jobs/{SCRIPT}", f"/jobs/{SCRIPT}/results", "/jobs/..%2f..%2fx"):
        refused(client.get(path), "request.path", "job.not_found")
    answer = client.get("/jobs/x/results", params={"format": SCRIPT})
    refused(answer, "request.invalid")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"structure": "\xff\xfe"}',
        b'{"structure": 1}',
        b'{"structure": NaN}',
        b'{"top_k": 1e999, "id": "1abc"}',
        b'{"top_k": ' + b"9" * 10_000 + b', "id": "1abc"}',
        b'{"structure": null, "id": null}',
        b'{"structure": "\\ud800"}',
        b'{"id": "\\ud800"}',
        b'{"name": "\\ud800", "structure": "x"}',
        b'{"domains": [' + b'"A",' * 300 + b'"A"], "id": "1abc"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_json_that_is_not_meant(client, body):
    kind = {"content-type": "application/json"}
    answer = client.post("/predict/cath", content=body, headers=kind)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.slow
def test_json_of_very_many_values(client):
    body = b'{"domains": [' + b"[]," * (10 * MIB) + b"[]]}"
    kind = {"content-type": "application/json"}
    answer = client.post("/predict/cath", content=body, headers=kind)
    refused(answer, "request.invalid", "input.too_large", SLOW)


def test_forms_that_are_broken(client):
    def send(body: bytes, kind: str = "multipart/form-data; boundary=b"):
        return client.post("/predict/cath", content=body, headers={"content-type": kind})

    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    for body in (b"", b"--b--\r\n", part, part + b"x", b"--c\r\n\r\n--c--", b"--b\r\n" * 10):
        refused(send(body), "request.syntax", "request.field")
    refused(send(part, "multipart/form-data"), "request.syntax")
    refused(send(part, "multipart/form-data; boundary=" + "b" * 300), "request.syntax")
    refused(send(part, "x" * 2000), "request.media_type")
    refused(send(part, "text/html"), "request.media_type")
    refused(send(part + b"x\r\n" + part + b"y\r\n--b--\r\n"), "request.field")
    header = b"--b\r\nContent-Disposition: form-data; name=" + b"n" * 20_000 + b"\r\n\r\n--b--"
    refused(send(header), "request.parts", "request.syntax")


@pytest.mark.parametrize("address", ADDRESSES)
def test_ten_thousand_parts(client, address):
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(address, content=part * 10_000 + b"--b--\r\n", headers=kind)
    refused(answer, "request.parts")


def test_encoded_bodies(client, ubiquitin):
    kind = {"content-type": "application/json", "content-encoding": "gzip"}
    body = gzip.compress(json.dumps({"structure": ubiquitin.decode()}).encode())
    answer = client.post("/predict/cath", content=body, headers=kind)
    refused(answer, "request.encoding")


def test_a_slow_body_is_cut_off(server):
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
        assert b"request.slow" in answer


def answered(server, status: int) -> list[dict]:
    """Lines of the log about answers with a status."""
    lines = [json.loads(line) for line in server.log().splitlines()]
    return [line for line in lines if line.get("status") == status]


def test_a_client_that_goes_away(server, ubiquitin):
    """It is logged and counted as what it is, not as a request that is malformed."""
    before, malformed = len(answered(server, 499)), len(answered(server, 400))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(UNFINISHED + b"{")
    body = json.dumps({"structure": ubiquitin.decode()}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        # This takes longer than it takes to go away.
        head = UNFINISHED.replace(b"1000", b"%d" % len(body)).replace(b"cath", b"environment")
        connection.sendall(head + body)
    end = time.monotonic() + 20
    while len(answered(server, 499)) < before + 21 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(answered(server, 499)) == before + 21
    assert len(answered(server, 400)) == malformed
    text = server.client.get("/metrics").text
    assert 'protvox_requests_total{method="POST",route="/predict/environment",status="499"}' in text


def test_parts_of_results_are_not_given(client, ubiquitin):
    """They would be answers that the schema does not tell of: 206, 416, and 400 as plain text."""
    job = client.post("/jobs", files={"file": ubiquitin}, data={"task": "cath"}).json()["id"]
    address = f"/jobs/{job}/results"
    end = time.monotonic() + 60
    while (whole := client.get(address)).status_code == 409 and time.monotonic() < end:
        time.sleep(0.1)
    for asked in ("bytes=0-10", "bytes=99999999-", "bytes=x", "bytes=" + "0-1," * 5000 + "0-1"):
        answer = client.get(address, headers={"range": asked})
        assert (answer.status_code, answer.content) == (200, whole.content)
    client.delete(f"/jobs/{job}")


def test_who_asks_is_not_what_they_say(client, server):
    answer = client.get("/models", headers={"x-forwarded-for": "203.0.113.9"})
    assert answer.status_code == 200
    lines = [json.loads(line) for line in server.log().splitlines()]
    line = next(x for x in lines if x.get("request_id") == answer.headers["x-request-id"])
    assert line["client"] == "127.0.0.1"


def test_a_page_of_another_site_gets_nothing(client, ubiquitin):
    rebound = client.get("/models", headers={"host": "evil.example"})
    assert refused(rebound, "request.host")["status"] == 403
    sent = client.post("/jobs", files={"file": ubiquitin}, headers={"sec-fetch-site": "cross-site"})
    assert refused(sent, "request.site")["status"] == 403


def test_cross_origin_requests_get_no_permission(client):
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = client.options("/predict/cath", headers=headers)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
