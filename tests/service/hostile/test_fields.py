"""Hostile names, identifiers and options are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

SCRIPT = "<script>alert(1)</script>"
PROBLEM = "application/problem+json"
ADDRESSES = (
    "/predict/cath",
    "/predict/environment",
    "/predict/mutations",
    "/embed",
    "/search",
    "/jobs",
)


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
def test_file_names_are_labels(client, name, ubiquitin, post):
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
def test_other_identifiers_are_refused(client, identifier, refused, post):
    for address in ADDRESSES:
        answer = client.post(address, json={"id": identifier})
        assert refused(answer, "input.identifier")["status"] == 422


FIELDS = (
    "chain",
    "model",
    "model_number",
    "assembly",
    "unique",
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
def test_hostile_text_in_every_field(client, ubiquitin, address, text, post):
    for name in FIELDS:
        answers = [post(client, ubiquitin, address=address, **{name: text})]
        body = {"structure": ubiquitin.decode(), name: text}
        answers.append(client.post(address, json=body))
        for answer in answers:
            kind = answer.headers["content-type"]
            if answer.status_code in (200, 202):
                # A name is only a label; a missing chain makes a job fail later.
                assert name == "name" or answer.status_code == 202
                assert kind == "application/json"
            else:
                assert 400 <= answer.status_code < 500, (name, answer.text)
                assert kind == PROBLEM
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_scripts_in_addresses_and_content_are_refused(client, refused, post):
    body = {"structure": SCRIPT, "name": SCRIPT}
    refused(client.post("/predict/cath", json=body), "input.format")
    for path in (f"/{SCRIPT}", f"/jobs/{SCRIPT}", f"/jobs/{SCRIPT}/results", "/jobs/..%2f..%2fx"):
        refused(client.get(path), "request.path", "job.not_found")
    answer = client.get("/jobs/x/results", params={"format": SCRIPT})
    refused(answer, "request.invalid")
