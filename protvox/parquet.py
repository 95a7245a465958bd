"""The Parquet files of a run: written with checksums, and checked when they are read."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from protvox.errors import ProtvoxError, fail

_COMPRESSION: Final = "zstd"
SEAL: Final = b"protvox.part"
"""Key of the record in the metadata of a ledger."""
_ROWS: Final = "rows"
FILES: Final = "files"
"""Key of the record of a ledger: SHA-256 of the other files of its part, by table."""
_ERRORS: Final = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    MemoryError,
    RecursionError,
    OverflowError,
)
"""What pyarrow and the decoding of metadata raise for damaged files."""


@contextmanager
def damage_reported(where: str) -> Iterator[None]:
    """Turn the errors of a damaged file into one (``batch.damaged``).

    Parameters
    ----------
    where
        The file.

    Raises
    ------
    UsageError
        ``batch.damaged``. A missing file raises `FileNotFoundError` still.
    """
    try:
        yield
    except (ProtvoxError, FileNotFoundError):
        raise
    except _ERRORS as error:
        reason = str(error) or type(error).__name__
        raise fail("batch.damaged", where=where, reason=reason) from error


def encode_table(table: pa.Table) -> bytes:
    """Return a table as a Parquet file whose pages have checksums.

    Parameters
    ----------
    table
        Any table.
    """
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression=_COMPRESSION, write_page_checksum=True)
    return buffer.getvalue()


def decode_table(file: IO[bytes], where: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file and verify its checksums.

    Parameters
    ----------
    file
        An open file.
    where
        Its name in errors.
    columns
        Columns to read, of those that it has; all by default.

    Raises
    ------
    UsageError
        If it is damaged (``batch.damaged``).
    """
    with damage_reported(where):
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        if columns is not None:
            columns = [name for name in columns if name in parquet.schema_arrow.names]
        return parquet.read(columns)


def digest_rows(table: pa.Table, *more: Any) -> str:
    """Return the SHA-256 of the rows of a table, however they are stored.

    Parameters
    ----------
    table
        A small table.
    more
        Further plain values to include.
    """
    return hashlib.sha256(repr((table.to_pylist(), more)).encode()).hexdigest()


def seal(table: pa.Table, record: dict[str, Any]) -> pa.Table:
    """Return a table with a record in its metadata and a digest of both.

    Parameters
    ----------
    table
        A small table.
    record
        JSON values.
    """
    rows = digest_rows(table, record)
    return table.replace_schema_metadata({SEAL: json.dumps({**record, _ROWS: rows}).encode()})


def is_sealed(table: pa.Table) -> bool:
    """Return whether a table was returned by `seal`.

    Parameters
    ----------
    table
        Table with metadata.
    """
    return SEAL in (table.schema.metadata or {})


def unseal(table: pa.Table, where: str) -> dict[str, Any]:
    """Return the record of a table that was sealed.

    Parameters
    ----------
    table
        Table with metadata.
    where
        Its file, for errors.

    Raises
    ------
    UsageError
        If the table or the record has changed (``batch.damaged``).
    """
    with damage_reported(where):
        record = dict(json.loads((table.schema.metadata or {})[SEAL]))
        rows = record.pop(_ROWS)
        if digest_rows(table.replace_schema_metadata(), record) != rows:
            raise ValueError("its rows have changed")
        return record


def verify_file(file: IO[bytes], digest: str, where: str) -> None:
    """Check that a file has the content that it was written with.

    Parameters
    ----------
    file
        An open file.
    digest
        SHA-256 of its content.
    where
        Its name in errors.

    Raises
    ------
    UsageError
        If the content has changed (``batch.damaged``).
    """
    with damage_reported(where):
        found = hashlib.sha256()
        while chunk := file.read(1 << 20):
            found.update(chunk)
        if found.hexdigest() != digest:
            raise ValueError("its content has changed")
