"""Training configurations: a TOML file with the tables ``architecture`` and ``loop``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from protvox.errors import fail
from protvox.networks.config import from_mapping, refuse_unknown
from protvox.train.loop import LoopConfig

T = TypeVar("T")


def read_config(path: Path, architecture: type[T]) -> tuple[T, LoopConfig]:
    """Read a training configuration.

    Parameters
    ----------
    path
        TOML file; values it does not give have the defaults of the dataclasses.
    architecture
        Dataclass of the table ``architecture``, e.g. `protvox.networks.cath.CathConfig`.

    Returns
    -------
    architecture : dataclass
        The network and its input.
    loop : LoopConfig
        The schedule.

    Raises
    ------
    ModelError
        If the file cannot be read, or a name or value in it is invalid.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise fail("config.read", where=str(path), error=error) from error
    refuse_unknown(document, {"architecture", "loop"}, str(path))
    return (
        from_mapping(architecture, document.get("architecture", {}), f"{path} [architecture]"),
        from_mapping(LoopConfig, document.get("loop", {}), f"{path} [loop]"),
    )
