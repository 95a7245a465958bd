"""Scores of mutations as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from protvox.report.terminal.prediction import render_input
from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.mutations.scores import MutationScores
    from protvox.predict.mutations.table import MutationTable

_SHOWN: Final = 15
_LISTED: Final = 100
_HEAD_STYLE: Final = "bold cyan"
_QUIET_STYLE: Final = "dim"
_WORSE_STYLE: Final = "red"
_BETTER_STYLE: Final = "green"


def render_mutations(scores: MutationScores) -> RenderableType:
    """Lay out the scores of one structure.

    Parameters
    ----------
    scores
        Scores of a list, shown in its order, or of a scan, of which both ends are shown.

    Returns
    -------
    rich renderable
        At most 80 columns wide, and readable without colour.
    """
    table = scores.table
    explanation = Text(
        "score: log odds, positive = predicted destabilising; percentile: rank among all\n"
        "single substitutions of the structure (or chain), 100 = most destabilising;\n"
        "ddG: kcal/mol, positive = destabilising, with its 80 % interval",
        style=_QUIET_STYLE,
    )
    title = Text("Mutations", style=_HEAD_STYLE)
    title.append(f"  {scores.model}", style=f"not bold {_QUIET_STYLE}")
    parts: list[RenderableType] = [render_input(scores.input), Text(), title, explanation]
    if len(table) > _LISTED:
        ranked = np.argsort(table.score, kind="stable")
        parts += [
            Text(),
            _rows(table, ranked[:_SHOWN], f"Least destabilising  {_SHOWN} of {len(table)}"),
            Text(),
            _rows(table, ranked[::-1][:_SHOWN], f"Most destabilising  {_SHOWN} of {len(table)}"),
        ]
    else:
        parts += [Text(), _rows(table, np.arange(len(table)), "")]
    if scores.failures:
        failed = Text(f"\nNo score for {len(scores.failures)}:", style="yellow")
        for failure in scores.failures[:_SHOWN]:
            failed.append(f"\n{printable(failure.mutation)}: {printable(failure.why)}")
        if len(scores.failures) > _SHOWN:
            failed.append(f"\nand {len(scores.failures) - _SHOWN} more")
        parts.append(failed)
    return Group(*parts)


def _rows(table: MutationTable, rows: np.ndarray, title: str) -> Table:
    out = Table(
        title=Text(title, style="bold") if title else None,
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        header_style=_QUIET_STYLE,
    )
    out.add_column("chain", overflow="fold", max_width=16)
    out.add_column("mutation", overflow="fold", max_width=40)
    out.add_column("score", justify="right")
    if table.binding is not None:
        out.add_column("binding", justify="right")
    if table.coupling is not None:
        out.add_column("coupling", justify="right")
    out.add_column("percentile", justify="right")
    calibrated = bool(np.isfinite(table.ddg).any())
    if calibrated:
        out.add_column("ddG", justify="right")
        out.add_column("80 % interval", justify="right")
    for row in rows.tolist():
        score = float(table.score[row])
        more = (table.binding, table.coupling)
        numbers = [_signed(float(column[row])) for column in more if column is not None]
        out.add_row(
            printable(_chains(table, row)),
            printable(str(table.mutation[row])),
            Text(f"{score:+.2f}", style=_WORSE_STYLE if score > 0 else _BETTER_STYLE),
            *numbers,
            "" if table.several[row] else f"{table.percentile[row]:.1f}",
            *(_change(table, row) if calibrated else ()),
        )
    return out


def _signed(value: float) -> str:
    return "" if np.isnan(value) else f"{value:+.2f}"


def _chains(table: MutationTable, row: int) -> str:
    copies = "" if table.copies is None else str(table.copies[row])
    return ", ".join((str(table.chain[row]), *copies.split()))


def _change(table: MutationTable, row: int) -> tuple[str, str]:
    interval = f"{table.ddg_low[row]:+.1f} to {table.ddg_high[row]:+.1f}"
    return f"{table.ddg[row]:+.1f}", interval
