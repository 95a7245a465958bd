"""An index of known domains: their vectors, and the search for the nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.index.array_file import pack_texts, read_arrays, unpack_texts, write_arrays
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.product_loops import products
from protvox.predict.results.records import Neighbour

SCHEMA: Final = "protvox.index/1"
"""Name and version of the file; a change that breaks a reader raises the number."""

_LARGEST: Final = 127
_SPARE: Final = 4
"""How many times more vectors than requested are compared again in full precision."""


class IndexFacts(NamedTuple):
    """Description of an index.

    Attributes
    ----------
    name
        Description of its contents.
    n_domains
        Number of domains.
    model
        ``name@version`` of the model that made its vectors.
    """

    name: str
    n_domains: int
    model: str


def read_facts(path: Path) -> IndexFacts:
    """Return the description of an index file.

    Parameters
    ----------
    path
        File from `Index.save`.

    Raises
    ------
    ModelError
        If it cannot be used (``index.file``, ``index.hash``).
    """
    arrays, facts = read_arrays(path, SCHEMA)
    return IndexFacts(facts["name"], len(arrays["codes"]), facts["model"])


@dataclass(frozen=True, eq=False)
class Index:
    """Unit vectors of known domains, 8 bits per component.

    The search compares every vector and is exact up to the rounding of the vectors, which changes
    a cosine of 128 components by about 0.001.

    Attributes
    ----------
    codes
        ``domain axis`` int8.
    scales
        ``domain`` float32, value of one unit of ``codes``.
    domains
        ``domain``, names.
    cath
        ``domain``, CATH codes; ``""`` if unknown.
    name
        Description of the contents.
    model
        ``name@version`` of the model that made the vectors.
    head
        Digest of the embedding that made them, see `EmbeddingHead.sha256`.
    """

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    domains: Sequence[str]
    cath: Sequence[str]
    name: str
    model: str
    head: str

    def __len__(self) -> int:
        """Return the number of domains."""
        return len(self.codes)

    @classmethod
    def build(
        cls,
        vectors: NDArray[np.float32],
        domains: Sequence[str],
        cath: Sequence[str],
        *,
        name: str,
        model: str,
        head: str,
    ) -> Index:
        """Return an index of vectors.

        Parameters
        ----------
        vectors
            ``domain axis`` float32 of length 1.
        domains, cath, name, model, head
            See the attributes.

        Raises
        ------
        InputError
            If there are no vectors (``index.empty``).
        """
        if not len(vectors):
            raise fail("index.empty.build")
        codes, scales = _round(vectors)
        return cls(codes, scales, tuple(domains), tuple(cath), name, model, head)

    def search(self, vector: NDArray[np.float32], top: int) -> tuple[Neighbour, ...]:
        """Return the domains nearest to a vector.

        Parameters
        ----------
        vector
            ``axis`` float32 of length 1, by the embedding of this index.
        top
            Number of domains, at least 1.

        Returns
        -------
        tuple of Neighbour
            Nearest first; of equally near ones, the first of the index.

        Raises
        ------
        UsageError
            If ``top`` is less than 1 (``usage.top``).
        """
        if top < 1:
            raise fail("usage.top", where=f"top {top}")
        query, _ = _round(vector[None])
        rough = products(self.codes, query[0]) * self.scales
        candidates = min(_SPARE * top, len(self))
        near = np.sort(np.argpartition(-rough, candidates - 1)[:candidates])
        close = self.vectors(near) @ vector
        order = np.argsort(-close, kind="stable")[:top]
        return tuple(
            Neighbour(self.domains[row], self.cath[row], min(float(similarity), 1.0))
            for row, similarity in zip(near[order].tolist(), close[order].tolist(), strict=True)
        )

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors as they are stored, ``row axis`` float32.

        Parameters
        ----------
        rows
            ``row`` int64, domains.
        """
        return self.codes[rows] * self.scales[rows, None]

    def save(self, path: Path) -> None:
        """Write the index as one file.

        Parameters
        ----------
        path
            File to write.

        Raises
        ------
        UsageError
            If it cannot be written (``output.write``).
        """
        arrays: dict[str, NDArray[Any]] = {
            "codes": self.codes,
            "scales": self.scales,
            "domains": pack_texts(self.domains),
            "cath": pack_texts(self.cath),
        }
        facts = {"schema": SCHEMA, "name": self.name, "model": self.model, "head": self.head}
        write_arrays(arrays, facts, path)

    @classmethod
    def load(cls, path: Path, head: EmbeddingHead) -> Index:
        """Read an index.

        Parameters
        ----------
        path
            File from `save`.
        head
            The embedding of the queries.

        Raises
        ------
        ModelError
            If the file cannot be used (``index.file``, ``index.hash``) or its vectors were
            made with another embedding (``index.model``).
        """
        arrays, facts = read_arrays(path, SCHEMA)
        if facts["head"] != head.sha256:
            raise fail("index.model", where=str(path), model=facts["model"])
        return cls(
            arrays["codes"],
            arrays["scales"],
            unpack_texts(arrays["domains"]),
            unpack_texts(arrays["cath"]),
            facts["name"],
            facts["model"],
            facts["head"],
        )


def _round(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    largest = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny)
    codes = np.rint(vectors * (_LARGEST / largest)[:, None]).astype(np.int8)
    # Lengths remain 1, so rounding only changes directions.
    return codes, (1 / np.linalg.norm(codes.astype(np.float32), axis=1)).astype(np.float32)
