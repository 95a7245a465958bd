"""Multipart forms, parsed within limits; runs in the reading process only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from protvox.service.failures import refuse

_MAX_PARTS: Final = 256
_MAX_HEADER_BYTES: Final = 8192


@dataclass(slots=True)
class Part:
    """One part of a form.

    Attributes
    ----------
    name
        Name of the field.
    filename
        File name given by the client, ``""`` if none.
    data
        Content.
    """

    name: str = ""
    filename: str = ""
    data: bytearray = field(default_factory=bytearray)


def parse_form(body: bytes, boundary: bytes) -> list[Part]:
    """Parse a form.

    Parameters
    ----------
    body
        The complete body.
    boundary
        From the content type.

    Raises
    ------
    ServiceError
        If the form is damaged (``request.syntax``) or too large (``request.parts``).
    """
    collector = _Collector()
    callbacks = {
        "on_part_begin": collector.begin,
        "on_part_data": collector.add_data,
        "on_header_field": collector.add_header,
        "on_header_value": collector.add_value,
        "on_header_end": collector.end_header,
        "on_end": collector.finish,
    }
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (MultipartParseError, ValueError, TypeError) as error:
        raise refuse("request.syntax.form", where="body") from error
    if not collector.complete:
        raise refuse("request.syntax.form", where="body")
    return collector.parts


class _Collector:
    """Collects what the parser finds, within limits."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._header = bytearray()
        self._value = bytearray()
        self._header_bytes = 0

    def begin(self) -> None:
        if len(self.parts) >= _MAX_PARTS:
            raise refuse("request.parts.count", where="body", status=413, limit=_MAX_PARTS)
        self.parts.append(Part())
        self._header_bytes = 0

    def add_data(self, chunk: bytes, start: int, end: int) -> None:
        self.parts[-1].data += memoryview(chunk)[start:end]

    def add_header(self, chunk: bytes, start: int, end: int) -> None:
        self._append(self._header, chunk[start:end])

    def add_value(self, chunk: bytes, start: int, end: int) -> None:
        self._append(self._value, chunk[start:end])

    def end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, parameters = parse_options_header(bytes(self._value))
            part = self.parts[-1]
            part.name = parameters.get(b"name", b"").decode("utf-8", "replace")
            part.filename = parameters.get(b"filename", b"").decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def finish(self) -> None:
        self.complete = True

    def _append(self, text: bytearray, more: bytes) -> None:
        self._header_bytes += len(more)
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise refuse("request.parts.header", where="body", status=413)
        text += more
