"""Text of a model card, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protvox.errors import fail


@dataclass(frozen=True)
class CardWords:
    """Text of a model card by its author.

    Attributes
    ----------
    version
        Version of the model.
    summary
        One line about it.
    training
        ``data``, ``split``, ``network``, ``cost``, ``limits`` (a list of sentences) and the like.
    temperature
        Where there are no validation data: that of an earlier training of the same kind.
    options
        What else the file gives, for `protvox.train.task.TrainingTask.release_fields`.
    """

    version: str
    summary: str
    training: Mapping[str, Any] = field(default_factory=dict)
    temperature: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def read_words(path: Path) -> CardWords:
    """Read ``card.toml``.

    Parameters
    ----------
    path
        TOML file with ``version`` and ``summary``; optionally ``temperature``, the table
        ``training``, and what the task understands.

    Raises
    ------
    ModelError
        If it cannot be read (``config.read``) or lacks a value (``config.value``).
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise fail("config.read", where=str(path), error=error) from error
    for name in ("version", "summary"):
        if not isinstance(values.get(name), str):
            raise fail("config.value.card", where=str(path), name=name)
    known = ("version", "summary", "training", "temperature")
    return CardWords(
        version=values["version"],
        summary=values["summary"],
        training=values.get("training", {}),
        temperature=values.get("temperature"),
        options={name: value for name, value in values.items() if name not in known},
    )
