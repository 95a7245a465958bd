"""An honest client is served while another client attacks: at least 80 % of what it has alone.

``benchmarks/hostile_clients.py`` measures the same for longer.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from hostile_clients import ATTACKS, KEYS, attacked, honest

from protvox.service.core import Core
from protvox.service.failures import ServiceError
from protvox.service.parsed_request import ParsedRequest
from protvox.service.settings import load_service_settings

LIMIT_S = 10.0
"""Time in which an answer counts; tests share their processors."""
REQUESTS = 8
FILES = 96
"""Limit of open files, which leaves 24 connections, 12 of them for one address."""


def served(server, content: bytes, path: str = "/predict/cath") -> int:
    """Return how many requests of an honest client are answered in time."""
    address = f"http://127.0.0.1:{server.port}"
    seconds = honest(address, content, REQUESTS, pause_s=0.35, limit_s=LIMIT_S, path=path)
    return sum(one <= LIMIT_S for one in seconds)


@pytest.fixture(scope="module")
def alone(server, ubiquitin) -> int:
    """How many requests are answered without an attack."""
    return served(server, ubiquitin)


@pytest.fixture(scope="module")
def small_server(make_server):
    """A service with keys and few descriptors."""
    return make_server(**KEYS, files=FILES)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "guesses of keys"])
def test_an_honest_client_is_served_beside_an_attack(server, ubiquitin, alone, name):
    with attacked(f"http://127.0.0.1:{server.port}", ATTACKS[name]()):
        time.sleep(0.5)
        assert served(server, ubiquitin) >= 0.8 * alone
        if "jobs" in name:
            assert served(server, ubiquitin, "/jobs") >= 0.8 * alone


@pytest.mark.parametrize("name", ["guesses of keys", "silent connections"])
def test_an_honest_client_is_served_with_few_descriptors(small_server, ubiquitin, name):
    address = f"http://127.0.0.1:{small_server.port}"
    alone = served(small_server, ubiquitin)
    before = len(small_server.log())
    with attacked(address, ATTACKS[name]()):
        time.sleep(0.5)
        assert served(small_server, ubiquitin) >= 0.8 * alone
    assert "Traceback" not in small_server.log()
    assert len(small_server.log()) - before < 1 << 20


def test_large_requests_are_sent_to_jobs(tmp_path):
    core = Core(load_service_settings(spool_dir=tmp_path))
    options = {"task": "cath"}
    core._check_size(ParsedRequest(b"", "", "x", 20_000, 5_000, options))
    with pytest.raises(ServiceError) as caught:
        core._check_size(ParsedRequest(b"", "", "x", 20_000, 5_001, options))
    assert (caught.value.status, caught.value.code) == (413, "request.too_large")
    assert "POST /jobs" in str(caught.value)
