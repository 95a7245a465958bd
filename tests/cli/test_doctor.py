from __future__ import annotations

import dataclasses
import shutil

import pytest

from protvox.registry import installed
from protvox.registry.card import Vote, read_card, write_card


@pytest.mark.parametrize("kept", [(), ("environment",)])
def test_task_without_a_model_is_reported(protvox, monkeypatch, kept):
    left = [model for model in installed.available() if model.task in kept]
    monkeypatch.setattr(installed, "available", lambda: left)
    result = protvox("doctor")
    assert result.code == 5
    for task in ("backbone", "cath"):
        assert f"BAD  model        no model is installed for the task {task}" in result.text


@pytest.mark.parametrize("votes", [False, True])
def test_a_missing_index_is_reported(protvox, monkeypatch, tiny_models, tmp_path, votes):
    root = tmp_path / "models"
    shutil.copytree(tiny_models, root)
    if votes:
        card = dataclasses.replace(read_card(root / "cath"), vote=Vote(5, 0.2, 0.5))
        write_card(card, root / "cath")
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(root))
    result = protvox("doctor")
    assert result.code == (5 if votes else 0)
    assert ("no embedding was trained for cath@9" in result.text) == votes
