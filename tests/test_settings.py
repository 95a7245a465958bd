from __future__ import annotations

from pathlib import Path

import pytest

from protvox.errors import UsageError
from protvox.settings import load_settings


def test_defaults() -> None:
    settings = load_settings({})
    assert settings.cache_dir == Path("~/.cache/protvox").expanduser()
    assert settings.offline is False
    assert settings.device == "auto"
    assert settings.threads is None
    assert settings.model_dir is None


def test_everything_can_be_set() -> None:
    settings = load_settings(
        {
            "PROTVOX_CACHE_DIR": "/c",
            "PROTVOX_OFFLINE": "yes",
            "PROTVOX_DEVICE": "CUDA:1",
            "PROTVOX_THREADS": "4",
            "PROTVOX_READ_SECONDS": "2.5",
            "PROTVOX_MODEL_DIR": "~/m",
        }
    )
    assert settings.cache_dir == Path("/c")
    assert settings.offline is True
    assert settings.device == "cuda:1"
    assert settings.threads == 4
    assert settings.read_seconds == 2.5
    assert settings.model_dir == Path("~/m").expanduser()


def test_cache_follows_xdg() -> None:
    assert load_settings({"XDG_CACHE_HOME": "/x"}).cache_dir == Path("/x/protvox")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROTVOX_OFFLINE", "maybe"),
        ("PROTVOX_DEVICE", "tpu"),
        ("PROTVOX_DEVICE", "cuda:x"),
        ("PROTVOX_THREADS", "0"),
        ("PROTVOX_THREADS", "-1"),
        ("PROTVOX_THREADS", "two"),
        ("PROTVOX_READ_SECONDS", "0"),
        ("PROTVOX_READ_SECONDS", "nan"),
        ("PROTVOX_READ_SECONDS", "soon"),
    ],
)
def test_invalid_value_is_reported_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings({name: value})
    assert caught.value.code == "usage.setting"
    assert name in str(caught.value)
    assert value in str(caught.value)


def test_environment_is_read_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROTVOX_OFFLINE", "1")
    assert load_settings().offline
    monkeypatch.setenv("PROTVOX_OFFLINE", "0")
    assert not load_settings().offline
