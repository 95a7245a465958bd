"""HTML views of results in notebooks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from protvox.messages import count, no_known
from protvox.predict.results.records import DomainPrediction, InputInfo
from protvox.predict.results.residue_table import ResidueTable

if TYPE_CHECKING:
    import pandas as pd

_MAX_ROWS: Final = 20
_MAX_STRIP: Final = 2000
_CELL: Final = 8
_PER_LINE: Final = 100
_SCALE: Final = ((0.05, "#b83a10"), (0.2, "#e98034"), (0.5, "#f5d074"), (0.8, "#85b8de"))
_CERTAIN: Final = "#1c5aa0"


def prediction_html(
    info: InputInfo,
    domains: Sequence[DomainPrediction],
    residues: ResidueTable | None,
    warnings: Sequence[str],
) -> str:
    """Return a prediction as HTML: a summary, a table of domains and the warnings.

    Parameters
    ----------
    info
        The input.
    domains
        Predicted domains.
    residues
        Predicted residues, if any.
    warnings
        One sentence each.

    Returns
    -------
    str
        HTML, in which all text is escaped.
    """
    parts = [f"<p><b>{escape(info.name)}</b>: {count(info.n_residues, 'residue')}</p>"]
    if domains:
        rows = [
            (
                domain.id,
                str(domain.n_residues),
                f"{domain.architectures[0].label} {domain.architectures[0].name}",
                f"{domain.architectures[0].probability:.2f}",
                _relative(domain),
                " ".join(domain.flags),
            )
            for domain in domains[:_MAX_ROWS]
        ]
        heads = ("domain", "residues", "architecture", "probability", "superfamily", "flags")
        parts.append(_table(heads, rows))
        if len(domains) > _MAX_ROWS:
            parts.append(f"<p>{count(len(domains) - _MAX_ROWS, 'more domain')}</p>")
    if residues is not None:
        suspects = len(residues.suspects())
        parts.append(
            f"<p>{count(len(residues), 'residue')} with amino-acid probabilities, "
            f"{suspects} suspicious</p>"
        )
        parts.append(_strip(residues))
    parts += [f"<p><i>{escape(warning)}</i></p>" for warning in warnings]
    return "".join(parts)


def frame_html(heading: str, frame: pd.DataFrame, warnings: Sequence[str]) -> str:
    """Return a result as HTML: a heading, the first rows of its table and the warnings.

    Parameters
    ----------
    heading
        One line of text.
    frame
        The table of the result.
    warnings
        One sentence each.

    Returns
    -------
    str
        HTML, in which all text is escaped.
    """
    shown = frame.head(_MAX_ROWS)
    rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
    parts = [f"<p><b>{escape(heading)}</b></p>", _table([str(c) for c in shown.columns], rows)]
    if len(frame) > len(shown):
        parts.append(f"<p>{count(len(frame) - len(shown), 'more row')}</p>")
    parts += [f"<p><i>{escape(warning)}</i></p>" for warning in warnings]
    return "".join(parts)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)


def _strip(residues: ResidueTable) -> str:
    """Return the sequence as a strip, coloured by the probability of what is present."""
    n = min(len(residues), _MAX_STRIP)
    lines = -(-n // _PER_LINE)
    groups: dict[str, list[str]] = {}
    for i, p in enumerate(residues.p_wild_type[:n].tolist()):
        colour = next((colour for end, colour in _SCALE if p < end), _CERTAIN)
        x, y = i % _PER_LINE * _CELL, i // _PER_LINE * (_CELL + 4)
        groups.setdefault(colour, []).append(f"M{x} {y}h{_CELL - 1}v{_CELL}h-{_CELL - 1}z")
    paths = "".join(
        f'<path d="{"".join(cells)}" fill="{colour}"/>' for colour, cells in groups.items()
    )
    return (
        f'<svg width="{_PER_LINE * _CELL}" height="{lines * (_CELL + 4)}" role="img" '
        'aria-label="Sequence by the probability of the amino acid present: orange is improbable, '
        f'blue is probable">{paths}</svg>'
    )


def _relative(domain: DomainPrediction) -> str:
    if domain.novel:
        return no_known(domain.novel)
    if domain.superfamilies:
        best = domain.superfamilies[0]
        return f"{best.label} {best.name} ({best.probability:.2f})"
    return domain.nearest[0].cath if domain.nearest else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
