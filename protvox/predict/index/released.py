"""The embedding and the index next to a domain model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import ModelError, fail
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.relatives import RelativesModel
from protvox.predict.index.trace_descriptor import describe_trace
from protvox.predict.results.neighbours import Neighbour
from protvox.registry.card import Card

HEAD_FILE: Final = "head.safetensors"
INDEX_FILE: Final = "index.safetensors"
RELATIVES_FILE: Final = "relatives.json"

NEAREST: Final = 3
"""Number of neighbours of a domain that `protvox.classify` reports."""


def index_folder(model: Path) -> Path:
    """Return the folder of the embedding and the index of a model: ``cath-index`` next to ``cath``.

    Parameters
    ----------
    model
        Folder of the model.
    """
    return model.with_name(f"{model.name}-index")


@dataclass(frozen=True, eq=False)
class NearestKnown:
    """A domain among known ones.

    Attributes
    ----------
    vector
        ``axis`` float32, its embedding.
    index
        The known domains.
    rows, similarities
        The nearest, see `Index.nearest`.
    relatives
        Weights of the evidence that they are related to it; None if there are none.
    """

    vector: NDArray[np.float32]
    index: Index
    rows: NDArray[np.int64]
    similarities: NDArray[np.float32]
    relatives: RelativesModel | None

    def neighbours(self) -> Iterator[Neighbour]:
        """Yield the nearest as records, nearest first."""
        return map(self.index.neighbour, self.rows.tolist(), self.similarities.tolist())


class ReleasedIndex:
    """The embedding and the index of a model, read when first used.

    Parameters
    ----------
    model
        Folder of the model.
    card
        Card of the model.
    """

    def __init__(self, model: Path, card: Card) -> None:
        self.folder = index_folder(model)
        self.card = card
        self._head: EmbeddingHead | None = None
        self._index: Index | None = None
        self._relatives: RelativesModel | None = None
        self._lock = threading.Lock()

    def head(self) -> EmbeddingHead:
        """Return the embedding.

        Raises
        ------
        ModelError
            If it is missing (``index.missing``), damaged (``index.file``, ``index.hash``) or
            was trained for other weights (``index.model``).
        """
        with self._lock:
            if self._head is None:
                self._head = EmbeddingHead.load(self._present(HEAD_FILE), self.card)
            return self._head

    def index(self) -> Index:
        """Return the index.

        Raises
        ------
        ModelError
            As `head` does.
        """
        head = self.head()
        with self._lock:
            if self._index is None:
                self._index = Index.load(self._present(INDEX_FILE), head)
            return self._index

    def relatives(self) -> RelativesModel | None:
        """Return the weights of the evidence for relatives, None if there are none.

        Raises
        ------
        ModelError
            As `head` does.
        """
        head = self.head()
        with self._lock:
            if self._relatives is None and (self.folder / RELATIVES_FILE).is_file():
                path = self.folder / RELATIVES_FILE
                self._relatives = RelativesModel.load(path, head.sha256)
            return self._relatives

    def describe(
        self, features: NDArray[np.float32], ca: NDArray[np.float32], count: int
    ) -> NearestKnown | None:
        """Return the embedding of a domain and the known domains nearest to it.

        A model without an embedding, such as a user's own, can still classify; then None is
        returned.

        Parameters
        ----------
        features
            ``feature`` float32, see `protvox.networks.poses.domain_features`.
        ca
            ``residue 3``, its CA atoms in chain order, Å.
        count
            Number of known domains.

        Raises
        ------
        ModelError
            If the embedding or the index is damaged (``index.file``, ``index.hash``).
        """
        try:
            head = self.head()
            vector: NDArray[np.float32] = head.embed(features[None], describe_trace(ca)[None])[0]
            index = self.index()
            return NearestKnown(vector, index, *index.nearest(vector, count), self.relatives())
        except ModelError as error:
            if error.code in ("index.missing", "index.model"):
                return None
            raise

    def _present(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise fail("index.missing", where=str(path), reference=self.card.reference)
        return path
