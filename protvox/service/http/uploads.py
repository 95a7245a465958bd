"""The structure and the options in a request body; runs in the reading process only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError
from python_multipart.multipart import parse_options_header

from protvox.errors import fail
from protvox.predict.check.fasta import parse_fasta
from protvox.service.failures import ServiceError, refuse
from protvox.service.http.forms import Part, parse_form
from protvox.service.schemas import (
    CheckOptions,
    CheckRequest,
    ClassifyOptions,
    ClassifyRequest,
    EmbedOptions,
    EmbedRequest,
    JobOptions,
    JobRequest,
    MutationOptions,
    MutationRequest,
    SearchOptions,
    SearchRequest,
    Source,
    StructureOptions,
    SuggestOptions,
    SuggestRequest,
)

_MAX_FIELD_BYTES: Final = 1 << 20
_MAX_NAME_LENGTH: Final = 200
_MAX_ERRORS: Final = 20
_MAX_TOKENS: Final = 200_000
"""Strings and separators of a JSON body; those of the longest list of mutations are 100,000."""
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[,:[{]', re.DOTALL)
_LISTS: Final = ("domains", "mutations", "fix", "keep_away")
_READING: Final = ("model_number", "assembly", "unique")
_NO_DOMAINS: Final = ("environment", "mutations", "check")
_OF_MUTATIONS: Final = ("tied", "binding")
_OF_NETWORKS: Final = ("mutations", "suggest")
_NOT_OF_CHECKS: Final = ("model", "plddt", "hide_disordered", "top_k", "traces")

Route = str
"""Address that a body was sent to: ``"mutations"``, ``"embed"``, ``"search"``, ``"check"``,
``"suggest"``, ``"jobs"`` or the name of a task."""

_SCHEMAS: Final[dict[Route, tuple[type[StructureOptions], type[Source]]]] = {
    "mutations": (MutationOptions, MutationRequest),
    "embed": (EmbedOptions, EmbedRequest),
    "search": (SearchOptions, SearchRequest),
    "check": (CheckOptions, CheckRequest),
    "suggest": (SuggestOptions, SuggestRequest),
    "jobs": (JobOptions, JobRequest),
}
"""Fields of a form, and of a JSON body, of the addresses that are not tasks."""

_TASK_SCHEMAS: Final = (ClassifyOptions, ClassifyRequest)


@dataclass(frozen=True, slots=True)
class Upload:
    """Content of a request body.

    Attributes
    ----------
    content
        Bytes of a structure file; ``None`` if an identifier was given.
    identifier
        Identifier of a database entry, as given.
    name
        Name of the structure, for display only; never a path.
    format
        Format stated by the client, ``None`` if it states none.
    reading
        ``model_number``, ``assembly`` and ``unique``: how to read the file.
    options
        ``task`` and its options.
    """

    content: bytes | None
    identifier: str | None
    name: str
    format: str | None
    reading: dict[str, Any]
    options: dict[str, Any]


def parse_upload(body: bytes, content_type: str, route: Route) -> Upload:
    """Parse a request body.

    Parameters
    ----------
    body
        The complete body.
    content_type
        Header of the request.
    route
        Address it was sent to.

    Raises
    ------
    ServiceError
        If the body has an unknown type or does not match its schema (``request.*``).
    UsageError
        If the options contradict each other (``usage.domain``, ``usage.mutations``).
    """
    media_type, parameters = parse_options_header(content_type)
    if media_type == b"multipart/form-data":
        return _from_form(parse_form(body, parameters.get(b"boundary", b"")), route)
    if media_type == b"application/json":
        return _from_json(body, route)
    raise refuse("request.media_type", where="Content-Type", status=415)


def _from_json(body: bytes, route: Route) -> Upload:
    _check_tokens(body)
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise refuse("request.syntax.json", where="body") from error
    schema = _SCHEMAS.get(route, _TASK_SCHEMAS)[1]
    _check_names(values, schema)
    try:
        request = schema.model_validate(values, strict=True)
    except ValidationError as error:
        raise _invalid(error) from error
    if (request.structure is None) == (request.id is None):
        raise refuse("request.input", where="body", status=422)
    content = None
    if request.structure is not None:
        content = request.structure.encode("utf-8", "surrogatepass")
    name = request.id or label(request.name or "")
    reading, options = _options(request.model_dump(exclude=set(Source.model_fields)), route)
    return Upload(content, request.id, name, request.format, reading, options)


def _check_tokens(body: bytes) -> None:
    """Refuse a body of many small values, each of which would take much memory once parsed."""
    for number, _ in enumerate(_TOKEN.finditer(body)):
        if number >= _MAX_TOKENS:
            raise refuse("request.parts.values", where="body", status=413)


def _check_names(values: object, schema: type[Source]) -> None:
    """Refuse unknown names before validation, which makes a large object of each."""
    if isinstance(values, dict) and (unknown := values.keys() - schema.model_fields.keys()):
        errors = [
            {"where": name[:_MAX_NAME_LENGTH] or "body", "what": "Extra inputs are not permitted"}
            for name in islice(filter(unknown.__contains__, values), _MAX_ERRORS)
        ]
        raise _invalid_fields(errors)


def _from_form(parts: list[Part], route: Route) -> Upload:
    values: dict[str, Any] = {}
    file: Part | None = None
    for part in parts:
        where = part.name[:_MAX_NAME_LENGTH]
        if part.name == "file":
            if file is not None:
                raise refuse("request.field.files", where="file", status=422)
            file = part
            continue
        if len(part.data) > _MAX_FIELD_BYTES:
            raise refuse("request.field.long", where=where, status=422)
        text = part.data.decode("utf-8", "replace")
        if part.name in _LISTS:
            values.setdefault(part.name, []).extend(text.splitlines())
        elif part.name in values:
            raise refuse("request.field.twice", where=where, status=422)
        else:
            values[part.name] = text
    try:
        options = _SCHEMAS.get(route, _TASK_SCHEMAS)[0].model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from error
    if file is None:
        raise refuse("request.field.no_file", where="file", status=422)
    return Upload(
        bytes(file.data), None, label(file.filename), None, *_options(options.model_dump(), route)
    )


def _options(values: dict[str, Any], route: Route) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how to read the structure, and what to predict."""
    reading = {name: values.pop(name) for name in _READING}
    if route != "jobs":
        values["task"] = route
    if values.get("domains") and values["task"] in _NO_DOMAINS:
        raise fail("usage.domain.service", where="domains")
    if values.get("mutations") and values["task"] != "mutations":
        raise fail("usage.mutations.service", where="mutations")
    if values.get("networks", "both") != "both" and values["task"] not in _OF_NETWORKS:
        raise fail("usage.networks.service", where="networks")
    if values["task"] != "mutations":
        for name in _OF_MUTATIONS:
            if values.pop(name, None) is not None:
                raise fail("usage.mutations.option", where=name)
    _check_options_of_check(values)
    return reading, values


