from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from protvox.service.app import create_app
from protvox.service.routes.page import page_routes
from protvox.service.settings import load_service_settings


@pytest.fixture
def client(tmp_path):
    (tmp_path / "index.html").write_text("<p>hello")
    (tmp_path / "main.js").touch()
    (tmp_path / "viewer").mkdir()
    (tmp_path / "viewer" / "index.html").write_text("<p>viewer")
    return TestClient(create_app(load_service_settings(spool_dir=tmp_path), tmp_path))


def test_without_an_index_there_is_no_page(tmp_path):
    assert page_routes(tmp_path) == []


def test_page_may_load_only_its_own_files(client):
    answer = client.get("/")
    assert answer.text == "<p>hello"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy and "http" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "none"


def test_scripts_are_sent_without_comments(client, tmp_path):
    script = tmp_path / "main.js"
    script.write_text("/**\n * About it.\n */\nlet a = 1; // one\n  // two\nlet b;\n")
    answer = client.get("/main.js")
    assert answer.text == "let a = 1; // one\nlet b;\n"
    assert answer.headers["content-type"].startswith("text/javascript")
    known = {"if-none-match": answer.headers["etag"]}
    assert client.get("/main.js", headers=known).status_code == 304


def test_viewer_may_be_framed_by_the_page_only(client):
    answer = client.get("/viewer/")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", ["/../settings.py", "/%2e%2e/settings.py", "/..%2fsettings.py"])
def test_nothing_outside_the_folder_is_served(client, path):
    assert client.get(path).status_code == 404


def test_page_does_not_hide_other_routes(client):
    answer = client.get("/predict/cath")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.get("/health/live").json()["status"] == "ok"
    assert client.get("/nothing").json()["code"] == "request.path"
    assert client.post("/").status_code == 405


def test_head_is_answered_where_get_is(client):
    for path in ("/health/live", "/health/ready", "/v2", "/jobs/x", "/", "/openapi.json"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-length"] == str(len(get.content)), path
    assert client.head("/predict/cath").status_code == 405
