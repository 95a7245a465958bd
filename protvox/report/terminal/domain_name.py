"""Names of domains in narrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protvox.messages import chain_label
from protvox.report.text import printable

if TYPE_CHECKING:
    from protvox.predict.results.records import DomainPrediction


def domain_name(chain: str, chopping: str) -> str:
    """Return the name of a domain, safe to print.

    Parameters
    ----------
    chain
        Name of the chain, possibly blank.
    chopping
        Residue ranges of the domain; ``""`` for the whole chain.
    """
    return printable(f"{chain}:{chopping}" if chopping else chain_label(chain))


def wrap_ranges(name: str, width: int) -> str:
    """Break a name into lines after commas, so that no number is split.

    Parameters
    ----------
    name
        Name of a domain.
    width
        Maximum length of a line, except for a range that is longer.

    Examples
    --------
    >>> print(wrap_ranges("A:163-359,545-567,570-580", 18))
    A:163-359,545-567,
    570-580
    """
    *others, last = name.split(",")
    lines = [""]
    for text in (*(f"{text}," for text in others), last):
        if lines[-1] and len(lines[-1]) + len(text) > width:
            lines.append("")
        lines[-1] += text
    return "\n".join(lines)


def group_identical(domains: Sequence[DomainPrediction]) -> list[list[DomainPrediction]]:
    """Put the copies of a domain in identical chains together.

    Parameters
    ----------
    domains
        Predictions, in order.

    Returns
    -------
    list
        In the order of their first domain. Copies whose most probable architecture, or known
        superfamily, differs from that of the first stay apart.
    """
    groups: dict[tuple[str, ...], list[DomainPrediction]] = {}
    for domain in domains:
        # Without a known superfamily, the first of them is as good as chance.
        known = () if domain.novel else domain.superfamilies
        best = [labels[0].label if labels else "" for labels in (domain.architectures, known)]
        key = (domain.same_as or domain.id, domain.novel or "", *best)
        groups.setdefault(key, []).append(domain)
    return list(groups.values())