def _check_options_of_check(values: dict[str, Any]) -> None:
    """Replace the FASTA of a check by its sequences, and refuse the options of other tasks."""
    fasta = values.pop("sequence", None)
    if values["task"] == "check":
        for name in _NOT_OF_CHECKS:
            if name in values and values[name] != JobOptions.model_fields[name].default:
                raise fail("usage.check.option", where=name)
        values["sequences"] = None if fasta is None else parse_fasta(fasta, where="sequence")
    elif fasta is not None:
        raise fail("usage.check.sequence", where="sequence")


def label(name: str) -> str:
    """Return a printable name for a structure: the last part of a client's file name.

    Parameters
    ----------
    name
        Any text.

    Examples
    --------
    >>> label("../../etc/passwd"), label("=1+1.pdb")
    ('passwd', '1+1.pdb')
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in last if c.isprintable())[:_MAX_NAME_LENGTH].strip()
    # A spreadsheet would compute a name that begins like a formula.
    return printable.lstrip("=+-@ ") or "structure"


def check_format(found: str, claimed: str | None, name: str) -> None:
    """Check that a structure has the format stated by the client.

    Parameters
    ----------
    found
        Format that was read.
    claimed
        Format stated by the client, if any.
    name
        Name of the structure.

    Raises
    ------
    InputError
        If they differ (``input.format``).
    """
    if claimed is not None and found != claimed:
        raise fail("input.format.claimed", where=name, found=found, claimed=claimed)


def _invalid(error: ValidationError) -> ServiceError:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    errors = [
        {"where": ".".join(map(str, e["loc"]))[:_MAX_NAME_LENGTH] or "body", "what": e["msg"]}
        for e in found[:_MAX_ERRORS]
    ]
    return _invalid_fields(errors)


def _invalid_fields(errors: list[dict[str, str]]) -> ServiceError:
    first = errors[0]
    return refuse(
        "request.invalid", where=first["where"], status=422, errors=errors, message=first["what"]
    )
