from __future__ import annotations

import pytest

from protvox.zoo import registry


@pytest.mark.parametrize("kept", [(), ("environment",)])
def test_a_task_without_a_model_is_bad(protvox, monkeypatch, kept):
    left = [model for model in registry.available() if model.task in kept]
    monkeypatch.setattr(registry, "available", lambda: left)
    result = protvox("doctor")
    assert result.code == 5
    assert "BAD  model        none for the task cath is installed" in result.text
