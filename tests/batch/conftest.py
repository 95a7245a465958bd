from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

# The processes of a run import the fake model by its name.
sys.path.insert(0, str(Path(__file__).parent))

import fake_model
from batch_runs import SMALL


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Predict with the released models, which load faster than any made here."""
    for name in ("PROTVOX_MODEL_DIR", "PROTVOX_THREADS", "PROTVOX_DEVICE", "PROTVOX_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake(monkeypatch):
    """A model process without networks; the readers are real."""
    monkeypatch.setattr("protvox.batch.workers.pool.answer_items", fake_model.answer_items)


@pytest.fixture
def folder(tmp_path, data_dir) -> Path:
    """Three small structures and a broken one."""
    made = tmp_path / "in"
    made.mkdir()
    for name in SMALL:
        shutil.copy(data_dir / name, made)
    (made / "broken.pdb").write_text("ATOM, and nothing more\n")
    return made
