"""Request bodies in JSON cost little, whatever they hold."""

from __future__ import annotations

import json
import time

import pytest

from protvox.service.failures import ServiceError
from protvox.service.http.uploads import parse_upload

MIB = 1 << 20


def parse(body: bytes, route: str = "mutations"):
    return parse_upload(body, "application/json", route)


def test_unknown_fields_are_named():
    with pytest.raises(ServiceError) as caught:
        parse(b'{"structure": "x", "zebra": 1, "ant": 2}')
    assert (caught.value.code, caught.value.status) == ("request.invalid", 422)
    assert [error["where"] for error in caught.value.errors] == ["zebra", "ant"]


@pytest.mark.parametrize("n", [60_000, 1_000_000])
def test_many_unknown_fields_cost_little(n):
    """Each took 10 µs and 1 KiB before the first was refused: 28 MiB a reader until its end."""
    body = ("{" + ",".join(f'"{i:07d}":0' for i in range(n)) + "}").encode()
    begun = time.process_time()
    with pytest.raises(ServiceError) as caught:
        parse(body)
    assert time.process_time() - begun < 1.0
    assert caught.value.code in ("request.invalid", "request.parts")
    assert len(caught.value.errors) <= 20


def test_text_is_not_counted():
    """Separators and escapes within a structure are not values."""
    text = 'a,b:c[d{"e"\n\\' * (MIB // 4)
    upload = parse(json.dumps({"structure": text}).encode())
    assert upload.content == text.encode()


def test_the_longest_list_of_mutations_is_accepted():
    body = json.dumps({"structure": "x", "mutations": ["A:45W"] * 50_000}).encode()
    assert len(parse(body).options["mutations"]) == 50_000


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"":1}', b'{"\\ud800": 1}', b'{"a', b'"\\'])
def test_other_bodies_are_refused(body):
    with pytest.raises(ServiceError) as caught:
        parse(body)
    assert caught.value.code in ("request.invalid", "request.syntax")
