"""Lists of files and manifests of domains."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protvox.batch.storage.urls import is_url, read_url
from protvox.errors import InputError, UsageError

_COLUMNS: Final = ("path", "chain", "chopping", "id")
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list.

    Attributes
    ----------
    path
        The file or URL; relative paths of a list have become relative to where the list lies.
    written
        The path as written.
    chain, chopping, id
        ``""`` where not given.
    """

    path: str
    written: str
    chain: str = ""
    chopping: str = ""
    id: str = ""


def read_list(path: str) -> list[Line]:
    """Read a list of files, one a line.

    Parameters
    ----------
    path
        Text file or its URL; empty lines and lines that begin with ``#`` are passed over.

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
    """Read a table with a column ``path`` and, if wanted, ``chain``, ``chopping`` and ``id``.

    Parameters
    ----------
    path
        CSV file or its URL, or TSV by its ending; other columns are passed over.

    Raises
    ------
    UsageError
        If it cannot be read, lacks the column, or has a row without path (``batch.list``), or
        gives one id to two rows (``batch.duplicate``).
    """
    separator = "\t" if path.lower().endswith(".tsv") else ","
    rows = csv.DictReader(_text(path).splitlines(), delimiter=separator, strict=True)
    try:
        header = list(rows.fieldnames or [])
        if "path" not in header:
            columns = ",".join(_COLUMNS)
            raise _bad("the manifest has no column path", path, f"Begin it with {columns}")
        return list(_rows(rows, path))
    except csv.Error as error:
        raise _bad(
            f"the manifest is no table ({error})", f"{path}, line {rows.line_num}", "Correct it"
        ) from error


def _rows(rows: csv.DictReader[str], path: str) -> Iterator[Line]:
    seen: dict[str, int] = {}
    for row in rows:
        written, chain, chopping, name = ((row.get(key) or "").strip() for key in _COLUMNS)
        where = f"{path}, line {rows.line_num}"
        chain, chopping, name = (
            text.encode("utf-8", "backslashreplace").decode() for text in (chain, chopping, name)
        )
        if not written:
            raise _bad("the row has no path", where, "Fill it in, or remove the row")
        if name and name in seen:
            raise UsageError(
                f"the id {name} is also that of line {seen[name]}",
                where=where,
                remedy="Give every row its own",
                code="batch.duplicate",
            )
        seen[name] = rows.line_num
        yield Line(_beside(path, written), written, chain, chopping, name)


def _beside(path: str, written: str) -> str:
    """Return the path or URL that a list at `path` means by `written`."""
    if is_url(written):
        return written
    if is_url(path):
        # Absolute paths are of this machine, also in a list that lies elsewhere.
        return written if os.path.isabs(written) else f"{path.rpartition('/')[0]}/{written}"
    return os.path.join(Path(path).parent, written)


def _text(path: str) -> str:
    try:
        if is_url(path):
            return read_url(path).removeprefix(_MARK).decode("utf-8", "surrogateescape")
        # Names of files may hold bytes that are no text, and a table program may add a mark.
        data = Path(path).read_bytes().removeprefix(_MARK)
    except InputError as error:
        raise _bad(f"the list cannot be read ({error.what})", path, "Check the URL") from error
    except OSError as error:
        raise _bad(
            f"the list cannot be read ({error.strerror or error})", path, "Check the path"
        ) from error
    return data.decode("utf-8", "surrogateescape")


def _bad(what: str, where: str, remedy: str) -> UsageError:
    return UsageError(what, where=where, remedy=remedy, code="batch.list")
