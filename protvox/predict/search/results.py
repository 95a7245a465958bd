"""Result of a search, with its JSON form and table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from protvox.messages import count
from protvox.predict.results.identical_rows import add_identical_rows
from protvox.predict.results.json_documents import Search
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.neighbours import Neighbour
from protvox.predict.results.records import IndexInfo, InputInfo, SearchedDomain

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "id",
    "domain",
    "chain",
    "chopping",
    "n_residues",
    "in_range",
    "rank",
    "neighbour",
    "cath",
    "name",
    "similarity",
    "p_superfamily",
    "p_topology",
    "tm_query",
    "tm_hit",
    "rmsd",
    "n_aligned",
    "identity",
)
"""Columns of the table."""


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult(JsonText):
    """The known domains nearest to those of one structure.

    Attributes
    ----------
    input
        The structure that was read.
    index
        The index that was searched.
    domains
        Domains with their ``nearest`` known domains, nearest first.
    models
        Task to ``name@version`` of the model that embedded the domains.
    warnings
        Warnings, one sentence each.
    """

    input: InputInfo
    index: IndexInfo
    domains: tuple[SearchedDomain, ...]
    models: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return one line with the name, the number of domains and the index."""
        domains = count(len(self.domains), "domain")
        return f"SearchResult({self.input.name!r}, {domains}, index {self.index.name!r})"

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        from protvox.predict.results.notebook import frame_html

        return frame_html(repr(self), self.to_pandas(), self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the JSON form ``protvox.search/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats have 6 significant digits.
        """
        return Search.plain(
            input=self.input,
            models=dict(sorted(self.models.items())),
            index=self.index,
            domains=self.domains,
            warnings=self.warnings,
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per neighbour, nearest first, with the columns of `COLUMNS`."""
        import pandas as pd

        rows = [
            (
                self.input.name,
                d.id,
                d.chain,
                d.chopping,
                d.n_residues,
                d.in_range,
                rank,
                near.domain,
                near.cath,
                near.name,
                near.similarity,
                np.nan if near.p_superfamily is None else near.p_superfamily,
                np.nan if near.p_topology is None else near.p_topology,
                *_scores(near),
            )
            for d in self.domains
            for rank, near in enumerate(d.nearest, start=1)
        ]
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n_aligned": "Int64"})
        return add_identical_rows(frame, [self.input])


def _scores(near: Neighbour) -> tuple[float | None, ...]:
    found = near.alignment
    if found is None:
        return (np.nan, np.nan, np.nan, None, np.nan)
    return (found.tm_query, found.tm_hit, found.rmsd, found.n_aligned, found.identity)
