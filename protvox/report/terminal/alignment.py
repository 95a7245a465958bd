"""An alignment of two structures as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from protvox.report.terminal.prediction import render_input

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.search.pairwise import AlignmentResult

_WIDTH: Final = 60
"""Columns of the alignment in a line."""


def render_alignment(result: AlignmentResult) -> RenderableType:
    """Lay out the scores and the rows of an alignment.

    Parameters
    ----------
    result
        Alignment of two structures.

    Returns
    -------
    rich renderable
        At most 80 columns wide. A bar joins aligned residues with the same amino acid, a colon
        other aligned residues.
    """
    found, alignment = result.found, result.found.alignment
    query, target = result.inputs
    n_query, n_target = len(found.query_residues), len(found.target_residues)
    facts = [
        f"TM-score   {alignment.tm_query:.3f} by the query ({n_query} residues), "
        f"{alignment.tm_target:.3f} by the target ({n_target})",
        f"aligned    {alignment.n_aligned} residues, RMSD {alignment.rmsd:.2f} Å",
    ]
    if alignment.identity is not None:
        facts[1] += f", identity {alignment.identity:.2f}"
    parts: list[RenderableType] = [render_input(query), render_input(target), Text()]
    parts += [Text(fact) for fact in facts]
    above, below = alignment.rows
    marks = "".join(
        " " if "-" in (a, b) else "|" if a == b and a != "X" else ":"
        for a, b in zip(above, below, strict=True)
    )
    for start in range(0, len(above), _WIDTH):
        lines = zip(("query", "", "target"), (above, marks, below), strict=True)
        parts.append(Text())
        parts += [Text(f"{name:7} {row[start : start + _WIDTH]}") for name, row in lines]
    return Group(*parts)
