"""The schema of the service, and schemathesis over the running service."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protvox.predict.index.released import ReleasedIndex
from protvox.registry import installed
from protvox.service.app import create_app
from protvox.service.settings import load_service_settings

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
ROOT = Path(__file__).parents[2]
METHODS = ("get", "post", "put", "delete", "patch")


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> dict:
    from starlette.testclient import TestClient

    plain = load_service_settings(spool_dir=tmp_path_factory.mktemp("spool"))
    # Not entered, so that no process is started.
    return TestClient(create_app(plain)).get("/openapi.json").json()


def operations(schema: dict):
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def test_every_operation_has_a_unique_name_and_a_summary(schema):
    found = [(o["operationId"], o["summary"]) for _, _, o in operations(schema)]
    assert len({name for name, _ in found}) == len(found) >= 10
    assert all(summary for _, summary in found)


def test_every_address_and_field_is_in_the_reference(schema):
    text = (ROOT / "docs" / "reference" / "http.md").read_text()
    for path, method, operation in operations(schema):
        address = path.replace("{job_id}", "ID").replace("{name}", "NAME")
        # Addresses of one row share their method.
        assert f"`{method.upper()} {address}" in text or f", `{address}`" in text, path
        contents = operation.get("requestBody", {}).get("content", {})
        for form in contents.values():
            for field in form["schema"]["properties"]:
                assert f"`{field}`" in text or f'"{field}"' in text, (path, field)


def test_every_error_is_a_problem(schema):
    for path, _, operation in operations(schema):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")) and "/health" not in path:
                assert list(answer["content"]) == ["application/problem+json"], (path, status)
    assert "Problem" in schema["components"]["schemas"]


def test_structures_are_accepted_as_files_and_as_json(schema):
    for path in (
        "/predict/cath",
        "/predict/environment",
        "/predict/mutations",
        "/embed",
        "/search",
        "/check",
        "/jobs",
    ):
        content = schema["paths"][path]["post"]["requestBody"]["content"]
        assert set(content) == {"multipart/form-data", "application/json"}
        assert content["multipart/form-data"]["schema"]["required"] == ["file"]
        assert content["application/json"]["examples"]


def test_examples_name_the_released_models_and_their_index(schema):
    """Whatever has the form of a version is one that is there."""
    there = {model.card.reference for model in installed.available()}
    named = set(re.findall(r"\b(?:cath|environment)@\w+", json.dumps(schema)))
    assert named == {installed.find(task).card.reference for task in ("cath", "environment")}
    assert named <= there
    (example,) = schema["components"]["schemas"]["ModelList"]["examples"]
    assert example["models"] == [
        {
            "name": m.name,
            "version": m.card.version,
            "reference": m.card.reference,
            "task": m.task,
            "summary": m.summary,
        }
        for m in map(installed.find, ("cath", "environment"))
    ]
    model = installed.find("cath")
    index = ReleasedIndex(model.folder, model.card).index()
    answer = schema["paths"]["/search"]["post"]["responses"]["200"]
    example = answer["content"]["application/json"]["examples"]["short"]["value"]
    assert example["index"] == {"name": index.name, "n_domains": len(index)}


@pytest.mark.parametrize(
    "path", ["predict/cath", "predict/environment", "predict/mutations", "embed", "search", "check"]
)
def test_examples_of_results_fit_their_schema(schema, path):
    answer = schema["paths"][f"/{path}"]["post"]["responses"]["200"]
    content = answer["content"]["application/json"]
    (example,) = (example["value"] for example in content["examples"].values())
    # References to other schemas are resolved in the whole document.
    whole = {**content["schema"], "components": schema["components"]}
    jsonschema_rs.validate(whole, example)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(whole, {**example, "input": {}})


def test_examples_of_requests_fit_their_schema(schema):
    for path, _, operation in operations(schema):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            assert content["examples"], (path, kind)
            for example in content["examples"].values():
                jsonschema_rs.validate(content["schema"], example["value"])


def test_examples_of_other_responses_fit_their_schema(schema):
    for name in ("Problem", "Job", "ModelList", "Health", "ModelMetadata", "ModelReady"):
        described = schema["components"]["schemas"][name]
        (example,) = described["examples"]
        # A reference to another schema is looked up in the whole document.
        jsonschema_rs.validate({**described, "components": schema["components"]}, example)


def test_errors_are_documented_alike(schema):
    for path, method, operation in operations(schema):
        if "/health" in path or path == "/v2":
            continue
        documented = {int(status) for status in operation["responses"] if status[0] in "45"}
        least = {401, 403, 429, 500}
        if method == "post":
            least |= {400, 404, 408, 413, 415, 422, 502, 503}
        assert least <= documented, (path, method)


@pytest.mark.slow
def test_schemathesis_finds_no_failure(server, ubiquitin):
    import schemathesis
    from schemathesis import checks

    checks.load_all_checks()
    wanted = [checks.CHECKS.get_one(name) for name in CHECKS]
    lines = [line for line in ubiquitin.decode().splitlines() if line.startswith("ATOM")]
    pieces = st.integers(40, 200).map(lambda n: "\n".join(lines[:n]) + "\nEND\n")
    job = server.client.post("/jobs", files={"file": ubiquitin}).json()["id"]
    statuses: Counter[int] = Counter()

    def try_case(case: schemathesis.Case, piece: str, valid: bool) -> None:
        # Nothing but chance makes a structure of random text: half the bodies get one.
        if valid and isinstance(case.body, dict):
            if "file" in case.body:
                case.body["file"] = piece.encode()
            else:
                case.body.pop("id", None)
                case.body["structure"] = piece
                case.body.pop("format", None)
        if valid and case.method != "DELETE" and "job_id" in (case.path_parameters or {}):
            case.path_parameters["job_id"] = job
        response = case.call()
        statuses[response.status_code] += 1
        case.validate_response(response, checks=wanted)

    loaded = schemathesis.openapi.from_url(f"{server.client.base_url}/openapi.json")
    for result in loaded.get_all_operations():
        cases = result.ok().as_strategy()
        calm = settings(
            max_examples=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        calm(given(case=cases, piece=pieces, valid=st.booleans())(try_case))()
    assert statuses[200] > 50, statuses
    assert statuses[422] > 20, statuses


def test_the_description_is_encoded_once(tmp_path, monkeypatch):
    """Anyone may request it without a limit; encoding it again took most of the time."""
    from starlette.testclient import TestClient

    app = create_app(load_service_settings(spool_dir=tmp_path))
    client = TestClient(app)
    first = client.get("/openapi.json")
    monkeypatch.setattr("starlette.responses.json.dumps", lambda *_, **__: pytest.fail("again"))
    assert client.get("/openapi.json").content == first.content
    assert client.head("/openapi.json").headers["content-length"] == str(len(first.content))
