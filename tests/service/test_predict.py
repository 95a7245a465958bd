from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from same_answers import assert_same_answer

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CASES = json.loads((CORPUS / "manifest.json").read_text())
DATA = CORPUS.parent / "data"
REFUSED = sorted(n for n in CASES if "code" in CASES[n] and "model" not in CASES[n])


def send(client, path: Path, address: str, **fields):
    return client.post(address, files={"file": (path.name, path.read_bytes())}, data=fields)


def test_options_of_embed_and_search(client, cli):
    path = DATA / "1a8o.cif"
    options = ("--domain", "A:151-180", "--sort", "tm", "--traces")
    (expected,) = cli("search", path, *options, "--format", "jsonl")
    body = {"structure": path.read_text(), "name": path.name, "domains": ["A:151-180"]}
    body |= {"sort": "tm", "traces": True}
    answer = client.post("/search", json=body)
    assert_same_answer(answer.content, expected)
    assert len(answer.json()["domains"][0]["nearest"]) == 20
    for address, wrong in (
        ("/search", {"top": 0}),
        ("/embed", {"per": "atom"}),
        ("/embed", {"top_k": 3}),
    ):
        refused = client.post(address, json={**body, **wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")
    missing = client.post("/search", json={**body, "domains": ["Z:1-9"]})
    assert (missing.status_code, missing.json()["code"]) == (422, "input.chain")


def test_classification_includes_the_nearest_domains(client, ubiquitin):
    answer = client.post("/predict/cath", files={"file": ubiquitin}).json()
    near = answer["domains"][0]["nearest"]
    assert len(near) == 3
    assert near[0]["cath"].count(".") == 3


def test_predicted_models_match_the_command_line(client, cli, tmp_path):
    """Residues below the limit are not part of the domain."""
    lines = (DATA / "1ubi.pdb").read_text().splitlines()
    atoms = [line for line in lines if line.startswith("ATOM")]
    low = [f"{line[:60]}{24 + int(line[22:26]):6.2f}{line[66:]}" for line in atoms]
    path = tmp_path / "model.pdb"
    path.write_text("\n".join(["PARENT N/A", *low, "END", ""]))
    (expected,) = cli("classify", path, "--task", "cath", "--plddt", "40", "--format", "jsonl")
    answer = send(client, path, "/predict/cath", plddt="40")
    assert_same_answer(answer.content, expected)
    assert answer.json()["domains"][0]["chopping"] == "16-76"
    assert answer.json()["input"]["plddt"]["disordered"] == ["A:1-15"]
    hidden = send(client, path, "/predict/environment", plddt="40", hide_disordered="true").json()
    (expected,) = cli(
        *("classify", path, "--task", "environment", "--plddt", "40", "--hide-disordered"),
        *("--format", "jsonl"),
    )
    assert json.loads(expected) == hidden
    refused = send(client, path, "/predict/cath", plddt="101")
    assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")


def test_options_match_those_of_the_command_line(client, cli):
    path = DATA / "1a8o.cif"
    (expected,) = cli(
        "classify",
        path,
        "--task",
        "cath",
        "--domain",
        "A:151-180",
        "--domain",
        "A:181-220",
        "--top-k",
        "2",
        "--format",
        "jsonl",
    )
    answer = client.post(
        "/predict/cath",
        json={
            "structure": path.read_text(),
            "name": path.name,
            "format": "mmcif",
            "domains": ["A:151-180", "A:181-220"],
            "top_k": 2,
        },
    )
    assert_same_answer(answer.content, expected)
    form = send(client, path, "/predict/cath", domains=["A:151-180", "A:181-220"], top_k="2")
    assert_same_answer(form.content, expected)


@pytest.mark.parametrize("division", ["auto", "chain"])
def test_domains_are_found_as_on_the_command_line(client, cli, division):
    """3mht has two domains."""
    path = DATA / "3mht.pdb.gz"
    (expected,) = cli(
        "classify", path, "--task", "cath", "--domains", division, "--format", "jsonl"
    )
    assert len(json.loads(expected)["domains"]) == {"auto": 2, "chain": 1}[division]
    assert_same_answer(send(client, path, "/predict/cath", domains=division).content, expected)


def test_mutations_equal_those_of_the_command_line(client, cli):
    path = DATA / "1ubi.pdb"
    mutations = ["A:L8W", "A:G47P"]
    (expected,) = cli(
        "mutations",
        path,
        "--mutations",
        mutations[0],
        "--mutations",
        mutations[1],
        "--format",
        "jsonl",
    )
    assert_same_answer(
        send(client, path, "/predict/mutations", mutations=mutations).content, expected
    )
    (full,) = cli("mutations", path, "--format", "jsonl")
    assert_same_answer(send(client, path, "/predict/mutations").content, full)


def test_one_network_is_chosen_as_on_the_command_line(client, cli, data_dir):
    path = data_dir / "1ubi.pdb"
    (expected,) = cli("mutations", path, "--networks", "backbone", "--format", "jsonl")
    found = send(client, path, "/predict/mutations", networks="backbone")
    assert_same_answer(found.content, expected)
    assert list(found.json()["models"]) == ["backbone"]


def test_identifiers_work_as_on_the_command_line(client, server, cli, monkeypatch):
    cache = server.folder / "cache"
    (cache / "structures").mkdir(parents=True, exist_ok=True)
    shutil.copy(DATA / "1gbt.cif.gz", cache / "structures" / "1gbt.cif.gz")
    monkeypatch.setenv("PROTVOX_CACHE_DIR", str(cache))
    (expected,) = cli("classify", "1GBT", "--task", "cath", "--offline", "--format", "jsonl")
    answer = client.post("/predict/cath", json={"id": "1GBT"})
    assert_same_answer(answer.content, expected)
    assert answer.json()["input"]["name"] == "1GBT"


@pytest.mark.parametrize("name", REFUSED)
def test_error_codes_equal_those_of_the_command_line(client, name):
    answer = send(client, CORPUS / "files" / name, "/predict/environment")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == CASES[name]["code"]
    assert problem["status"] == answer.status_code
    assert 400 <= answer.status_code < 500
    for words in CASES[name]["words"]:
        assert words in problem["detail"]


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({}, "request.input", 422),
        ({"id": "1abc", "structure": "x"}, "request.input", 422),
        ({"id": "1abc"}, "input.offline", 404),
        ({"id": "nothing"}, "input.identifier", 422),
        ({"structure": "x", "top_k": 0}, "request.invalid", 422),
        ({"structure": "x", "top_k": "5"}, "request.invalid", 422),
        ({"structure": "x", "unheard": 1}, "request.invalid", 422),
        ({"structure": "x", "format": "pdb"}, "input.format", 422),
        ([], "request.invalid", 422),
    ],
)
def test_invalid_bodies_are_refused(client, body, code, status):
    answer = client.post("/predict/cath", json=body)
    assert (answer.json()["code"], answer.status_code) == (code, status)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"chain": "Z"}, "input.chain"),
        ({"domains": "A:1-"}, "input.selection"),
        ({"domains": ["auto", "A:1-20"]}, "usage.domains"),
        ({"model": "unheard"}, "model.unknown"),
        ({"model": "environment"}, "model.task"),
        ({"model_number": "7"}, "input.model"),
        ({"assembly": "7"}, "input.assembly"),
        ({"unique": "perhaps"}, "request.invalid"),
    ],
)
def test_invalid_options_are_refused(client, fields, code):
    answer = send(client, DATA / "1ubi.pdb", "/predict/cath", **fields)
    assert answer.json()["code"] == code
    assert answer.status_code == 422


