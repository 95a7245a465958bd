"""HTML views of results in notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from protvox.messages import count
from protvox.predict.results.records import DomainPrediction, InputInfo
from protvox.predict.results.residue_table import ResidueTable

_MAX_ROWS: Final = 20


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
                domain.nearest[0].cath if domain.nearest else "",
                " ".join(domain.flags),
            )
            for domain in domains[:_MAX_ROWS]
        ]
        heads = ("domain", "residues", "architecture", "probability", "nearest", "flags")
        parts.append(_table(heads, rows))
        if len(domains) > _MAX_ROWS:
            parts.append(f"<p>{count(len(domains) - _MAX_ROWS, 'more domain')}</p>")
    if residues is not None:
        suspects = len(residues.suspects())
        parts.append(
            f"<p>{count(len(residues), 'residue')} with amino-acid probabilities, "
            f"{suspects} suspicious</p>"
        )
    parts += [f"<p><i>{escape(warning)}</i></p>" for warning in warnings]
    return "".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
