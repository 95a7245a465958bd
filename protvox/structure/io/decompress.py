"""Decompression of gzip, bzip2 and xz data, with a limit on the size."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable
from typing import Final, Protocol

from protvox.checkpoint import checkpoint
from protvox.errors import fail
from protvox.structure.limits import DEFAULT_LIMITS, MIB, ReadLimits

_FIRST_FEED: Final = 1 << 10
_FEED: Final = MIB >> 4
_STEP: Final = MIB
_MAGIC: Final = 8
_MOST_MEMBERS: Final = 10_000
_XZ_MEMORY: Final = 128 * MIB
_GZIP: Final = b"\x1f\x8b"
_BZIP2: Final = b"BZh"
_XZ: Final = b"\xfd7zXZ\x00"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = b"PK\x03\x04"
_PADDING: Final = re.compile(rb"\0*")


class _Inflater(Protocol):
    """The common interface of the three decompressors of the standard library."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib in gzip mode, which checks CRC and length, with the interface of `_Inflater`."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def decompress(data: bytes, *, where: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """Decompress data; data that are not compressed are returned unchanged.

    The format is detected from the first bytes, never from a file name. Concatenated members
    are joined, as gzip does; zero padding after a member is ignored. The time needed is
    proportional to the size of the data and of the result.

    Parameters
    ----------
    data
        The data as given.
    where
        Name used in errors.
    limits
        Limits on the decompressed size.

    Returns
    -------
    bytes
        At most ``limits.inflated_bytes``.

    Raises
    ------
    InputError
        ``input.gzip_truncated``, ``input.gzip_crc``, ``input.gzip`` (damaged data),
        ``input.too_large``, or ``input.format`` for an unsupported compression.
    """
    if data.startswith((_ZSTD, _ZIP)):
        raise fail("input.format.compression", where=where)
    if _kind(data) is None:
        _check_size(len(data), len(data), where, limits)
        return data
    parts: list[bytes] = []
    size = position = members = 0
    while position < len(data):
        kind = _kind(data[position : position + _MAGIC])
        members += 1
        if kind is None or members > _MOST_MEMBERS:
            raise fail("input.gzip.trailing", where=where)
        inflater = kind()
        chunk = b""
        # What is left of the last chunk is copied, so that small members get small chunks.
        feed = _FIRST_FEED
        while not inflater.eof:
            checkpoint()
            part = _advance(inflater, chunk, where)
            chunk = b""
            if part:
                size += len(part)
                _check_size(size, len(data), where, limits)
                parts.append(part)
            elif not inflater.eof:
                if position == len(data):
                    raise fail("input.gzip_truncated", where=where)
                chunk = data[position : position + feed]
                position += len(chunk)
                feed = min(2 * feed, _FEED)
        position -= len(inflater.unused_data)
        position = _end_of_padding(data, position)
    return b"".join(parts)


def _end_of_padding(data: bytes, position: int) -> int:
    """Return where the zeros that begin at a position end; no byte is copied."""
    found = _PADDING.match(data, position)
    return position if found is None else found.end()


def _kind(data: bytes) -> Callable[[], _Inflater] | None:
    if data.startswith(_GZIP):
        return _Gzip
    if data.startswith(_BZIP2):
        return bz2.BZ2Decompressor
    return _xz if data.startswith(_XZ) else None


def _xz() -> _Inflater:
    # The dictionary that an xz stream requests is allocated before any output.
    return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


def _advance(inflater: _Inflater, chunk: bytes, where: str) -> bytes:
    try:
        return inflater.decompress(chunk, _STEP)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        checksum = "check" in str(error).lower()
        key = "input.gzip_crc" if checksum else "input.gzip.damaged"
        raise fail(key, where=where) from error


def _check_size(inflated: int, given: int, where: str, limits: ReadLimits) -> None:
    if inflated > limits.inflated_bytes:
        raise fail("input.too_large.bytes", where=where, limit=limits.inflated_bytes / MIB)
    if inflated > limits.ratio_floor and inflated > limits.ratio * given:
        raise fail("input.too_large.ratio", where=where, ratio=limits.ratio)
