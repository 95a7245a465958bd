"""What a search found: frozen records, their JSON form and their table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from protvox.predict.results.prediction import DomainPrediction, InputInfo

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Final = "protvox.search/1"
"""Name and version of the JSON form; a change that breaks a reader raises the number."""

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
    "similarity",
)
"""Columns of the table."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What was searched.

    Attributes
    ----------
    name
        What the index holds, in words.
    n_domains
        How many domains.
    """

    name: str
    n_domains: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The known domains nearest to those of one structure.

    Attributes
    ----------
    input
        What was read.
    index
        What was searched.
    domains
        The domains, with ``nearest`` closest first.
    models
        Task to the ``name@version`` that embedded the domains.
    warnings
        What the user should know, one sentence each.
    """

    input: InputInfo
    index: IndexInfo
    domains: tuple[DomainPrediction, ...]
    models: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result by the schema ``protvox.search/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats rounded to 6 significant digits.
        """
        return {
            "schema": SCHEMA,
            "input": self.input.to_dict(),
            "models": dict(sorted(self.models.items())),
            "index": {"name": self.index.name, "n_domains": self.index.n_domains},
            "domains": [
                {
                    "id": d.id,
                    "chain": d.chain,
                    "chopping": d.chopping,
                    "n_residues": d.n_residues,
                    "in_range": d.in_range,
                    "flags": list(d.flags),
                    "model": d.model,
                    "nearest": [near.to_dict() for near in d.nearest],
                }
                for d in self.domains
            ],
            "warnings": list(self.warnings),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the result as JSON text, ``protvox.search/1``.

        Parameters
        ----------
        indent
            Blanks a level; ``None`` puts everything on one line.
        """
        separators = (",", ":") if indent is None else None
        return json.dumps(
            self.to_dict(),
            indent=indent,
            separators=separators,
            ensure_ascii=False,
            allow_nan=False,
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a neighbour, closest first; columns `COLUMNS`."""
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
                near.similarity,
            )
            for d in self.domains
            for rank, near in enumerate(d.nearest, start=1)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))
