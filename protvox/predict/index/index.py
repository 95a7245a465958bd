"""An index of known domains: their vectors, and the search for the nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.index.array_file import pack_texts, read_arrays, unpack_texts, write_arrays
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.known_traces import KnownTraces
from protvox.predict.index.product_loops import products
from protvox.predict.results.neighbours import Neighbour

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
    traces
        CA traces of the domains; None if the index holds none, so that they cannot be aligned.
    names
        CATH superfamily or topology, ``"3.40.50.300"`` or ``"3.40.50"``, to its name.
    """

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    domains: Sequence[str]
    cath: Sequence[str]
    name: str
    model: str
    head: str
    traces: KnownTraces | None = None
    names: Mapping[str, str] = field(default_factory=dict)

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
        traces: KnownTraces | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Index:
        """Return an index of vectors.

        Parameters
        ----------
        vectors
            ``domain axis`` float32 of length 1.
        domains, cath, name, model, head, traces, names
            See the attributes.

        Raises
        ------
        InputError
            If there are no vectors (``index.empty``).
        """
        if not len(vectors):
            raise fail("index.empty.build")
        codes, scales = _round(vectors)
        return cls(
            codes, scales, tuple(domains), tuple(cath), name, model, head, traces, names or {}
        )

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
        rows, similarities = self.nearest(vector, top)
        return tuple(map(self.neighbour, rows.tolist(), similarities.tolist()))

    def nearest(
        self, vector: NDArray[np.float32], top: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the rows nearest to a vector, and their similarities; see `search`.

        Parameters
        ----------
        vector, top
            See `search`.

        Returns
        -------
        rows : ndarray
            ``neighbour`` int64, nearest first.
        similarities : ndarray
            ``neighbour`` float32.

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
        return near[order], np.minimum(close[order], 1)

    def neighbour(self, row: int, similarity: float) -> Neighbour:
        """Return the record of a domain.

        Parameters
        ----------
        row
            The domain.
        similarity
            Its similarity to the query.
        """
        return Neighbour(
            self.domains[row], self.cath[row], similarity, self.name_of(self.cath[row])
        )

    def name_of(self, code: str) -> str:
        """Return the name of a superfamily, or else that of its topology, or ``""``.

        Parameters
        ----------
        code
            CATH code, ``"3.40.50.300"``.
        """
        return self.names.get(code) or self.names.get(code.rpartition(".")[0], "")

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
            "names": pack_texts([text for item in self.names.items() for text in item]),
            **({} if self.traces is None else self.traces.arrays()),
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
        names = unpack_texts(arrays["names"]) if "names" in arrays else []
        return cls(
            arrays["codes"],
            arrays["scales"],
            unpack_texts(arrays["domains"]),
            unpack_texts(arrays["cath"]),
            facts["name"],
            facts["model"],
            facts["head"],
            KnownTraces.of_arrays(arrays),
            dict(zip(names[::2], names[1::2], strict=True)),
        )


def _round(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    largest = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny)
    codes = np.rint(vectors * (_LARGEST / largest)[:, None]).astype(np.int8)
    # Lengths remain 1, so rounding only changes directions.
    return codes, (1 / np.linalg.norm(codes.astype(np.float32), axis=1)).astype(np.float32)
