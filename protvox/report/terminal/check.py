"""Findings of a check as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from protvox.messages import count
from protvox.report.terminal.prediction import render_input
from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.check.results import CheckResult

_QUIET: Final = "dim"
_HEAD: Final = "bold cyan"
_SHOWN: Final = 30
_STRONG: Final = 0.01
"""p-value up to which the evidence is strong."""
_WEAK: Final = "p = 0.05: one correct chain in 20 has such a segment, so a large p is weak evidence"


def render_check(result: CheckResult) -> RenderableType:
    """Lay out the findings of one structure.

    Parameters
    ----------
    result
        Result of a check.

    Returns
    -------
    rich renderable
        At most 80 columns wide, and readable without colour.
    """
    overall = result.overall
    summary = Text(f"{overall.log_likelihood:.2f} nats per residue", style="")
    summary.append(
        f", percentile {overall.percentile:.0f} among {printable(overall.reference)}",
        style=_QUIET,
    )
    parts: list[RenderableType] = [render_input(result.input), Text(), summary, Text()]
    if result.segments:
        parts.append(_segments(result))
        if any(segment.p_value > _STRONG for segment in result.segments):
            parts.append(Text(_WEAK, style=_QUIET))
    else:
        parts.append(Text("No segment looks wrong.", style="green"))
    if result.residues:
        parts += [Text(), _residues(result)]
        more = len(result.residues) - _SHOWN
        if more > 0:
            parts.append(Text(f"and {count(more, 'more residue')}", style=_QUIET))
    return Group(*parts)


def _segments(result: CheckResult) -> Table:
    table = _table("Segments that may be wrong", result.model)
    table.add_column("kind")
    table.add_column("residues", overflow="fold", max_width=20)
    table.add_column("shift", justify="right")
    table.add_column("log odds", justify="right")
    table.add_column("p", justify="right")
    table.add_column("suggestion", overflow="fold")
    for segment in result.segments:
        table.add_row(
            Text(segment.kind, style="red" if segment.p_value <= _STRONG else "yellow"),
            printable(f"{segment.chain}:{segment.first}-{segment.last}"),
            "" if segment.shift is None else f"{segment.shift:+d}",
            f"{segment.log_odds:.1f}",
            f"{segment.p_value:.1g}",
            printable(segment.suggestion),
        )
    return table


def _residues(result: CheckResult) -> Table:
    table = _table("Residues whose surroundings favour another amino acid", "")
    table.add_column("residue", overflow="fold", max_width=16)
    table.add_column("modelled")
    table.add_column("favoured")
    table.add_column("odds", justify="right")
    table.add_column("possible reason", overflow="fold")
    # Those without an explanation are the more suspicious.
    ranked = sorted(result.residues, key=lambda residue: (bool(residue.reasons), -residue.odds))
    for residue in ranked[:_SHOWN]:
        table.add_row(
            printable(f"{residue.chain}:{residue.number}{residue.insertion_code}"),
            residue.wild_type,
            residue.predicted,
            f"{residue.odds:,.0f} : 1",
            printable("; ".join(residue.reasons)),
        )
    return table


def _table(title: str, model: str) -> Table:
    text = Text(title, style=_HEAD)
    text.append(f"  {model}", style=f"not bold {_QUIET}")
    return Table(
        title=text,
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        header_style=_QUIET,
    )
