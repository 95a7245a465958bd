"""The body of a request to a structure and options; runs in the reading process only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import ValidationError
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from protvox.errors import InputError, UsageError
from protvox.service.failures import ServiceError
from protvox.service.schemas import (
    ClassifyOptions,
    ClassifyRequest,
    EmbedOptions,
    EmbedRequest,
    JobOptions,
    JobRequest,
    MutationOptions,
    MutationRequest,
    Options,
    SearchOptions,
    SearchRequest,
    Source,
)

_MOST_PARTS: Final = 256
_MOST_HEADER_BYTES: Final = 8192
_MOST_FIELD_BYTES: Final = 1 << 20
_NAME_LENGTH: Final = 200
_LISTS: Final = ("domains", "mutations")
_OF_DOMAINS: Final = ("cath", "all", "embed", "search")

Kind = Literal["cath", "environment", "mutations", "embed", "search", "jobs"]
"""Which address a body was sent to."""

_SCHEMAS: Final[dict[Kind, tuple[type[Options], type[Source]]]] = {
    "cath": (ClassifyOptions, ClassifyRequest),
    "environment": (ClassifyOptions, ClassifyRequest),
    "mutations": (MutationOptions, MutationRequest),
    "embed": (EmbedOptions, EmbedRequest),
    "search": (SearchOptions, SearchRequest),
    "jobs": (JobOptions, JobRequest),
}
"""Options of a form, and all of a JSON body."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client sent.

    Attributes
    ----------
    content
        Bytes of a structure file; ``None`` when an identifier was given.
    identifier
        Identifier of a database entry, as given.
    name
        What to call the structure; a label, never a path.
    form
        The format the client claims, ``None`` if it claims none.
    model_number
        Model of the file to read.
    options
        What to answer: ``task`` and what belongs to it.
    """

    content: bytes | None
    identifier: str | None
    name: str
    form: str | None
    model_number: int | None
    options: dict[str, Any]


def parse_upload(body: bytes, content_type: str, kind: Kind) -> Upload:
    """Return what a request body asks for.

    Parameters
    ----------
    body
        The whole body.
    content_type
        Its header.
    kind
        Where it was sent to.

    Raises
    ------
    ServiceError
        If the body is not of a known type or does not fit its schema (``request.*``).
    UsageError
        If the options contradict each other (``usage.domain``, ``usage.mutations``).
    """
    media_type, parameters = parse_options_header(content_type)
    if media_type == b"multipart/form-data":
        return _from_form(_parse_form(body, parameters.get(b"boundary", b"")), kind)
    if media_type == b"application/json":
        return _from_json(body, kind)
    raise ServiceError(
        "the body is neither JSON nor a form",
        where="Content-Type",
        remedy="Send application/json or multipart/form-data",
        code="request.media_type",
        status=415,
    )


def _from_json(body: bytes, kind: Kind) -> Upload:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ServiceError(
            "the body is not JSON", where="body", remedy="Correct the JSON", code="request.syntax"
        ) from error
    try:
        request = _SCHEMAS[kind][1].model_validate(values, strict=True)
    except ValidationError as error:
        raise _misfit(error) from error
    if (request.structure is None) == (request.id is None):
        raise ServiceError(
            "there must be a structure or an id, and not both",
            where="body",
            remedy="Send one of the two",
            code="request.input",
            status=422,
        )
    content = None
    if request.structure is not None:
        content = request.structure.encode("utf-8", "surrogatepass")
    name = request.id or label(request.name or "")
    number, options = _options(request.model_dump(exclude=set(Source.model_fields)), kind)
    return Upload(content, request.id, name, request.format, number, options)


def _from_form(parts: list[Part], kind: Kind) -> Upload:
    values: dict[str, Any] = {}
    file: Part | None = None
    for part in parts:
        where = part.name[:_NAME_LENGTH]
        if part.name == "file":
            if file is not None:
                raise _bad_field("there are several files", "file", "Send one file a request")
            file = part
            continue
        if len(part.data) > _MOST_FIELD_BYTES:
            raise _bad_field("a field is too long", where, "Send structures as file")
        text = part.data.decode("utf-8", "replace")
        if part.name in _LISTS:
            values.setdefault(part.name, []).extend(text.splitlines())
        elif part.name in values:
            raise _bad_field("a field is given twice", where, "Give it once")
        else:
            values[part.name] = text
    try:
        options = _SCHEMAS[kind][0].model_validate(values)
    except ValidationError as error:
        raise _misfit(error) from error
    if file is None:
        raise _bad_field("there is no file", "file", "Send the structure as file")
    return Upload(
        bytes(file.data), None, label(file.filename), None, *_options(options.model_dump(), kind)
    )


def _options(values: dict[str, Any], kind: Kind) -> tuple[int | None, dict[str, Any]]:
    number = values.pop("model_number")
    if kind != "jobs":
        values["task"] = kind
    if values.get("domains") and values["task"] not in _OF_DOMAINS:
        raise UsageError(
            "domains are classified by the cath task only",
            where="domains",
            remedy="Leave out domains, or use the task all",
            code="usage.domain",
        )
    if values.get("mutations") and values["task"] != "mutations":
        raise UsageError(
            "mutations are scored by the mutations task only",
            where="mutations",
            remedy="Leave out mutations, or use that task",
            code="usage.mutations",
        )
    return number, values


def _bad_field(what: str, where: str, remedy: str) -> ServiceError:
    return ServiceError(what, where=where, remedy=remedy, code="request.field", status=422)


def label(name: str) -> str:
    """Return what to call a structure: the last part of a client's file name, printable.

    Parameters
    ----------
    name
        Anything.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable())[:_NAME_LENGTH].strip()
    return kept or "structure"


