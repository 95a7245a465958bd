"""The known relatives of domains as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from protvox.messages import no_known
from protvox.report.terminal.domain_name import domain_name, wrap_ranges
from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.results.records import DomainPrediction, RankedLabel

_QUIET: Final = "dim"
_DOMAIN_WIDTH: Final = 18
_KNOWN: Final = "known: in the index of protvox, which does not contain all of CATH"


def render_relatives(domains: Sequence[DomainPrediction]) -> Iterator[RenderableType]:
    """Lay out the superfamily of each domain, with its best hit.

    Parameters
    ----------
    domains
        Predictions; those for which no known domain was aligned are skipped.

    Yields
    ------
    rich renderable
        An empty line, a table, and what is known; nothing if there is nothing to show.
    """
    related = [domain for domain in domains if domain.novel is not None]
    if not related:
        return
    table = Table(
        title=Text("Known relatives", style="bold cyan"),
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style=_QUIET,
    )
    table.add_column("domain", no_wrap=True)
    table.add_column("superfamily")
    for name in ("p", "best hit", "TM", "RMSD", "aligned"):
        table.add_column(name, no_wrap=True, justify="left" if name == "best hit" else "right")
    for domain in related:
        name = wrap_ranges(domain_name(domain.chain, domain.chopping), _DOMAIN_WIDTH)
        table.add_row(name, *_cells(domain))
    yield from (Text(), table)
    if any(domain.novel for domain in related):
        yield Text(_KNOWN, style=_QUIET)


def _cells(domain: DomainPrediction) -> tuple[str | Text, ...]:
    best = domain.superfamilies[0] if domain.superfamilies else None
    text = Text()
    if domain.novel:
        topology = _label(domain.topologies[0]) if domain.topologies else ""
        text.append(no_known(domain.novel, topology), style="yellow")
        if best is not None:
            text.append(f"\nbest: {_label(best)}", style=_QUIET)
    elif best is not None:
        text.append(_label(best), style="bold")
    hit = domain.hits[0] if domain.hits else None
    if best is None or hit is None or hit.alignment is None:
        return (text, "", "", "", "", "")
    return (
        text,
        f"{best.probability:.2f}",
        printable(hit.domain),
        f"{hit.alignment.tm_query:.2f}",
        f"{hit.alignment.rmsd:.1f}",
        str(hit.alignment.n_aligned),
    )


def _label(label: RankedLabel) -> str:
    return printable(f"{label.label} {label.name}".rstrip())
