from __future__ import annotations

import pytest

from protvox.structure.io.read import read_structure


@pytest.fixture(autouse=True)
def models(tiny_models, monkeypatch):
    """Predict with small random networks."""
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    monkeypatch.delenv("PROTVOX_THREADS", raising=False)
    return tiny_models


@pytest.fixture(scope="session")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


@pytest.fixture(scope="session")
def repressor(data_dir):
    """Chain A of 1lcd with its operator DNA."""
    return read_structure(data_dir / "1lcd.pdb.gz")


@pytest.fixture(scope="session")
def many_chains(data_dir):
    return read_structure(data_dir / "1ake_chimerax.cif.gz")
