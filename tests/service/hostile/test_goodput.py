"""An honest client is served while another client attacks.

``benchmarks/hostile_clients.py`` measures the same for longer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from hostile_clients import attacked, attacks, honest, long_chain

LIMIT_S = 20.0
"""Time in which an answer counts; tests share their processors."""

ATTACKS = attacks()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_honest_client_is_served_beside_an_attack(server, ubiquitin, name):
    address = f"http://127.0.0.1:{server.port}"
    with attacked(address, ATTACKS[name]):
        seconds = honest(address, ubiquitin, requests=3, pause_s=0.5, limit_s=LIMIT_S)
    assert sum(one <= LIMIT_S for one in seconds) >= 0.8 * len(seconds), seconds


def test_large_requests_are_sent_to_jobs(client, refused, post):
    answer = post(client, long_chain(5_001))
    assert "5001 residues" in refused(answer, "request.too_large")["what"]
    assert "POST /jobs" in answer.json()["remedy"]
