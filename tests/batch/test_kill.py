"""Runs killed with SIGKILL at random moments; ``benchmarks/batch_kill.py`` kills thirty times."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "batch_kill.py"


@pytest.mark.slow
def test_a_killed_and_resumed_run_has_the_rows_of_an_undisturbed_run(folder, data_dir):
    spec = importlib.util.spec_from_file_location("batch_kill", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = (data_dir / "1a8o.cif").read_text()
    for number in range(12):  # the same content would be computed once
        (folder / f"copy{number}.cif").write_text(f"{text}# {number}\n")
    result = script.torture(sorted(folder.iterdir()), kills=2, task="cath", seed=0)
    assert result["rows"]["inputs"] == 16
    assert result["tables_that_differ"] == []
    assert 0 < result["finished_at_each_kill"][0] < 16