def test_assemblies_and_identical_chains(client):
    fields = {"assembly": "1", "unique": "true"}
    answer = send(client, DATA / "1a8o.pdb", "/predict/environment", **fields).json()
    plain = send(client, DATA / "1a8o.pdb", "/predict/environment").json()
    assert answer["input"]["assembly"] == "1"
    assert answer["input"]["copies"][1] == {"chain": "A-2", "copy_of": "A", "operator": "2"}
    assert answer["input"]["same_as"] == {"A-2": "A"}
    assert len(answer["residues"]) == len(plain["residues"])
    assert answer["residues"] != plain["residues"]
    body = {"structure": (DATA / "1a8o.pdb").read_text(), "assembly": "1", "unique": True}
    again = client.post("/predict/environment", json=body).json()
    assert again["residues"] == answer["residues"]
    assert not {"assembly", "copies", "same_as"} & set(plain["input"])


def test_stated_format_is_checked(client, ubiquitin):
    body = {"structure": ubiquitin.decode(), "format": "mmcif"}
    assert client.post("/predict/cath", json=body).json()["code"] == "input.format"


def test_models_are_listed(client):
    models = client.get("/models").json()["models"]
    assert {"cath", "environment"} <= {model["task"] for model in models}
    assert all(model["reference"] == f"{model['name']}@{model['version']}" for model in models)


def test_health_and_models_have_the_names_of_the_open_inference_protocol(client):
    assert client.get("/v2").json()["name"] == "protvox"
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    models = client.get("/v2/models").json()["models"]
    assert [m["name"] for m in models] == list(
        dict.fromkeys(m["name"] for m in client.get("/models").json()["models"])
    )
    known = client.get("/openapi.json").json()["paths"]
    for one in models:
        path = f"/v2/models/{one['name']}"
        assert client.get(path).json() == one
        assert client.get(f"{path}/ready").json() == {"name": one["name"], "ready": True}
        assert "post" in known[one["parameters"]["predict"]]
    for path in ("/v2/models/cats", "/v2/models/cats/ready"):
        assert client.get(path).status_code == 404
        assert client.get(path).json()["code"] == "request.model"


def test_unknown_addresses_and_methods_are_refused(client):
    assert client.get("/nothing").json()["code"] == "request.path"
    answer = client.get("/predict/cath")
    assert answer.json()["code"] == "request.method"
    assert answer.headers["allow"] == "POST"


def test_every_response_has_the_security_headers(client):
    for answer in (client.get("/health/live"), client.get("/nothing"), client.get("/metrics")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["x-request-id"]) == 16
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_metrics_count(client, ubiquitin):
    client.post("/predict/cath", files={"file": ubiquitin})
    text = client.get("/metrics").text
    assert 'protvox_requests_total{method="POST",route="/predict/cath",status="200"}' in text
    assert "protvox_predict_seconds_bucket" in text


def test_logs_are_json_with_the_request_id(client, server):
    answer = client.get("/models?secret=1")
    lines = [json.loads(line) for line in server.log().splitlines()]
    line = next(x for x in lines if x.get("request_id") == answer.headers["x-request-id"])
    assert (line["path"], line["status"], line["method"]) == ("/models", 200, "GET")
    assert "secret" not in json.dumps(line)
