"""The images, without an engine: their steps are read from the Dockerfiles and run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from functools import partial
from pathlib import Path

import httpx
import pytest

from protvox.structure.interning import _intern

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
IMAGES = ("cpu", "gpu")
DIGEST = "sha256:[0-9a-f]{64}"


def steps(image: str) -> list[tuple[str, str]]:
    """Instruction and arguments of every step, continued lines joined."""
    text = (DOCKER / f"Dockerfile.{image}").read_text()
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def stages(image: str) -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for step in steps(image):
        if step[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


def of(stage: list[tuple[str, str]], instruction: str) -> list[str]:
    return [arguments for name, arguments in stage if name == instruction]


def environment(stage: list[tuple[str, str]]) -> dict[str, str]:
    return dict(word.split("=", 1) for line in of(stage, "ENV") for word in shlex.split(line))


@pytest.mark.parametrize("image", IMAGES)
def test_image_runs_unprivileged_with_a_health_check(image):
    _, last = stages(image)
    assert of(last, "USER") == ["protvox"]
    assert [name for name, _ in last].index("USER") > max(
        i for i, (name, _) in enumerate(last) if name in ("RUN", "COPY")
    )
    assert "/health/ready" in of(last, "HEALTHCHECK")[0]
    assert json.loads(of(last, "CMD")[0]) == ["protvox", "serve"]


@pytest.mark.parametrize("image", IMAGES)
def test_copied_files_exist_and_are_not_ignored(image):
    build, _ = stages(image)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for line in of(build, "COPY"):
        for source in line.split()[:-1]:
            name = source.removeprefix("./")
            assert (ROOT / name).exists()
            assert f"!{name}" in allowed


@pytest.mark.parametrize("image", IMAGES)
def test_the_base_image_is_pinned_in_one_line(image):
    name, base = steps(image)[0]
    assert name == "ARG"
    assert re.fullmatch(rf"BASE=python:3\.12\.\d+-slim-bookworm@{DIGEST}", base)
    bases = [of(stage, "FROM")[0] for stage in stages(image)]
    assert bases == ["${BASE} AS build", "${BASE}"]


def test_images_differ_only_in_the_device():
    cpu, gpu = (
        {f"{name} {arguments}" for name, arguments in steps(image) if name in ("RUN", "COPY")}
        for image in IMAGES
    )
    assert all("pip install" in step for step in cpu ^ gpu)
    assert environment(stages("gpu")[1]).pop("PROTVOX_SERVICE_DEVICES") == "cuda"


def test_compose_is_local_and_read_only():
    text = (DOCKER / "compose.yaml").read_text()
    assert re.findall(r'- "(.*):\d+:\d+"', text) == ["127.0.0.1", "127.0.0.1"]
    assert text.count("read_only: true") == text.count("no-new-privileges:true") == 2
    assert "protvox:8000" in (DOCKER / "prometheus.yml").read_text()
    assert "PROTVOX_SERVICE_NAMES: protvox\n" in text
    assert re.search(rf"image: prom/prometheus:v[\d.]+@{DIGEST}\n", text)


@pytest.mark.slow
def test_steps_of_the_image_produce_a_service(tmp_path):
    build, last = stages("cpu")
    source, target, state = tmp_path / "src", tmp_path / "protvox", tmp_path / "state"
    source.mkdir()
    for line in of(build, "COPY"):
        for name in line.split()[:-1]:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, source / name)

    def placed(text: str) -> str:
        text = text.replace("/opt/protvox", str(target)).replace("/var/lib/protvox", str(state))
        return text.replace("python -m venv", f"{sys.executable} -m venv")

    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PROTVOX_", "PYTHON", "VIRTUAL_ENV"))
    } | {"HOME": str(tmp_path), "PIP_RETRIES": "0"}
    # The image compiles every module; here those that are used, on their first use, to save time.
    clean["PIP_NO_COMPILE"] = "1"
    variables = {k: placed(v) for k, v in environment(build).items()}
    make, *install = of(build, "RUN")
    run = partial(subprocess.run, cwd=source, env=clean | variables, check=True)
    run(["bash", "-c", placed(make)])
    # Packages of the versions wanted that are installed here are not installed once more.
    (packages,) = target.glob("lib/python*/site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_path("purelib"))
    # Nor are the loops compiled that were compiled here, from the same sources.
    compiled = Path(_intern._cache.cache_path).parent
    shutil.copytree(compiled, variables["NUMBA_CACHE_DIR"], dirs_exist_ok=True)
    for command in install:
        run(["bash", "-c", placed(command)])
    assert (packages / "protvox").is_dir()
    shutil.rmtree(source)

    variables = {k: placed(v) for k, v in environment(last).items()}
    variables["PATH"] = variables["PATH"].replace("$PATH", clean["PATH"])
    del variables["PYTHONDONTWRITEBYTECODE"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        variables["PROTVOX_SERVICE_PORT"] = str(free.getsockname()[1])
    command = json.loads(of(last, "CMD")[0])
    command[0] = str(target / "bin" / command[0])
    options = {"env": clean | variables, "cwd": tmp_path, "text": True}
    # The image would be open to everybody, which must be allowed explicitly.
    closed = subprocess.run(command, capture_output=True, timeout=120, **options)
    assert closed.returncode == 2
    assert "PROTVOX_SERVICE_ALLOW_PUBLIC" in closed.stderr

    options["env"] |= {"PROTVOX_SERVICE_ALLOW_PUBLIC": "1", "PROTVOX_SERVICE_THREADS": "1"}
    check = json.loads(of(last, "HEALTHCHECK")[0].partition(" CMD ")[2])
    check[0] = str(target / "bin" / check[0])
    service = subprocess.Popen(command, **options)
    try:
        end = time.monotonic() + 240
        while subprocess.run(check, stderr=subprocess.DEVNULL, **options).returncode:
            assert service.poll() is None
            assert time.monotonic() < end
            time.sleep(1)
        address = f"http://127.0.0.1:{variables['PROTVOX_SERVICE_PORT']}/predict/cath"
        content = (ROOT / "tests" / "data" / "1ubi.pdb").read_bytes()
        answer = httpx.post(address, files={"file": ("1ubi.pdb", content)}, timeout=120)
        assert answer.status_code == 200, answer.text
        assert answer.json()["domains"][0]["architectures"]
    finally:
        service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0
