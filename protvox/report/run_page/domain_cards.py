"""The cards of the domains of a run: superfamily and best hit, with links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import pyarrow as pa

from protvox.messages import no_known

SHOWN: Final = 300
"""Largest number of cards on a page."""

COLUMNS: Final = (
    "id",
    "chain",
    "chopping",
    "flags",
    "architecture",
    "novel",
    "topology",
    "topology_name",
    "superfamily",
    "superfamily_name",
    "superfamily_probability",
    "hit",
    "hit_tm_query",
    "hit_rmsd",
    "hit_n_aligned",
)
"""Columns of the table of domains that a card needs."""

_CATH: Final = "https://www.cathdb.info/version/latest"
_SUPERFAMILY: Final = re.compile(r"\d+(\.\d+){3}")
_DOMAIN: Final = re.compile(r"\d[a-z0-9]{3}[A-Za-z0-9]\d\d")


class Link(NamedTuple):
    """Text with an address; ``""`` for none."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class DomainCard:
    """What a domain is, once for all chains with the same answer.

    Attributes
    ----------
    id
        Name of the structure.
    chains
        Author chain names.
    chopping
        Author residue ranges; ``""`` for whole chains.
    architecture, flags
        Of the first of the domains.
    novel
        See `protvox.predict.results.records.DomainPrediction`.
    superfamily, superfamily_name, probability
        The most probable superfamily.
    topology, topology_name
        The most probable topology.
    hit, tm_score, rmsd, n_aligned
        The best hit of the superfamily, with the TM-score by the length of the domain.
    """

    id: str
    chains: tuple[str, ...]
    chopping: str
    architecture: str
    flags: str
    novel: str
    superfamily: str
    superfamily_name: str
    probability: float
    topology: str
    topology_name: str
    hit: str
    tm_score: float
    rmsd: float
    n_aligned: float

    @property
    def name(self) -> str:
        """Chains and ranges, ``"A, B: 1-90"``."""
        chains = ", ".join(chain or "(blank)" for chain in self.chains)
        return f"{chains}: {self.chopping}" if self.chopping else chains

    @property
    def answer(self) -> str:
        """In which known relatives the domain is not, ``""`` if in a known superfamily."""
        return no_known(self.novel, f"{self.topology} {self.topology_name}".strip())

    @property
    def superfamily_link(self) -> Link:
        """The most probable superfamily at CATH."""
        text = f"{self.superfamily} {self.superfamily_name}".rstrip()
        known = _SUPERFAMILY.fullmatch(self.superfamily)
        return Link(text, f"{_CATH}/superfamily/{self.superfamily}" if known else "")

    @property
    def hit_link(self) -> Link:
        """The best hit at CATH."""
        known = _DOMAIN.fullmatch(self.hit)
        return Link(self.hit, f"{_CATH}/domain/{self.hit}" if known else "")


@dataclass(slots=True)
class Cards:
    """The first cards of a run, and counts over all.

    Attributes
    ----------
    shown
        The first `SHOWN`.
    n
        Number of domains with a card, each copy in an identical chain counted.
    counts
        Number of them by ``novel``.
    """

    shown: list[DomainCard] = field(default_factory=list)
    n: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, table: pa.Table) -> None:
        """Add the domains of a part; nothing for a run without known relatives.

        Parameters
        ----------
        table
            With `COLUMNS`; some may be missing.
        """
        if set(COLUMNS) - set(table.column_names):
            return
        rows = [row for row in table.select(list(COLUMNS)).to_pylist() if row["novel"] is not None]
        self.n += len(rows)
        self.counts.update(row["novel"] for row in rows)
        if len(self.shown) < SHOWN:
            self.shown += _cards(rows)[: SHOWN - len(self.shown)]


def _cards(rows: Sequence[Mapping[str, Any]]) -> list[DomainCard]:
    found: dict[tuple[str, ...], DomainCard] = {}
    for row in rows:
        card = DomainCard(
            id=row["id"],
            chains=(row["chain"],),
            chopping=row["chopping"],
            architecture=row["architecture"] or "",
            flags=row["flags"],
            novel=row["novel"],
            superfamily=row["superfamily"],
            superfamily_name=row["superfamily_name"],
            probability=row["superfamily_probability"],
            topology=row["topology"],
            topology_name=row["topology_name"],
            hit=row["hit"],
            tm_score=row["hit_tm_query"],
            rmsd=row["hit_rmsd"],
            n_aligned=row["hit_n_aligned"],
        )
        key = (card.id, card.chopping, card.architecture, card.novel, card.superfamily)
        if key in found and row["chain"] not in found[key].chains:
            found[key] = replace(found[key], chains=(*found[key].chains, row["chain"]))
        else:
            found.setdefault(key, card)
    return list(found.values())
