"""Predictions of a task other than the built-in ones: a table of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TaskRows:
    """What a task predicts about one structure.

    Attributes
    ----------
    title
        What the rows are, for people.
    model
        ``name@version`` of the model.
    rows
        One record per thing predicted, all with the same keys, e.g. ``chain`` and
        ``probability``.
    """

    title: str
    model: str
    rows: tuple[Mapping[str, Value], ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)
