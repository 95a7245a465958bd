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

    from protvox.predict.results.neighbours import HitAlignment
    from protvox.predict.results.records import SearchedDomain
    from protvox.predict.search.results import SearchResult

_QUIET: Final = "dim"
_HEAD: Final = "bold cyan"
_NAME_WIDTH: Final = 44


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
    table.add_column("", justify="right", style=_QUIET)
    table.add_column("domain", max_width=20, overflow="fold")
    table.add_column("similarity" if not aligned else "simil.", justify="right")
    for name in ("TM", "TM hit", "RMSD", "aligned", "ident.") if aligned else ():
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("CATH", no_wrap=True)
    table.add_column("superfamily", no_wrap=True, overflow="ellipsis")
    for rank, near in enumerate(domain.nearest, start=1):
        architecture = ".".join(near.cath.split(".")[:2])
        table.add_row(
            str(rank),
            printable(near.domain),
            f"{near.similarity:.3f}",
            *(_scores(near.alignment) if aligned else ()),
            printable(near.cath),
            printable(near.name) or CATH_NAMES.get(architecture, ""),
        )
    return table


def _scores(found: HitAlignment | None) -> tuple[str, ...]:
    if found is None:
        return ("", "", "", "", "")
    return (
        f"{found.tm_query:.3f}",
        f"{found.tm_hit:.3f}",
        f"{found.rmsd:.1f}",
        str(found.n_aligned),
        "" if math.isnan(found.identity) else f"{found.identity:.2f}",
    )
