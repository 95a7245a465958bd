"""The content of a structure file from a path, an open file, text, bytes or an identifier."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final, Protocol

from protvox.errors import ProtvoxError, fail
from protvox.structure.io.adapters.convert import is_library_object
from protvox.structure.limits import DEFAULT_LIMITS, MIB, ReadLimits

_LINE_ENDS: Final = ("\n", "\r")


class OpenFile(Protocol):
    """An open file, in text or in binary mode."""

    def read(self, size: int = ..., /) -> str | bytes:
        """Return at most so many characters or bytes."""
        ...


Content = str | os.PathLike[str] | bytes | bytearray | memoryview | OpenFile
"""A path, an identifier, ``"-"``, the text or the bytes of a file, or an open file."""


def load_content(
    source: Content,
    *,
    limits: ReadLimits = DEFAULT_LIMITS,
    offline: bool | None = None,
) -> tuple[bytes, str]:
    """Return the content of a structure file without parsing it.

    Parameters
    ----------
    source, limits, offline
        See `protvox.structure.io.read.read_structure`.

    Returns
    -------
    content : bytes
        As stored, compressed or not.
    name : str
        File name or identifier.

    Raises
    ------
    InputError
        If the content cannot be obtained, or is too large.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "bytes"
    if isinstance(source, str):
        if source == "-":
            return _take(sys.stdin.buffer, limits, "stdin"), "stdin"
        if any(end in source for end in _LINE_ENDS) and not os.path.exists(source):
            return source.encode("utf-8", "replace"), "text"
        if not source:
            raise fail("input.empty", where="text")
    elif not isinstance(source, os.PathLike):
        if hasattr(source, "read") and not is_library_object(source):
            return _read_open(source, limits)
        raise _wrong_type(source)
    path = Path(source)
    try:
        if path.is_dir():
            raise fail("input.unreadable.folder", where=str(path))
        if path.exists():
            with path.open("rb") as stream:  # May be a pipe.
                return _take(stream, limits, path.name), path.name
    except (OSError, ValueError) as error:
        raise _unreadable(str(source), error) from error
    # Imported here, because few runs need the network modules.
    from protvox.structure.io.fetch import fetch_structure, parse_identifier

    identifier = parse_identifier(str(source))
    if identifier is None:
        raise fail("input.not_found.file", where=str(source))
    return fetch_structure(identifier, offline=offline, limits=limits).read_bytes(), str(source)


def _take(stream: Any, limits: ReadLimits, where: str) -> bytes:
    # Reading all of a file takes half the time of reading at most so much.
    try:
        size = os.fstat(stream.fileno()).st_size
    except OSError:  # Not a stream of the system.
        size = 0
    known = 0 < size <= limits.inflated_bytes
    data: bytes = stream.read() if known else stream.read(limits.inflated_bytes + 1)
    _check_size(data, limits, where)
    return data


def _read_open(stream: OpenFile, limits: ReadLimits) -> tuple[bytes, str]:
    """Return the rest of an open file, and its name."""
    name = getattr(stream, "name", None)
    label = Path(name).name if isinstance(name, (str, os.PathLike)) else "open file"
    try:
        # Not all at once, because a compressed file may be opened.
        data = stream.read(limits.inflated_bytes + 1)
    except UnicodeDecodeError as error:
        raise fail("input.unreadable.text", where=label) from error
    except Exception as error:  # Of any library whose file this is.
        raise _unreadable(label, error) from error
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if not isinstance(data, bytes):
        raise _wrong_type(stream)
    _check_size(data, limits, label)
    return data, label


def _check_size(data: bytes, limits: ReadLimits, where: str) -> None:
    if len(data) > limits.inflated_bytes:
        raise fail("input.too_large.bytes", where=where, limit=limits.inflated_bytes / MIB)


def _unreadable(where: str, error: Exception) -> ProtvoxError:
    # The text of an error of the system repeats the path.
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return fail("input.unreadable.file", where=where, reason=reason)


def _wrong_type(source: object) -> ProtvoxError:
    if isinstance(source, (list, tuple)):
        return fail("input.unreadable.list")
    kind = type(source)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return fail("input.unreadable.type", type=f"{module}{kind.__qualname__}")