def check_format(found: str, claimed: str | None, name: str) -> None:
    """Refuse a structure that is of another format than the client says.

    Parameters
    ----------
    found
        What was read.
    claimed
        What was said, if anything.
    name
        Name of the structure.

    Raises
    ------
    InputError
        If they differ (``input.format``).
    """
    if claimed is not None and found != claimed:
        raise InputError(
            f"the content is {found}, not {claimed}",
            where=name,
            remedy="Correct the format, or leave it out",
            code="input.format",
        )


def _misfit(error: ValidationError) -> ServiceError:
    errors = [
        {"where": ".".join(map(str, e["loc"]))[:_NAME_LENGTH] or "body", "what": e["msg"]}
        for e in error.errors(include_input=False, include_url=False, include_context=False)[:20]
    ]
    return ServiceError(
        errors[0]["what"],
        where=errors[0]["where"],
        remedy="See /openapi.json",
        code="request.invalid",
        status=422,
        errors=errors,
    )


@dataclass(slots=True)
class Part:
    """One part of a form."""

    name: str = ""
    filename: str = ""
    data: bytearray = field(default_factory=bytearray)


class _Collector:
    """Takes the pieces that the parser finds, within bounds."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._header = bytearray()
        self._value = bytearray()
        self._seen = 0

    def begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise ServiceError(
                f"the form has more than {_MOST_PARTS} parts",
                where="body",
                remedy="Send fewer",
                code="request.parts",
                status=413,
            )
        self.parts.append(Part())
        self._seen = 0

    def data(self, chunk: bytes, start: int, end: int) -> None:
        self.parts[-1].data += memoryview(chunk)[start:end]

    def field(self, chunk: bytes, start: int, end: int) -> None:
        self._grow(self._header, chunk[start:end])

    def value(self, chunk: bytes, start: int, end: int) -> None:
        self._grow(self._value, chunk[start:end])

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, words = parse_options_header(bytes(self._value))
            part = self.parts[-1]
            part.name = words.get(b"name", b"").decode("utf-8", "replace")
            part.filename = words.get(b"filename", b"").decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def finish(self) -> None:
        self.complete = True

    def _grow(self, text: bytearray, more: bytes) -> None:
        self._seen += len(more)
        if self._seen > _MOST_HEADER_BYTES:
            raise ServiceError(
                "the headers of a part are too long",
                where="body",
                remedy="Send a shorter file name",
                code="request.parts",
                status=413,
            )
        text += more


def _parse_form(body: bytes, boundary: bytes) -> list[Part]:
    found = _Collector()
    callbacks = {
        "on_part_begin": found.begin,
        "on_part_data": found.data,
        "on_header_field": found.field,
        "on_header_value": found.value,
        "on_header_end": found.header_end,
        "on_end": found.finish,
    }
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (MultipartParseError, ValueError, TypeError) as error:
        raise _broken_form() from error
    if not found.complete:
        raise _broken_form()
    return found.parts


def _broken_form() -> ServiceError:
    return ServiceError(
        "the form is damaged",
        where="body",
        remedy="Send multipart/form-data with a boundary",
        code="request.syntax",
    )
