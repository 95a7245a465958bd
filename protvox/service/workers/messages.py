"""Messages between the processes of the service: a length, then MessagePack.

MessagePack instead of pickle: a child that a hostile file has taken over can send wrong
values, but no code.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from typing import Any, BinaryIO, Final

import msgpack

_LENGTH: Final = struct.Struct(">I")
MOST_BYTES: Final = 1 << 30
"""Longest message."""

Message = dict[str, Any]


def pack(message: Message) -> tuple[bytes, bytes]:
    """Return a message as bytes: head and body, apart so that large ones are not copied.

    Parameters
    ----------
    message
        Plain values; text that is no Unicode is made so.
    """
    body: bytes = msgpack.packb(message, unicode_errors="replace")
    return _LENGTH.pack(len(body)), body


def _unpack(body: bytes) -> Message:
    message: Message = msgpack.unpackb(body)
    return message


def _length(head: bytes) -> int:
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise ConnectionError(f"a message of {length} bytes is too long")
    return int(length)


def read_message(stream: BinaryIO) -> Message | None:
    """Return the next message of a blocking stream, None at its end.

    Parameters
    ----------
    stream
        Where to read.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return _unpack(stream.read(_length(head)))


def write_message(stream: BinaryIO, message: Message) -> None:
    """Write a message to a blocking stream.

    Parameters
    ----------
    stream
        Where to write.
    message
        Plain values.
    """
    stream.writelines(pack(message))
    stream.flush()


async def receive_message(stream: asyncio.StreamReader) -> Message:
    """Return the next message of an asynchronous stream.

    Parameters
    ----------
    stream
        Where to read.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    head = await stream.readexactly(_LENGTH.size)
    return _unpack(await stream.readexactly(_length(head)))


def take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Return the streams to the parent process, for a child.

    Returns
    -------
    tuple of BinaryIO
        To read from and to write to. Whatever else writes to stdout goes to stderr from now
        on, so that no library can break the messages.
    """
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, out
