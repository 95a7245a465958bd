"""The deployable application in ``service/``, and what the wheel contains."""

from __future__ import annotations

import configparser
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile

import httpx
import jsonschema_rs
import pytest

from protvox.service.http.connections import AT_ONCE, MAX_CONNECTIONS, PER_S, Connection
from protvox.service.settings import ServiceSettings, load_service_settings
from service.generate import FOLDER, descriptions

ROOT = FOLDER.parent


def test_published_descriptions_are_current():
    """If this fails, run ``python -m service.generate``."""
    files = descriptions()
    assert [path.name for path, text in files.items() if path.read_text() != text] == []
    assert {path.name for path in (FOLDER / "schemas").iterdir()} == {
        path.name for path in files if path.parent.name == "schemas"
    }


def test_published_schemas_are_valid():
    for path in (FOLDER / "schemas").iterdir():
        jsonschema_rs.validator_for(path.read_text())


def settings_in(text: str) -> dict[str, str]:
    return dict(re.findall(r"PROTVOX_SERVICE_([A-Z_]+)=(\S+)", text))


def test_systemd_unit_runs_the_service_with_known_settings():
    text = (FOLDER / "protvox.service").read_text()
    unit = configparser.ConfigParser(strict=False, allow_no_value=True)
    unit.optionxform = str
    unit.read_string(text)
    assert unit["Service"]["ExecStart"].endswith("/protvox serve")
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    assert unit["Service"]["ProtectSystem"] == "strict"
    names = {name.upper() for name in ServiceSettings.model_fields}
    assert settings_in(text).keys() <= names
    settings = load_service_settings()
    assert float(unit["Service"]["TimeoutStopSec"]) > settings.grace_s


def test_proxy_example_fits_the_limits_of_the_service():
    text = (FOLDER / "nginx.conf").read_text()
    settings = ServiceSettings()
    unit = settings_in((FOLDER / "protvox.service").read_text())
    assert f"proxy_pass http://{unit['HOST']}:{unit['PORT']};" in text
    (body,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(body) > settings.body_mib
    (read,) = re.findall(r"proxy_read_timeout (\d+)s;", text)
    assert int(read) > settings.deadline_s
    assert text.count("{") == text.count("}")


def test_proxy_example_limits_each_address_like_the_service():
    """The service exempts its proxies."""
    text = (FOLDER / "nginx.conf").read_text()
    zones = dict(re.findall(r"^(limit_conn|limit_req)_zone .* zone=(\w+):", text, re.MULTILINE))
    (most,) = re.findall(rf"^ +limit_conn {zones['limit_conn']} (\d+);", text, re.MULTILINE)
    assert int(most) < MAX_CONNECTIONS * ServiceSettings().share
    assert f"rate={PER_S:g}r/s;" in text
    assert f"limit_req zone={zones['limit_req']} burst={AT_ONCE} nodelay;" in text


def test_command_in_the_readme_names_the_connection_class():
    name = f"{Connection.__module__}:{Connection.__name__}"
    assert f"uvicorn service.app:app --http {name}" in (FOLDER / "README.md").read_text()


@pytest.mark.slow
def test_uvicorn_serves_the_application(tmp_path):
    (line,) = re.findall(r"^    uvicorn (.*)$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PROTVOX_")},
        "PYTHONPATH": str(ROOT),
        "PROTVOX_CACHE_DIR": str(tmp_path),
        "PROTVOX_SERVICE_THREADS": "1",
    }
    command = [sys.executable, "-m", "uvicorn", *line.split(), "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 180
        while True:
            try:
                if httpx.get(f"{address}/health/ready").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.5)
        content = (ROOT / "tests" / "data" / "1ubi.pdb").read_bytes()
        response = httpx.post(f"{address}/predict/cath", files={"file": content}, timeout=120)
        assert response.json()["schema"] == "protvox.classify/1"
        assert httpx.get(f"{address}/openapi.json").json()["info"]["title"] == "protvox"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)


@pytest.mark.slow
def test_wheel_contains_the_package_alone(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", ".", "-w", tmp_path]
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"protvox"}
    for part in ("protvox/service/static", "protvox/catalogue"):
        here = {
            path.relative_to(ROOT).as_posix() for path in (ROOT / part).rglob("*") if path.is_file()
        }
        assert here and here <= set(names)
