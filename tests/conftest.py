"""Fixtures shared by all tests: where the structures are."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the small fixture structures."""
    return ROOT / "tests" / "data"


@pytest.fixture(scope="session")
def example_path() -> Path:
    """The example structure that ships with the package."""
    return ROOT / "protvox" / "examples" / "1pwc.pdb.gz"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the large data sets; skips the test where they are not."""
    folder = Path(os.environ.get("PROTVOX_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set PROTVOX_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def raw_files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The original, uncleaned structure files of the shared data."""
    archive = shared_data / "raw.tar.xz"
    if not archive.is_file():
        pytest.skip(f"no {archive}")
    folder = tmp_path_factory.mktemp("raw")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return sorted(path for path in (folder / "raw").iterdir() if path.is_file())
