"""Lists of files and manifests of domains."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protvox.batch.storage.urls import is_url, read_url
from protvox.errors import InputError, fail

_COLUMNS: Final = ("path", "chain", "chopping", "id")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list.

    Attributes
    ----------
    path
        Path or URL of the file. Relative paths are resolved against the folder of the list.
    written
        Path as written in the list.
    chain, chopping, id
        Further columns; ``""`` where absent.
    """

    path: str
    written: str
    chain: str = ""
    chopping: str = ""
    id: str = ""


def read_list(path: str) -> list[Line]:
    """Read a list of files, one per line.

    Parameters
    ----------
    path
        Text file or its URL. Empty lines and lines that begin with ``#`` are ignored.

    Raises
    ------
    UsageError
        If it cannot be read (``batch.list``).
    """
    lines = []
    for written in _text(path).splitlines():
        if written.strip() and not written.startswith("#"):
            lines.append(Line(_beside(path, written), written))
    return lines


def read_manifest(path: str) -> list[Line]:
    """Read a table with a column ``path`` and optionally ``chain``, ``chopping`` and ``id``.

    Parameters
    ----------
    path
        CSV file (or TSV, by its suffix), or its URL. Capitals and spaces around the names of the
        columns do not matter, and other columns are ignored.

    Raises
    ------
    UsageError
        If it cannot be read, has no column ``path``, or has a row without a path
        (``batch.list``), or two rows have the same id (``batch.duplicate``).
    """
    separator = "\t" if path.lower().endswith(".tsv") else ","
    rows = csv.DictReader(_text(path).splitlines(), delimiter=separator, strict=True)
    try:
        # A column that is not recognised is ignored: " chain" or "Chain" must not be.
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
        if "path" not in rows.fieldnames:
            raise fail("batch.list.no_path_column", where=path, columns=",".join(_COLUMNS))
        return list(_rows(rows, path))
    except csv.Error as error:
        where = f"{path}, line {rows.line_num}"
        raise fail("batch.list.not_a_table", where=where, reason=error) from error


def _rows(rows: csv.DictReader[str], path: str) -> Iterator[Line]:
    seen: dict[str, int] = {}
    for row in rows:
        written, chain, chopping, name = ((row.get(key) or "").strip() for key in _COLUMNS)
        where = f"{path}, line {rows.line_num}"
        chain, chopping, name = (
            text.encode("utf-8", "backslashreplace").decode() for text in (chain, chopping, name)
        )
        if not written:
            raise fail("batch.list.no_path", where=where)
        if name and name in seen:
            raise fail("batch.duplicate.row", where=where, id=name, line=seen[name])
        seen[name] = rows.line_num
        yield Line(_beside(path, written), written, chain, chopping, name)


def _beside(path: str, written: str) -> str:
    """Resolve a path or URL written in the list at `path`."""
    if is_url(written):
        return written
    if is_url(path):
        # Absolute paths refer to this machine, even in a remote list.
        return written if os.path.isabs(written) else f"{path.rpartition('/')[0]}/{written}"
    return os.path.join(Path(path).parent, written)


def _text(path: str) -> str:
    try:
        if is_url(path):
            return read_url(path).removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "surrogateescape")
        # File names may hold bytes that are not valid text; spreadsheets add a byte order mark.
        data = Path(path).read_bytes().removeprefix(_BYTE_ORDER_MARK)
    except InputError as error:
        raise fail("batch.list.unreadable", where=path, reason=error.what) from error
    except OSError as error:
        reason = error.strerror or error
        raise fail("batch.list.unreadable", where=path, reason=reason) from error
    return data.decode("utf-8", "surrogateescape")
