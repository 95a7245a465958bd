"""Results of a search as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from protvox.cath_names import CATH_NAMES
from protvox.report.terminal.domain_name import domain_name, wrap_ranges
from protvox.report.terminal.prediction import render_input
from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.results.neighbours import Neighbour
    from protvox.predict.results.records import SearchedDomain
    from protvox.predict.search.results import SearchResult

_QUIET: Final = "dim"
_HEAD: Final = "bold cyan"
_NAME_WIDTH: Final = 44
_DOMAIN_WIDTH: Final = 20
_NAME_ROOM: Final = 28
"""Columns for a domain and the name of its superfamily together."""

_SCORES_WIDTH: Final = 24


def render_search(result: SearchResult) -> RenderableType:
    """Lay out the neighbours of one structure.

    Parameters
    ----------
    result
        Result of a search.

    Returns
    -------
    rich renderable
        At most 80 columns wide, and readable without colour.
    """
    parts: list[RenderableType] = [render_input(result.input)]
    for domain in result.domains:
        parts += [Text(), _neighbours(domain, result)]
    return Group(*parts)


def _neighbours(domain: SearchedDomain, result: SearchResult) -> Table:
    name = wrap_ranges(domain_name(domain.chain, domain.chopping), _NAME_WIDTH)
    title = Text(f"Nearest to {name}", style=_HEAD)
    title.append(f"  {domain.n_residues} residues, {domain.model}", style=f"not bold {_QUIET}")
    if not domain.in_range:
        title.append("\nunlike the domains the model was trained on", style="not bold yellow")
    table = Table(
        title=title,
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style=_QUIET,
        caption=f"of {result.index.n_domains:,} domains: {printable(result.index.name)}",
        caption_justify="left",
        caption_style=_QUIET,
    )
    aligned = any(near.alignment is not None for near in domain.nearest)
    scores = ("p", "TM", "RMSD", "n", "ident.") if aligned else ()
    table.add_column("", justify="right", style=_QUIET)
    table.add_column("domain", max_width=_DOMAIN_WIDTH, overflow="fold")
    table.add_column("similarity" if not aligned else "simil.", justify="right")
    for name in scores:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("CATH", no_wrap=True)
    table.add_column("superfamily")
    longest = min(max(len(near.domain) for near in domain.nearest), _DOMAIN_WIDTH)
    room = _NAME_ROOM - max(longest, 6) + (0 if aligned else _SCORES_WIDTH)
    for rank, near in enumerate(domain.nearest, start=1):
        architecture = ".".join(near.cath.split(".")[:2])
        superfamily = Text(printable(near.name) or CATH_NAMES.get(architecture, ""))
        superfamily.truncate(room, overflow="ellipsis")
        table.add_row(
            str(rank),
            printable(near.domain),
            f"{near.similarity:.3f}",
            *(_scores(near) if aligned else ()),
            printable(near.cath),
            superfamily,
        )
    return table


def _scores(near: Neighbour) -> tuple[str, ...]:
    found = near.alignment
    probability = "" if near.p_superfamily is None else f"{near.p_superfamily:.2f}"
    if found is None:
        return (probability, "", "", "", "")
    return (
        probability,
        f"{found.tm_query:.2f}",
        f"{found.rmsd:.1f}",
        str(found.n_aligned),
        "" if math.isnan(found.identity) else f"{found.identity:.2f}",
    )
