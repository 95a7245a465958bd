"""Requests to the service within this process, without a network."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp, Message

from protvox.errors import fail
from protvox.structure.io.fetch import parse_identifier

_HOST: Final = "localhost"


async def post(app: ASGIApp, path: str, content_type: str, body: bytes) -> tuple[int, bytes]:
    """Send a request and return the response.

    Parameters
    ----------
    app
        The ASGI application.
    path
        Address.
    content_type, body
        What is sent.

    Returns
    -------
    status : int
        Status code.
    content : bytes
        Body of the response.
    """
    received: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if received:
            return received.pop()
        await asyncio.Event().wait()  # A caller that leaves cancels this instead.
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", _HOST.encode()),
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 0),
        "server": (_HOST, None),
    }
    await app(scope, receive, send)
    status = next(m["status"] for m in sent if m["type"] == "http.response.start")
    return status, b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")


def encode_request(source: str, options: Mapping[str, Any], most_bytes: int) -> tuple[str, bytes]:
    """Return the content type and the body of a request for a structure.

    Parameters
    ----------
    source
        Path of a file, or an identifier.
    options
        Options of the request; ``None`` is ignored.
    most_bytes
        Number of bytes after which a file is not read on; the service refuses it.

    Raises
    ------
    InputError
        If it is neither a file nor an identifier (``input.not_found``), or the file cannot be
        read (``input.unreadable``).
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        path = Path(source).expanduser()
        if path.is_dir():
            raise fail("input.unreadable.folder", where=source)
        if path.exists():
            with path.open("rb") as file:
                content = file.read(most_bytes + 1)
            return _encode_form(path.name, content, given)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise fail("input.unreadable.file", where=source, reason=reason) from error
    if parse_identifier(source) is None:
        raise fail("input.not_found.file", where=source)
    return "application/json", json.dumps({**given, "id": source}).encode()


def _encode_form(name: str, content: bytes, options: Mapping[str, Any]) -> tuple[str, bytes]:
    boundary = secrets.token_hex(16)
    parts = [(f'name="file"; filename="{_quote(name)}"', content)]
    parts += [(f'name="{_quote(key)}"', text.encode()) for key, text in _fields(options)]
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
        for head, data in parts
    )
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _fields(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        if isinstance(value, list):
            yield name, "\n".join(map(str, value))
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)


def _quote(name: str) -> str:
    """Return a name as browsers write it into a form."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
