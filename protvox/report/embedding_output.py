"""Embeddings as a stream of bytes: NumPy archive, Parquet, JSON or JSON Lines."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from protvox.report.output import JsonLinesWriter, JsonWriter, ParquetWriter, Result, Writer

if TYPE_CHECKING:
    import pandas as pd

    from protvox.predict.embedding.embeddings import Embeddings

VECTOR_FORMATS: Final = ("npz", "parquet", "json", "jsonl")
"""Names of the output formats of embeddings."""


class _Vectors(Protocol):
    def to_pandas(self) -> pd.DataFrame:
        """Return one row per vector."""


def vector_format_of(path: str) -> str | None:
    """Return the output format for the suffix of a file, None if there is none.

    Parameters
    ----------
    path
        Output file, e.g. ``"out.npz"``.
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    return suffix if suffix in VECTOR_FORMATS else None


def make_vector_writer(form: str, stream: io.BufferedIOBase, *, many: bool) -> Writer:
    """Return the writer of a format.

    Parameters
    ----------
    form
        One of `VECTOR_FORMATS`.
    stream
        Stream to write to.
    many
        Whether there are several inputs, so that ``json`` is a list.
    """
    if form == "json":
        return JsonWriter(stream, many=many)
    if form == "jsonl":
        return JsonLinesWriter(stream)
    if form == "parquet":
        return ParquetWriter(stream, _frame)
    return NpzWriter(stream)


def _frame(embeddings: _Vectors) -> pd.DataFrame:
    return embeddings.to_pandas()


class NpzWriter:
    """A NumPy archive of plain arrays, written at the end."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._parts: list[Embeddings] = []

    def add(self, result: Result) -> None:
        """Add the embeddings of an input."""
        self._parts.append(cast("Embeddings", result))

    def close(self) -> None:
        """Write the archive: ``embedding``, and one array for each column that labels the rows."""
        import numpy as np

        columns = [part.columns() for part in self._parts]
        arrays = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
        vectors = np.concatenate([part.vectors for part in self._parts])
        # An archive needs to seek, which is impossible in a pipe.
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, embedding=vectors, **arrays)
        self._stream.write(buffer.getbuffer())
