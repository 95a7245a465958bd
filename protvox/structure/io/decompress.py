"""Bounded inflation of gzip, bzip2 and xz data."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Final, Protocol

from protvox.errors import InputError
from protvox.structure.limits import DEFAULT_LIMITS, MIB, ReadLimits

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


class _Inflater(Protocol):
    """What the three standard-library decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's gzip mode, whose CRC and length checks raise, in the shape of its siblings."""

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
    """Return the bytes behind a compressed input, or the input if it is not compressed.

    The kind is told from the first bytes, never from a file name. Concatenated members are
    joined, as gzip does; zero padding after the last member is ignored.

    Parameters
    ----------
    data
        The input as given.
    where
        Name used in errors.
    limits
        Caps on the inflated size.

    Returns
    -------
    bytes
        At most ``limits.inflated_bytes``.

    Raises
    ------
    InputError
        ``input.gzip_truncated``, ``input.gzip_crc``, ``input.gzip`` (damaged data),
        ``input.too_large``, or ``input.format`` for a kind that is not supported.
    """
    if data.startswith((_ZSTD, _ZIP)):
        raise InputError(
            "the file is compressed in a way protvox does not read",
            where=where,
            remedy="Unpack it, or compress it with gzip",
            code="input.format",
        )
    if _kind(data) is None:
        _check_size(len(data), len(data), where, limits)
        return data
    parts: list[bytes] = []
    size = place = members = 0
    while place < len(data):
        kind = _kind(data[place : place + _MAGIC])
        members += 1
        if kind is None or members > _MOST_MEMBERS:
            raise InputError(
                "there is something else behind the compressed data",
                where=where,
                remedy="Download or copy the file again",
                code="input.gzip",
            )
        inflater = kind()
        chunk = b""
        while not inflater.eof:
            part = _advance(inflater, chunk, where)
            chunk = b""
            if part:
                size += len(part)
                _check_size(size, len(data), where, limits)
                parts.append(part)
            elif not inflater.eof:
                if place == len(data):
                    raise InputError(
                        "the compressed data end too early",
                        where=where,
                        remedy="Download or copy the file again",
                        code="input.gzip_truncated",
                    )
                chunk = data[place : place + _FEED]
                place += len(chunk)
        place -= len(inflater.unused_data)
        if data[place : place + 1] == b"\0":
            place = len(data) - len(data[place:].lstrip(b"\0"))
    return b"".join(parts)


def _kind(data: bytes) -> Callable[[], _Inflater] | None:
    if data.startswith(_GZIP):
        return _Gzip
    if data.startswith(_BZIP2):
        return bz2.BZ2Decompressor
    return _xz if data.startswith(_XZ) else None


def _xz() -> _Inflater:
    # The dictionary an xz stream asks for is allocated before the first byte comes out.
    return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


def _advance(inflater: _Inflater, chunk: bytes, where: str) -> bytes:
    try:
        return inflater.decompress(chunk, _STEP)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        checksum = "check" in str(error).lower()
        raise InputError(
            "the checksum of the compressed data is wrong"
            if checksum
            else "the compressed data are damaged",
            where=where,
            remedy="Download or copy the file again",
            code="input.gzip_crc" if checksum else "input.gzip",
        ) from error


def _check_size(inflated: int, given: int, where: str, limits: ReadLimits) -> None:
    if inflated > limits.inflated_bytes:
        raise InputError(
            f"the content is larger than {limits.inflated_bytes / MIB:.0f} MiB",
            where=where,
            remedy="Split the file, or raise the limit",
            code="input.too_large",
        )
    if inflated > limits.ratio_floor and inflated > limits.ratio * given:
        raise InputError(
            f"the data inflate more than {limits.ratio} times, like an archive bomb",
            where=where,
            remedy="Unpack the file yourself if you trust it",
            code="input.too_large",
        )
