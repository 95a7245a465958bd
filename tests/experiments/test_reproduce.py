"""Stages from data to a released model: what is current and what is repeated."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from experiments.reproduce import MODELS, Folders, Stage


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / name for name in ("weights", "card")]
    for age, path in enumerate(reversed(paths)):
        path.touch()
        os.utime(path, (1000 - age, 1000 - age))
    return paths


def test_a_stage_is_current_until_an_input_is_newer(files):
    weights, card = files
    stage = Stage("model", "module", [], [weights], [card])
    assert stage.is_current()
    os.utime(weights, (2000, 2000))
    assert not stage.is_current()


def test_a_missing_file_is_made(files, tmp_path):
    weights, card = files
    assert not Stage("model", "module", [], [weights], [card, tmp_path / "none"]).is_current()
    assert not Stage("model", "module", [], [tmp_path / "none"], [card]).is_current()
    assert not Stage("documentation", "module", []).is_current()


@pytest.mark.parametrize("model", MODELS)
def test_every_stage_can_be_run(model, tmp_path):
    folders = Folders(tmp_path, tmp_path, tmp_path, tmp_path / "runs", None)
    stages = MODELS[model](folders)
    for stage in stages:
        assert importlib.util.find_spec(stage.module)
    given = Folders(tmp_path, tmp_path, tmp_path, tmp_path / "runs", Path("weights"))
    assert not any(stage.name == "training" for stage in MODELS[model](given))
