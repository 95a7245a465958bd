"""An honest client is served while another client attacks.

``benchmarks/hostile_clients.py`` measures the same for longer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from hostile_clients import ATTACKS, attacked, honest

from protvox.service.core import Core
from protvox.service.failures import ServiceError
from protvox.service.parsed_request import ParsedRequest
from protvox.service.settings import load_service_settings

LIMIT_S = 10.0
"""Time in which an answer counts; tests share their processors."""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_honest_client_is_served_beside_an_attack(server, ubiquitin, name):
    address = f"http://127.0.0.1:{server.port}"
    with attacked(address, ATTACKS[name]()):
        seconds = honest(address, ubiquitin, requests=5, pause_s=0.5, limit_s=LIMIT_S)
    assert sum(one <= LIMIT_S for one in seconds) >= 0.8 * len(seconds), seconds


def test_large_requests_are_sent_to_jobs(tmp_path):
    core = Core(load_service_settings(spool_dir=tmp_path))
    options = {"task": "cath"}
    core._check_size(ParsedRequest(b"", "", "x", 20_000, 5_000, options))
    with pytest.raises(ServiceError) as caught:
        core._check_size(ParsedRequest(b"", "", "x", 20_000, 5_001, options))
    assert (caught.value.status, caught.value.code) == (413, "request.too_large")
    assert "POST /jobs" in str(caught.value)
