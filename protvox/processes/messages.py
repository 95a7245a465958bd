"""Messages between processes: a length, then MessagePack.

MessagePack instead of pickle: a child process that a hostile file has taken over can send wrong
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
MAX_BYTES: Final = 1 << 30
"""Maximum length of a message."""

Message = dict[str, Any]


def pack(message: Message) -> tuple[bytes, bytes]:
    """Encode a message.

    Parameters
    ----------
    message
        Plain values. Characters that are not valid Unicode are replaced.

    Returns
    -------
    tuple of bytes
        Header and body, separate so that a large body is not copied.
    """
    body: bytes = msgpack.packb(message, unicode_errors="replace")
    return _LENGTH.pack(len(body)), body


def read_message(stream: BinaryIO) -> Message | None:
    """Read the next message from a blocking stream.

    Parameters
    ----------
    stream
        Stream to read.

    Returns
    -------
    Message or None
        None at the end of the stream.

    Raises
    ------
    ValueError
        If the message is not valid.
    """
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    return _unpack(stream.read(_length(header)))


def write_message(stream: BinaryIO, message: Message) -> None:
    """Write a message to a blocking stream.

    Parameters
    ----------
    stream
        Stream to write to.
    message
        Plain values.
    """
    stream.writelines(pack(message))
    stream.flush()


async def receive_message(stream: asyncio.StreamReader) -> Message:
    """Read the next message from an asynchronous stream.

    Parameters
    ----------
    stream
        Stream to read.

    Raises
    ------
    EOFError
        If the other side has closed the stream.
    ValueError
        If the message is not valid.
    """
    header = await stream.readexactly(_LENGTH.size)
    return _unpack(await stream.readexactly(_length(header)))


class MessageBuffer:
    """Assembles messages from the chunks in which they arrive.

    Examples
    --------
    >>> buffer = MessageBuffer()
    >>> data = b"".join(pack({"ready": True}))
    >>> buffer.feed(data[:3])
    >>> buffer.next_message() is None
    True
    >>> buffer.feed(data[3:])
    >>> buffer.next_message()
    {'ready': True}
    """

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Append a chunk.

        Parameters
        ----------
        chunk
            Bytes that have arrived.
        """
        self._data += chunk

    def next_message(self) -> Message | None:
        """Remove and return the first complete message, None if there is none yet.

        Raises
        ------
        ConnectionError
            If the message is too long.
        ValueError
            If the message is not valid.
        """
        if len(self._data) < _LENGTH.size:
            return None
        end = _LENGTH.size + _length(self._data[: _LENGTH.size])
        if len(self._data) < end:
            return None
        with memoryview(self._data) as view:
            body = bytes(view[_LENGTH.size : end])
        del self._data[:end]
        return _unpack(body)


def take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Return the streams from and to the parent process, for use in a child process.

    Returns
    -------
    tuple of BinaryIO
        Stream to read and stream to write. From then on, anything else written to stdout goes to
        stderr, so that no library can corrupt the messages.
    """
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, out


def _length(header: bytes | bytearray) -> int:
    (length,) = _LENGTH.unpack(header)
    if length > MAX_BYTES:
        raise ConnectionError(f"a message of {length} bytes is too long")
    return int(length)


def _unpack(body: bytes) -> Message:
    message = msgpack.unpackb(body)
    if not isinstance(message, dict):
        raise ValueError("a message is not a mapping")
    return message
