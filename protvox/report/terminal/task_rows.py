"""Predictions of tasks other than the built-in ones, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.results.task_rows import TaskRows, Value


def render_rows(rows: TaskRows) -> Iterator[RenderableType]:
    """Lay out the rows of a task.

    Parameters
    ----------
    rows
        What was predicted.

    Yields
    ------
    rich renderable
        The title, and a table with one column per value.
    """
    yield Text.assemble((printable(rows.title), "bold cyan"), (f"  {rows.model}", "dim"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in rows.rows[0] if rows.rows else ():
        table.add_column(printable(name), overflow="fold")
    for row in rows.rows:
        table.add_row(*(Text(printable(_text(value))) for value in row.values()))
    yield table


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
