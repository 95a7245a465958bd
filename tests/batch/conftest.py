from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from batch_runs import SMALL

HERE = str(Path(__file__).parent)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Predict with the released models, which load faster than any made here."""
    for name in ("PROTVOX_MODEL_DIR", "PROTVOX_THREADS", "PROTVOX_DEVICE", "PROTVOX_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def importable(monkeypatch):
    """Child processes can import the modules of this folder."""
    paths = [HERE, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))


@pytest.fixture
def fake(importable, monkeypatch):
    """A model process without networks; the readers are real."""
    monkeypatch.setattr("protvox.batch.workers.pool.MODEL", "fake_model")


@pytest.fixture
def folder(tmp_path, data_dir) -> Path:
    """Three small structures and a broken one."""
    made = tmp_path / "in"
    made.mkdir()
    for name in SMALL:
        shutil.copy(data_dir / name, made)
    (made / "broken.pdb").write_text("ATOM, and nothing more\n")
    return made
