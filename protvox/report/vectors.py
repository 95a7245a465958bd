"""Embeddings as a stream of bytes: numpy archive, Parquet, JSON or JSON lines."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from protvox.report.output import Answer, JsonLinesWriter, JsonWriter, ParquetWriter, Writer

if TYPE_CHECKING:
    import pandas as pd

    from protvox.predict.embedding.embeddings import Embeddings

VECTOR_FORMATS: Final = ("npz", "parquet", "json", "jsonl")
"""Names of the output formats of embeddings."""


class _Vectors(Protocol):
    def to_pandas(self) -> pd.DataFrame:
        """Return one row a vector."""


def vector_format_of(path: str) -> str | None:
    """Return the output format a file name asks for, ``None`` if it says nothing.

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
        Where the bytes go.
    many
        Whether several inputs were given: then ``json`` is a list.
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
    """One numpy archive of plain arrays, written at the end."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._parts: list[Embeddings] = []

    def add(self, prediction: Answer) -> None:
        """Take the embeddings of one more input."""
        self._parts.append(cast("Embeddings", prediction))

    def close(self) -> None:
        """Write the archive: ``embedding``, and the columns that say which row is what."""
        import numpy as np

        columns = [part.columns() for part in self._parts]
        arrays = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
        vectors = np.concatenate([part.vectors() for part in self._parts])
        # An archive needs to seek, which a pipe cannot.
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, embedding=vectors, **arrays)
        self._stream.write(buffer.getbuffer())
