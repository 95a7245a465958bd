"""The embedding of domains: two trained matrices, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.predict.index.array_file import Arrays, read_arrays, write_arrays
from protvox.registry.card import Card

SCHEMA: Final = "protvox.head/1"
"""Name and version of the file."""

_PARTS: Final = ("features", "trace")
_ARRAYS: Final = ("mean", "scale", "matrix", "weight")
_TINY: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Block:
    """One part of an embedding: standardised numbers through a matrix.

    Attributes
    ----------
    mean, scale
        ``number`` float32, mean and standard deviation to standardise the numbers with.
    matrix
        ``axis number`` float32.
    weight
        Length of this part of the embedding.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    matrix: NDArray[np.float32]
    weight: float

    def embed(self, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ``domain axis`` float32 of length ``weight``.

        Parameters
        ----------
        numbers
            ``domain number`` float32.
        """
        vectors = ((numbers - self.mean) / self.scale) @ self.matrix.T
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
        whole: NDArray[np.float32] = vectors * (self.weight / lengths).astype(np.float32)
        return whole


@dataclass(frozen=True, eq=False)
class EmbeddingHead:
    """Maps a domain to a unit vector, similar for domains of one fold.

    Two parts side by side, trained for retrieval (``experiments/search``): one from the
    features of the network, one from the path of the chain.

    Attributes
    ----------
    features
        Reads `protvox.networks.poses.domain_features`.
    trace
        Reads `protvox.predict.index.trace_descriptor.describe_trace`.
    model
        ``name@version`` of the network that computes the features.
    model_sha256
        Digest of the weights of that network.
    sha256
        Digest of the embedding, which indices store; ``""`` before it is saved.
    """

    features: Block
    trace: Block
    model: str
    model_sha256: str
    sha256: str = ""

    @property
    def width(self) -> int:
        """Number of components of an embedding."""
        return len(self.features.matrix) + len(self.trace.matrix)

    def embed(
        self, features: NDArray[np.float32], traces: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the embeddings of domains.

        Parameters
        ----------
        features
            ``domain feature`` float32.
        traces
            ``domain number`` float32.

        Returns
        -------
        ndarray
            ``domain axis`` float32 of length 1.
        """
        vectors = np.concatenate([self.features.embed(features), self.trace.embed(traces)], axis=1)
        whole: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return whole

    def save(self, path: Path) -> EmbeddingHead:
        """Write the head as one file and return it with its digest.

        Parameters
        ----------
        path
            File to write.

        Raises
        ------
        UsageError
            If it cannot be written (``output.write``).
        """
        arrays = {
            f"{part}.{name}": np.asarray(getattr(getattr(self, part), name), dtype=np.float32)
            for part in _PARTS
            for name in _ARRAYS
        }
        facts = {"schema": SCHEMA, "model": self.model, "model_sha256": self.model_sha256}
        return replace(self, sha256=write_arrays(arrays, facts, path))

    @classmethod
    def load(cls, path: Path, card: Card) -> EmbeddingHead:
        """Read a head.

        Parameters
        ----------
        path
            File from `save`.
        card
            Card of the model that computes the features.

        Raises
        ------
        ModelError
            If the file cannot be used (``index.file``, ``index.hash``) or was trained for other
            weights (``index.model``).
        """
        arrays, facts = read_arrays(path, SCHEMA)
        if facts["model_sha256"] != card.sha256:
            raise fail(
                "index.model.head",
                where=str(path),
                model=facts["model"],
                reference=card.reference,
            )
        features, trace = (_block(arrays, part) for part in _PARTS)
        return cls(features, trace, facts["model"], facts["model_sha256"], facts["sha256"])


def _block(arrays: Arrays, part: str) -> Block:
    mean, scale, matrix, weight = (arrays[f"{part}.{name}"] for name in _ARRAYS)
    return Block(mean, scale, matrix, weight.item())
