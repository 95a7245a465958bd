"""Embeddings of a structure: frozen records, their JSON form, table and arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.predict.results.prediction import DomainPrediction, InputInfo, rounded

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Final = "protvox.embed/1"
"""Name and version of the JSON form; a change that breaks a reader raises the number."""


@dataclass(frozen=True, slots=True, eq=False)
class ResidueEmbeddings:
    """Residues and the features of their environments, in file order.

    Attributes
    ----------
    chain, insertion_code
        ``residue``, author chain name and insertion code (``""`` if none).
    number
        ``residue`` int32, author residue number.
    wild_type
        ``residue``, three-letter code; the environment does not hold its side chain.
    vectors
        ``residue axis`` float32.
    """

    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    wild_type: NDArray[np.str_]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of residues."""
        return len(self.chain)


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The embeddings of one structure.

    Attributes
    ----------
    input
        What was read.
    domains
        Domains with their ``embedding``; empty when residues were asked for.
    residues
        Residues; None when domains were asked for.
    models
        Task (``"cath"``, ``"environment"``) to the ``name@version`` that answered.
    warnings
        What the user should know, one sentence each.
    head
        Digest of the embedding of the domains, which indices remember; ``""`` for residues.
    """

    input: InputInfo
    domains: tuple[DomainPrediction, ...] = ()
    residues: ResidueEmbeddings | None = None
    models: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()
    head: str = ""

    def vectors(self) -> NDArray[np.float32]:
        """Return the embeddings alone, ``domain axis`` or ``residue axis`` float32."""
        if self.residues is not None:
            return self.residues.vectors
        return np.stack([d.embedding for d in self.domains if d.embedding is not None])

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return what says which row of `vectors` is what, one array a column."""
        table = self.residues
        if table is not None:
            return {
                "id": np.full(len(table), self.input.name),
                "chain": table.chain,
                "number": table.number,
                "insertion_code": table.insertion_code,
                "wild_type": table.wild_type,
            }
        return {
            "id": np.full(len(self.domains), self.input.name),
            "domain": np.array([d.id for d in self.domains], dtype=np.str_),
            "chain": np.array([d.chain for d in self.domains], dtype=np.str_),
            "chopping": np.array([d.chopping for d in self.domains], dtype=np.str_),
            "n_residues": np.array([d.n_residues for d in self.domains], dtype=np.int64),
            "in_range": np.array([d.in_range for d in self.domains], dtype=np.bool_),
            "model": np.array([d.model for d in self.domains], dtype=np.str_),
            "head": np.full(len(self.domains), self.head),
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a domain or residue, the vector in the column ``embedding``."""
        import pandas as pd

        return pd.DataFrame({**self.columns(), "embedding": list(self.vectors())})

    def to_dict(self) -> dict[str, Any]:
        """Return the embeddings by the schema ``protvox.embed/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats rounded to 6 significant digits.
        """
        return {
            "schema": SCHEMA,
            "input": self.input.to_dict(),
            "models": dict(sorted(self.models.items())),
            "domains": [
                {
                    "id": d.id,
                    "chain": d.chain,
                    "chopping": d.chopping,
                    "n_residues": d.n_residues,
                    "in_range": d.in_range,
                    "flags": list(d.flags),
                    "model": d.model,
                    "embedding": _numbers(vector),
                }
                for d, vector in zip(self.domains, self._domain_vectors(), strict=True)
            ],
            "residues": [] if self.residues is None else list(_residue_dicts(self.residues)),
            "warnings": list(self.warnings),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the embeddings as JSON text, ``protvox.embed/1``.

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

    def _domain_vectors(self) -> Sequence[NDArray[np.float32]]:
        return list(self.vectors()) if self.domains else []


def _residue_dicts(table: ResidueEmbeddings) -> Iterator[dict[str, Any]]:
    rows = zip(
        table.chain.tolist(),
        table.number.tolist(),
        table.insertion_code.tolist(),
        table.wild_type.tolist(),
        table.vectors,
        strict=True,
    )
    for chain, number, insertion_code, wild_type, vector in rows:
        yield {
            "chain": chain,
            "number": number,
            "insertion_code": insertion_code,
            "wild_type": wild_type,
            "embedding": _numbers(vector),
        }


def _numbers(vector: NDArray[np.float32]) -> list[float | None]:
    return [rounded(value) for value in vector.tolist()]
