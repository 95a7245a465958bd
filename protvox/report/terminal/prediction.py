"""A prediction as tables for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from protvox.chemistry import AMINO_ACIDS, ONE_LETTER
from protvox.messages import chain_label, count, listing
from protvox.report.terminal.domain_name import domain_name, group_identical, wrap_ranges
from protvox.report.terminal.relatives import render_relatives
from protvox.report.terminal.task_rows import render_rows
from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from protvox.predict.results.prediction import (
        DomainPrediction,
        InputInfo,
        Prediction,
        ResidueTable,
    )
    from protvox.predict.results.records import Confidence
    from protvox.structure.structure import Dropped

SUSPECT_ODDS: Final = 10.0
"""A residue is suspicious when another amino acid is this many times more probable."""

_SUSPECTS_SHOWN: Final = 10
_MARGIN: Final = 8
_MAX_BLOCKS: Final = 5
_BLOCK: Final = 10
_BAR: Final = 9
_DROPPED_SHOWN: Final = 4
_DOMAIN_WIDTH: Final = 16
_NEAREST_DOMAIN_WIDTH: Final = 24
_NEEDS_REASON: Final = ("atom", "residue")
_SUSPECT_STYLE: Final = "bold red"
_AGREES_STYLE: Final = "green"
_QUIET_STYLE: Final = "dim"
_HEAD_STYLE: Final = "bold cyan"


def render(prediction: Prediction, *, width: int = 80) -> RenderableType:
    """Lay out one prediction.

    Parameters
    ----------
    prediction
        Any prediction.
    width
        Width of the terminal in columns. Sequences are wrapped to it, or to 80 columns if it is
        wider.

    Returns
    -------
    rich renderable
        At most 80 columns wide, and readable without colour.
    """
    parts: list[RenderableType] = [render_input(prediction.input)]
    if prediction.domains:
        groups = group_identical(prediction.domains)
        shown = tuple(domains[0] for domains in groups)
        parts += [Text(), _domains(groups), *_relatives(shown)]
    if prediction.residues is not None:
        model = prediction.models.get("environment", "")
        parts += [Text(), *_residues(prediction.residues, model, width)]
    for rows in prediction.others.values():
        parts += [Text(), *render_rows(rows)]
    return Group(*parts)


def render_input(info: InputInfo) -> Text:
    """Lay out what was read from the input, and what was ignored.

    Parameters
    ----------
    info
        Input of a result of any kind.

    Returns
    -------
    Text
        One to four lines, or more for many chains.
    """
    head = Text(printable(info.name), style="bold")
    facts = f"  {info.format}, model {info.model}, {info.n_residues} residues, {info.n_atoms} atoms"
    head.append(facts, style="not bold")
    if info.plddt is not None:
        head.append(f"\n{_confidence(info.plddt)}", style="not bold")
    if info.dropped:
        shown = [printable(text) for text in _ignored(info.dropped)]
        more = len(shown) - _DROPPED_SHOWN
        tail = f"; and {more} more" if more > 0 else ""
        text = f"\nignored: {'; '.join(shown[:_DROPPED_SHOWN])}{tail}"
        head.append(text, style=f"not bold {_QUIET_STYLE}")
    for text in _chains(info):
        head.append(f"\n{printable(text)}", style=f"not bold {_QUIET_STYLE}")
    return head


def _confidence(plddt: Confidence) -> str:
    text = f"predicted model, mean pLDDT {plddt.mean:.1f}"
    if not plddt.n_disordered:
        return text
    listed = listing(map(printable, plddt.disordered))
    return f"{text}; disordered, below {plddt.limit:g}: {listed}"


def _chains(info: InputInfo) -> Iterator[str]:
    """Yield what an assembly consists of, and which chains are identical."""
    if info.assembly:
        copies = [
            f"{copy.chain} = {copy.copy_of or '(blank)'} by {copy.operator}"
            for copy in info.copies
            if copy.chain != copy.copy_of
        ]
        yield f"assembly {info.assembly}: {listing(copies) or 'no copies'}"
    groups: dict[str, list[str]] = {}
    for chain, other in (info.same_as or {}).items():
        groups.setdefault(other, []).append(chain or "(blank)")
    for other, chains in groups.items():
        yield f"same as {chain_label(other)}, not scored: {listing(chains)}"


def _ignored(dropped: Iterable[Dropped]) -> Iterator[str]:
    # The records are per chain. A reader first wants totals, and the reason only where
    # "59 atoms" alone says nothing.
    groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for item in dropped:
        number, _, noun = item.what.partition(" ")
        if not number.isdecimal():
            number, noun = "1", item.what
        groups.setdefault((noun.removesuffix("s"), item.why), []).append((int(number), item.where))
    for (noun, why), items in groups.items():
        where = items[0][1] + (f" and {len(items) - 1} more" if len(items) > 1 else "")
        reason = f": {why}" if noun in _NEEDS_REASON else ""
        yield f"{count(sum(number for number, _ in items), noun)} ({where}{reason})"


def _domains(groups: Sequence[Sequence[DomainPrediction]]) -> Table:
    table = Table(
        title=_title("CATH architecture", groups[0][0].model),
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        header_style=_QUIET_STYLE,
    )
    table.add_column("domain", no_wrap=True)
    table.add_column("class", max_width=14)
    table.add_column("architecture", no_wrap=True, max_width=30)
    table.add_column("p", no_wrap=True)
    table.add_column("", no_wrap=True, style="cyan")
    for domains in groups:
        cell = _domain_cell(domains[0], [domain.chain for domain in domains])
        table.add_row(cell, _class(domains[0]), *_architectures(domains[0]))
    return table


def _domain_cell(domain: DomainPrediction, chains: Sequence[str]) -> Text:
    name = domain_name(domain.chain, domain.chopping)
    text = Text(wrap_ranges(name, _DOMAIN_WIDTH))
    text.append(f"\n{domain.n_residues} residues", style=_QUIET_STYLE)
    if len(chains) > 1:
        copies = f"{listing(name or '(blank)' for name in chains)} identical"
        for line in textwrap.wrap(printable(copies), _DOMAIN_WIDTH):
            text.append(f"\n{line}", style=_QUIET_STYLE)
    if not domain.in_range:
        text.append("\nunlike domains\ntrained on", style="yellow")
    return text


def _class(domain: DomainPrediction) -> Text:
    top = domain.cath_class
    text = Text(f"{top.label} {printable(top.name)}")
    text.append(f"\np {top.probability:.2f}", style=_QUIET_STYLE)
    return text


def _relatives(domains: tuple[DomainPrediction, ...]) -> Iterator[RenderableType]:
    if any(domain.novel is not None for domain in domains):
        yield from render_relatives(domains)
    else:
        yield from _nearest(domains)


def _nearest(domains: tuple[DomainPrediction, ...]) -> Iterator[RenderableType]:
    searched = [domain for domain in domains if domain.nearest]
    if not searched:
        return
    table = Table(
        title=_title("Nearest known domains", ""),
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        header_style=_QUIET_STYLE,
    )
    table.add_column("domain", no_wrap=True)
    for name in ("nearest", "CATH", "similarity"):
        table.add_column(name, overflow="fold", max_width=20)
    for domain in searched:
        columns = zip(
            *((near.domain, near.cath, f"{near.similarity:.2f}") for near in domain.nearest),
            strict=True,
        )
        table.add_row(
            wrap_ranges(domain_name(domain.chain, domain.chopping), _NEAREST_DOMAIN_WIDTH),
            *(Text("\n".join(printable(item) for item in column)) for column in columns),
        )
    yield from (Text(), table)


def _architectures(domain: DomainPrediction) -> tuple[Text, ...]:
    labels = domain.architectures
    columns = (
        [f"{label.label:<5} {printable(label.name)}" for label in labels],
        [f"{label.probability:.2f}" for label in labels],
        [_bar(label.probability) for label in labels],
    )
    texts = []
    for lines in columns:
        text = Text("\n".join(lines))
        text.stylize("bold", end=len(lines[0]) if lines else 0)
        texts.append(text)
    return tuple(texts)


def _bar(probability: float) -> str:
    return "█" * round(_BAR * probability) or "▏"


def _title(text: str, model: str) -> Text:
    title = Text(text, style=_HEAD_STYLE)
    return title.append(f"  {model}", style=f"not bold {_QUIET_STYLE}") if model else title


def _residues(table: ResidueTable, model: str, width: int) -> Iterator[RenderableType]:
    yield _title("Amino-acid environments", model)
    standard = np.isfinite(table.p_wild_type)
    if not standard.any():
        yield Text("no standard amino acid with a complete backbone")
        return
    agree = table.predicted == table.wild_type
    suspects = table.suspects(odds=SUSPECT_ODDS)
    likelier = f"at least {SUSPECT_ODDS:.0f} times more probable"
    if suspects:
        number = count(len(suspects), "residue")
        found = f"For {number}, another one (shown below) is {likelier}."
    else:
        found = f"No other amino acid is {likelier}."
    yield Text(
        f"{agree[standard].mean():.0%} of {standard.sum()} residues match the prediction from "
        f"their surroundings.\n{found}"
    )
    marked = np.zeros(len(table), dtype=bool)
    marked[[s.row for s in suspects]] = True
    blocks = min(_MAX_BLOCKS, max(1, (width - _MARGIN + 1) // (_BLOCK + 1)))
    for chain in dict.fromkeys(table.chain.tolist()):
        yield Text(f"\n{printable(chain_label(chain))}", style="bold")
        rows = np.flatnonzero(table.chain == chain)
        for start in range(0, len(rows), blocks * _BLOCK):
            yield from _strip(table, rows[start : start + blocks * _BLOCK], agree, marked)
    if suspects:
        yield Text()
        yield _suspects(table, len(suspects))


def _strip(
    table: ResidueTable, line: np.ndarray, agree: np.ndarray, marked: np.ndarray
) -> Iterator[Text]:
    first = int(line[0])
    upper = Text(f"{table.number[first]}{table.insertion_code[first]}".rjust(_MARGIN - 2) + "  ")
    lower = Text(" " * _MARGIN)
    for i, row in enumerate(line):
        if i and i % _BLOCK == 0:
            upper.append(" ")
            lower.append(" ")
        style = _SUSPECT_STYLE if marked[row] else _AGREES_STYLE if agree[row] else ""
        upper.append(ONE_LETTER.get(str(table.wild_type[row]), "X"), style=style)
        if marked[row]:
            lower.append(ONE_LETTER[str(table.predicted[row])], style=_SUSPECT_STYLE)
        else:
            lower.append(" ")
    yield upper
    lower.rstrip()
    if lower:
        yield lower


def _suspects(table: ResidueTable, found: int) -> Table:
    shown = table.suspects(odds=SUSPECT_ODDS, limit=_SUSPECTS_SHOWN)
    listed = f"{len(shown)} of {found}" if found > len(shown) else ""
    out = Table(
        title=_title("Most suspicious residues", listed),
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        header_style=_QUIET_STYLE,
    )
    out.add_column("residue")
    out.add_column("p(present)", justify="right")
    out.add_column("expected instead")
    out.add_column("odds", justify="right")
    for suspect in shown:
        row = suspect.row
        number = f"{table.number[row]}{table.insertion_code[row]}"
        best = np.argsort(-table.probabilities[row], kind="stable")[:3]
        expected = "  ".join(f"{AMINO_ACIDS[i]} {table.probabilities[row, i]:.2f}" for i in best)
        out.add_row(
            printable(f"{table.chain[row]}:{number} {table.wild_type[row]}"),
            "<0.0001" if table.p_wild_type[row] < 0.00005 else f"{table.p_wild_type[row]:.4f}",
            expected,
            f"{suspect.odds:,.0f} : 1",
        )
    return out
