from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import logging
import re
import socket
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from protvox.cli.app import run
from protvox.errors import UsageError
from protvox.service.app import create_app
from protvox.service.settings import ServiceSettings, load_service_settings

KEY = "pvx_secret"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()


@pytest.fixture(autouse=True)
def same_logging():
    """Undo what a service that starts in this process does to the logs."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def test_missing_packages_are_reported(monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "fastapi" else find(name, *a)
    )
    assert run(["serve"]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert "not installed (fastapi)" in error
    assert "pip install 'protvox[service]'" in error


def test_public_address_is_refused(monkeypatch, capsys):
    monkeypatch.delenv("PROTVOX_SERVICE_API_KEYS", raising=False)
    assert run(["serve", "--host", "0.0.0.0"]) == 2
    assert "PROTVOX_SERVICE_ALLOW_PUBLIC" in capsys.readouterr().err


def test_port_in_use_is_reported(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PROTVOX_SERVICE_SPOOL_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port)]) == 2
    assert f"127.0.0.1:{port}: the service cannot listen at this address" in capsys.readouterr().err


def test_unwritable_job_directory_is_reported(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROTVOX_SERVICE_SPOOL_DIR", str(tmp_path / "file" / "jobs"))
    assert run(["serve"]) == 2
    assert "PROTVOX_SERVICE_SPOOL_DIR" in capsys.readouterr().err


def test_job_directory_belongs_to_one_service(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PROTVOX_SERVICE_SPOOL_DIR", str(tmp_path))
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run(["serve", "--port", "0"]) == 2
    assert "another service uses this job directory" in " ".join(capsys.readouterr().err.split())


def test_a_damaged_database_is_reported_in_the_log(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PROTVOX_SERVICE_SPOOL_DIR", str(tmp_path))
    (tmp_path / "jobs.sqlite").write_bytes(b"not a database " * 500)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 2
    line = json.loads(capsys.readouterr().err.splitlines()[0])
    assert line["level"] == "error"
    assert "the job database is damaged" in line["message"]


@pytest.mark.parametrize("name", list(ServiceSettings.model_fields))
def test_an_empty_setting_means_the_default(monkeypatch, name):
    default = load_service_settings()
    monkeypatch.setenv(f"PROTVOX_SERVICE_{name.upper()}", "")
    assert load_service_settings() == default


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GRACE_S", "inf", "less than or equal"),
        ("JOB_HOURS", "1e300", "less than or equal"),
        ("DEVICES", "cpu,gpu", "'gpu' is not auto, cpu, cuda or cuda:N"),
        ("DEVICES", ",", "at least 1 item"),
        ("PROXIES", "proxy.local", "not appear to be an IPv4 or IPv6 network"),
        ("PROXIES", "*", "not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_invalid_settings_are_refused(monkeypatch, name, value, words):
    monkeypatch.setenv(f"PROTVOX_SERVICE_{name}", value)
    with pytest.raises(UsageError, match=words) as caught:
        load_service_settings()
    assert caught.value.where == f"PROTVOX_SERVICE_{name}"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("QUEUE_SIZES", "QUEUE_SIZE"), ("RATE_PER_MIN", "RATE_PER_MINUTE"), ("KEYS", "API_KEYS")],
)
def test_a_misspelt_setting_is_refused(monkeypatch, name, nearest):
    """Formerly the service ran without the limit."""
    monkeypatch.setenv(f"PROTVOX_SERVICE_{name}", "1")
    with pytest.raises(UsageError, match=f"nearest is PROTVOX_SERVICE_{nearest}[.]") as caught:
        load_service_settings()
    assert (caught.value.where, caught.value.exit_code) == (f"PROTVOX_SERVICE_{name}", 2)


def test_folders_may_be_in_the_home_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load_service_settings(spool_dir="~/jobs", api_keys_file="~/keys")
    assert (settings.spool, settings.api_keys_file) == (tmp_path / "jobs", tmp_path / "keys")


def test_new_key_is_printed_with_its_digest(capsys):
    assert run(["serve", "--new-key", "lab"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    key, setting = first.split()[-1], second.split()[-1]
    assert setting == f"lab:{hashlib.sha256(key.encode()).hexdigest()}"


def test_every_setting_is_documented():
    path = Path(__file__).resolve().parents[2] / "docs" / "reference" / "environment.md"
    table = path.read_text().partition("PROTVOX_SERVICE_")[2]
    names = {name.upper() for name in ServiceSettings.model_fields}
    documented = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])
    }
    assert documented == names


@pytest.fixture
def client(tmp_path):
    settings = load_service_settings(
        api_keys=f"lab:{DIGEST}", spool_dir=tmp_path, rate_per_minute=60, rate_burst=3
    )
    # Not entered, so that no process is started.
    return TestClient(create_app(settings))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/predict/cath"),
        ("POST", "/predict/environment"),
        ("POST", "/predict/mutations"),
        ("POST", "/jobs"),
        ("GET", "/jobs/x"),
        ("DELETE", "/jobs/x"),
        ("GET", "/jobs/x/results"),
        ("GET", "/models"),
        ("GET", "/metrics"),
    ],
)
def test_everything_but_health_needs_the_key(client, method, path):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "request.key")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/health/live").status_code == 200


def test_key_is_limited_by_its_rate(client):
    headers = {"authorization": f"Bearer {KEY}"}
    codes = [client.get("/models", headers=headers).json()["code"] for _ in range(3)]
    assert codes == ["service.starting"] * 3
    answer = client.get("/models", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (429, "request.rate")
    assert int(answer.headers["retry-after"]) == 1


def test_retry_after_is_sent_while_models_load(client):
    answer = client.get("/models", headers={"authorization": f"Bearer {KEY}"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (503, "starting")
    assert int(ready.headers["retry-after"]) >= 1


def test_bugs_are_reported_without_details(client, monkeypatch):
    monkeypatch.setattr("protvox.service.workers.engine.Engine.models", lambda self: 1 / 0)
    answer = client.get("/models", headers={"authorization": f"Bearer {KEY}"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal"
    assert "division" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
