"""Embeddings of one structure, with their JSON form, table and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from protvox.comparable import Comparable
from protvox.messages import count
from protvox.predict.results.json_documents import Embedding
from protvox.predict.results.json_text import JsonText
from protvox.predict.results.records import EmbeddedDomain, InputInfo
from protvox.predict.results.rows import embedded_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResidueEmbeddings(Comparable):
    """Residues with the features of their environments, in file order.

    Attributes
    ----------
    chain, insertion_code
        ``residue``, author chain name and insertion code (``""`` if none).
    number
        ``residue`` int32, author residue number.
    wild_type
        ``residue``, three-letter code; the environment does not include its side chain.
    vectors
        ``residue axis`` float32.
    plddt
        ``residue`` float32, predicted confidence from 0 to 100; ``None`` for a structure without.
    disordered
        ``residue`` bool, whether the pLDDT is below the limit; ``None`` like ``plddt``.
    """

    chain: NDArray[np.str_]
    number: NDArray[np.int32]
    insertion_code: NDArray[np.str_]
    wild_type: NDArray[np.str_]
    vectors: NDArray[np.float32]
    plddt: NDArray[np.float32] | None = None
    disordered: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """Return the number of residues."""
        return len(self.chain)

    def __repr__(self) -> str:
        """Return one line with the numbers of residues and components."""
        return f"ResidueEmbeddings({count(len(self), 'residue')} x {self.vectors.shape[1]})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Embeddings(Comparable, JsonText):
    """The embeddings of one structure.

    Attributes
    ----------
    input
        The structure that was read.
    domains
        Domains with their embeddings; empty if residues were requested.
    residues
        Residues with their embeddings; None if domains were requested.
    models
        Task (``"cath"``, ``"environment"``) to ``name@version`` of its model.
    warnings
        Warnings, one sentence each.
    head
        Digest of the embedding head of the domains, which an index must match; ``""`` for
        residues.
    """

    input: InputInfo
    domains: tuple[EmbeddedDomain, ...] = ()
    residues: ResidueEmbeddings | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    head: str = ""

    def __repr__(self) -> str:
        """Return one line with the name and the numbers of vectors and components."""
        noun = "domain" if self.residues is None else "residue"
        rows, columns = self.vectors.shape
        return f"Embeddings({self.input.name!r}, {count(rows, noun)} x {columns})"

    def _repr_html_(self) -> str:
        """Return a summary for notebooks."""
        import pandas as pd

        from protvox.predict.results.notebook import frame_html

        return frame_html(repr(self), pd.DataFrame(self.columns()), self.warnings)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Vectors, ``domain axis`` or ``residue axis`` float32."""
        if self.residues is not None:
            return self.residues.vectors
        return np.stack([d.embedding for d in self.domains])

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that identify the rows of `vectors`, one array per column."""
        table = self.residues
        if table is not None:
            columns = {
                "id": np.full(len(table), self.input.name),
                "chain": table.chain,
                "number": table.number,
                "insertion_code": table.insertion_code,
                "wild_type": table.wild_type,
            }
            optional = {"plddt": table.plddt, "disordered": table.disordered}
            return columns | {key: value for key, value in optional.items() if value is not None}
        columns = {
            "id": np.full(len(self.domains), self.input.name),
            "domain": np.array([d.id for d in self.domains], dtype=np.str_),
            "chain": np.array([d.chain for d in self.domains], dtype=np.str_),
            "chopping": np.array([d.chopping for d in self.domains], dtype=np.str_),
            "n_residues": np.array([d.n_residues for d in self.domains], dtype=np.int64),
            "in_range": np.array([d.in_range for d in self.domains], dtype=np.bool_),
            "model": np.array([d.model for d in self.domains], dtype=np.str_),
            "head": np.full(len(self.domains), self.head),
        }
        if self.input.plddt is not None:
            columns["plddt"] = np.array([d.plddt for d in self.domains], dtype=np.float64)
        return columns

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per domain or residue, with the vector in the column ``embedding``."""
        import pandas as pd

        return pd.DataFrame({**self.columns(), "embedding": list(self.vectors)})

    def to_dict(self) -> dict[str, Any]:
        """Return the embeddings in the JSON form ``protvox.embed/1``.

        Returns
        -------
        dict
            Plain Python values in a fixed key order; floats have 6 significant digits.
        """
        document = Embedding.plain(
            input=self.input,
            models=dict(sorted(self.models.items())),
            domains=self.domains,
            residues=[],
            warnings=self.warnings,
        )
        if self.residues is not None:
            document["residues"] = embedded_rows(self.residues)
        return document
