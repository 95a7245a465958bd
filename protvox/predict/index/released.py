"""The embedding and the index that lie beside a domain model."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import ModelError
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.trace_descriptor import describe_trace
from protvox.predict.results.prediction import Neighbour
from protvox.registry.card import Card

HEAD_FILE: Final = "head.safetensors"
INDEX_FILE: Final = "index.safetensors"

NEAREST: Final = 3
"""Neighbours of a domain that `protvox.classify` names."""


def index_folder(model: Path) -> Path:
    """Return where the embedding and the index of a model lie: ``cath-index`` beside ``cath``.

    Parameters
    ----------
    model
        Folder of the model.
    """
    return model.with_name(f"{model.name}-index")


class ReleasedIndex:
    """What lies beside a model, read when first asked for.

    Parameters
    ----------
    model
        Folder of the model.
    card
        Its card.
    """

    def __init__(self, model: Path, card: Card) -> None:
        self.folder = index_folder(model)
        self.card = card
        self._head: EmbeddingHead | None = None
        self._index: Index | None = None
        self._door = threading.Lock()

    def head(self) -> EmbeddingHead:
        """Return the embedding.

        Raises
        ------
        ModelError
            If there is none (``index.missing``), it is damaged (``index.file``,
            ``index.hash``) or belongs to other weights (``index.model``).
        """
        with self._door:
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
        with self._door:
            if self._index is None:
                self._index = Index.load(self._present(INDEX_FILE), head)
            return self._index

    def describe(
        self, features: NDArray[np.float32], ca: NDArray[np.float32], count: int
    ) -> tuple[NDArray[np.float32] | None, tuple[Neighbour, ...]]:
        """Return the embedding of a domain and the known domains nearest to it.

        A model that nobody trained an embedding for, such as a user's own, still classifies:
        then there is neither.

        Parameters
        ----------
        features
            ``feature`` float32, see `protvox.networks.poses.domain_features`.
        ca
            ``residue 3``, its CA atoms in chain order, Å.
        count
            How many known domains.

        Raises
        ------
        ModelError
            If what lies beside the model is damaged (``index.file``, ``index.hash``).
        """
        try:
            head = self.head()
            vector: NDArray[np.float32] = head.embed(features[None], describe_trace(ca)[None])[0]
            return vector, self.index().search(vector, count)
        except ModelError as error:
            if error.code in ("index.missing", "index.model"):
                return None, ()
            raise

    def _present(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise ModelError(
                f"no embedding was trained for {self.card.reference}",
                where=str(path),
                remedy="Use the released model, or train one with python -m experiments.search",
                code="index.missing",
            )
        return path
