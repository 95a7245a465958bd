"""The helical task as an installed package: a folder for PYTHONPATH with an entry point."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from protvox.registry import tasks

HELICAL = Path(__file__).parent / "helical"


@pytest.fixture(scope="session")
def helical_path(tmp_path_factory) -> list[str]:
    """Folders to search for modules: that of the task, and the metadata of its package."""
    site = tmp_path_factory.mktemp("site")
    info = site / "helical_task-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: helical-task\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[protvox.tasks]\nhelical = helical_task:TASK\n")
    return [str(HELICAL), str(site)]


@pytest.fixture(scope="module")
def installed_helical(helical_path):
    """Install the package of the task in this process."""
    forget()
    sys.path[:0] = helical_path
    yield
    del sys.path[: len(helical_path)]
    forget()


def forget() -> None:
    """Look for installed tasks anew."""
    tasks.find_task.cache_clear()
    tasks._installed.cache_clear()
