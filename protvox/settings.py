"""Settings from ``PROTVOX_*`` environment variables, which only this module reads."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from protvox.errors import fail

MAX_THREADS = 1024
"""Libraries crash with much larger numbers."""

_READ_SECONDS = 120.0
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]+)?")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the environment.

    Attributes
    ----------
    cache_dir
        ``PROTVOX_CACHE_DIR``: folder for downloaded structures; default
        ``$XDG_CACHE_HOME/protvox`` or ``~/.cache/protvox``.
    offline
        ``PROTVOX_OFFLINE``: never use the network (default false).
    device
        ``PROTVOX_DEVICE``: ``auto`` (default), ``cpu``, ``cuda`` or ``cuda:N``.
    threads
        ``PROTVOX_THREADS``: CPU threads; ``None`` leaves the number to the libraries.
    read_seconds
        ``PROTVOX_READ_SECONDS``: CPU time for reading one structure (default 120).
    model_dir
        ``PROTVOX_MODEL_DIR``: an extra folder of models, searched before those shipped.
    debug
        ``PROTVOX_DEBUG``: show the traceback of an error on the command line (default false).
    """

    cache_dir: Path
    offline: bool = False
    device: str = "auto"
    threads: int | None = None
    read_seconds: float = _READ_SECONDS
    model_dir: Path | None = None
    debug: bool = False


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Parameters
    ----------
    environment
        Variables to read, ``os.environ`` by default.

    Returns
    -------
    Settings
        Read again at every call, so that a changed variable takes effect.

    Raises
    ------
    UsageError
        If a variable has an invalid value (``usage.setting``).
    """
    env = os.environ if environment is None else environment
    model_dir = env.get("PROTVOX_MODEL_DIR", "").strip()
    return Settings(
        cache_dir=_cache_dir(env),
        offline=_boolean(env, "PROTVOX_OFFLINE"),
        device=_device(env),
        threads=_threads(env),
        read_seconds=_seconds(env),
        model_dir=Path(model_dir).expanduser() if model_dir else None,
        debug=_boolean(env, "PROTVOX_DEBUG"),
    )


def load_read_seconds() -> float:
    """Return ``PROTVOX_READ_SECONDS`` alone, so that reading needs no other setting, nor a HOME.

    Raises
    ------
    UsageError
        If it is not a number above 0 (``usage.setting``).
    """
    return _seconds(os.environ)


def is_device(text: str) -> bool:
    """Return whether a text can name a device.

    Parameters
    ----------
    text
        ``auto``, ``cpu``, ``cuda``, ``cuda:N``, or anything else.

    Examples
    --------
    >>> is_device("cuda:1"), is_device("gpu")
    (True, False)
    """
    return _DEVICE.fullmatch(text) is not None


def package_environment() -> dict[str, str]:
    """Return the environment of child processes: this one, with this package importable."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def _cache_dir(env: Mapping[str, str]) -> Path:
    own = env.get("PROTVOX_CACHE_DIR", "").strip()
    return Path(own).expanduser() if own else users_cache_dir(env)


def users_cache_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for what protvox keeps for this user and for nobody else.

    Parameters
    ----------
    env
        Environment variables; of them, ``XDG_CACHE_HOME`` is read.

    Raises
    ------
    ProtvoxError
        It is not set, and the user has no home.
    """
    base = env.get("XDG_CACHE_HOME", "").strip()
    if base:
        return Path(base) / "protvox"
    try:
        return Path("~/.cache").expanduser() / "protvox"
    except RuntimeError as error:  # HOME is not set, and the user has no entry either
        raise fail("usage.setting.home", where="HOME") from error


def _boolean(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise fail("usage.setting.boolean", where=name, value=env[name])


def _device(env: Mapping[str, str]) -> str:
    name = "PROTVOX_DEVICE"
    text = env.get(name, "").strip().lower() or "auto"
    if is_device(text):
        return text
    raise fail("usage.setting.device", where=name, value=env[name])


def _seconds(env: Mapping[str, str]) -> float:
    name = "PROTVOX_READ_SECONDS"
    text = env.get(name, "").strip()
    if not text:
        return _READ_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds < math.inf:
        return seconds
    raise fail("usage.setting.seconds", where=name, value=env[name])


def _threads(env: Mapping[str, str]) -> int | None:
    name = "PROTVOX_THREADS"
    text = env.get(name, "").strip()
    if not text:
        return None
    if text.isdecimal() and 0 < int(text[:9]) <= MAX_THREADS:
        return int(text)
    raise fail("usage.setting.threads", where=name, value=env[name])
