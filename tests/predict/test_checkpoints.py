"""Long computations ask often whether somebody still waits for them."""

from __future__ import annotations

import importlib.util
import time
from itertools import pairwise
from pathlib import Path

import pytest

from protvox.checkpoint import checkpoint, stopped_by
from protvox.predict.classify import classify
from protvox.structure.io.read import read_structure

ROOT = Path(__file__).resolve().parents[2]


def long_chain(residues: int) -> bytes:
    path = ROOT / "benchmarks" / "hostile_clients.py"
    spec = importlib.util.spec_from_file_location("hostile_clients", path)
    module = importlib.util.module_from_spec(spec)
    # A data class looks up its module.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "hostile_clients", module)
        spec.loader.exec_module(module)
    return module.long_chain(residues)


def test_a_large_domain_is_left_soon():
    """One step of 21 s once asked nobody; eight such requests stopped a service for 77 s."""
    structure = read_structure(long_chain(2_500))
    classify(structure.select(structure.number <= 200), task="cath", device="cpu")
    asked: list[float] = []
    with stopped_by(lambda: asked.append(time.process_time())):
        classify(structure, task="cath", domains="chain", device="cpu")
    gaps = [after - before for before, after in pairwise(asked)]
    assert len(asked) > 8
    assert max(gaps) < 2.0

    class LeftError(Exception):
        pass

    def leave() -> None:
        raise LeftError

    with pytest.raises(LeftError), stopped_by(leave):
        classify(structure, task="cath", domains="chain", device="cpu")
    checkpoint()  # nobody is asked outside
