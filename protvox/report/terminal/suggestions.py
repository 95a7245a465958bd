"""Suggested mutations as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from protvox.report.terminal.prediction import render_input
from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.results.suggestion_document import Suggestion
    from protvox.predict.suggest.results import SuggestionResult

_QUIET: Final = "dim"


def render_suggestions(result: SuggestionResult) -> RenderableType:
    """Lay out the suggestions for one structure.

    Parameters
    ----------
    result
        Suggestions.

    Returns
    -------
    rich renderable
        At most 80 columns wide, and readable without colour.
    """
    title = Text("Suggested mutations", style="bold cyan")
    title.append(f"  {', '.join(result.models.values())}", style=f"not bold {_QUIET}")
    explanation = Text(
        "ddG: estimated change of stability, kcal/mol, negative = stabilising;\n"
        "in brackets: what speaks against the mutation",
        style=_QUIET,
    )
    table = Table(box=None, pad_edge=False, header_style=_QUIET)
    table.add_column("chain", overflow="fold", max_width=10)
    table.add_column("mutation")
    table.add_column("ddG", justify="right")
    table.add_column("80 % interval", justify="right")
    table.add_column("reason", overflow="fold")
    for one in result.suggestions:
        table.add_row(
            printable(", ".join((one.chain, *one.copies))),
            printable(one.mutation),
            f"{one.ddg:+.1f}",
            f"{one.ddg_low:+.1f} to {one.ddg_high:+.1f}",
            _reason(one),
        )
    return Group(render_input(result.input), Text(), title, explanation, Text(), table)


def _reason(one: Suggestion) -> str:
    return f"{one.reason} ({', '.join(one.flags)})" if one.flags else one.reason
