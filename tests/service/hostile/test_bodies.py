"""Hostile request bodies are refused."""

from __future__ import annotations

import gzip
import json

import pytest

MIB = 1 << 20
PROBLEM = "application/problem+json"
ADDRESSES = (
    "/predict/cath",
    "/predict/environment",
    "/predict/mutations",
    "/embed",
    "/search",
    "/jobs",
)


def test_large_bodies_are_refused(client, refused, post):
    refused(post(client, bytes(33 * MIB)), "request.too_large")

    def chunks():
        for _ in range(40):
            yield bytes(MIB)

    kind = {"content-type": "application/json"}
    refused(client.post("/predict/cath", content=chunks(), headers=kind), "request.too_large")


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
def test_invalid_json_is_refused(client, body, post):
    kind = {"content-type": "application/json"}
    answer = client.post("/predict/cath", content=body, headers=kind)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == PROBLEM


def test_huge_json_list_is_refused(client, refused, post):
    body = b'{"domains": [' + b"[]," * (10 * MIB) + b"[]]}"
    kind = {"content-type": "application/json"}
    answer = client.post("/predict/cath", content=body, headers=kind)
    refused(answer, "request.parts")


def test_damaged_forms_are_refused(client, refused, post):
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
def test_forms_with_many_parts_are_refused(client, address, refused, post):
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(address, content=part * 10_000 + b"--b--\r\n", headers=kind)
    refused(answer, "request.parts")


def test_compressed_bodies_are_refused(client, ubiquitin, refused, post):
    kind = {"content-type": "application/json", "content-encoding": "gzip"}
    body = gzip.compress(json.dumps({"structure": ubiquitin.decode()}).encode())
    answer = client.post("/predict/cath", content=body, headers=kind)
    refused(answer, "request.encoding")
