"""OpenAPI description of request bodies and errors."""

from __future__ import annotations

from typing import Any, Final

from protvox.service.http.problems import MEDIA_TYPE
from protvox.service.schemas import Problem, Source, StructureOptions

_ERRORS: Final = {
    400: "The body is not valid JSON or not a valid form.",
    401: "The API key is missing or wrong.",
    403: "The request comes from a page of another site, and the service has no keys.",
    404: "The entry or job does not exist.",
    409: "The job is not done, has failed or was cancelled.",
    408: "The body arrived too slowly.",
    413: "The body, the file or the structure is too large.",
    415: "The body is neither JSON nor a form.",
    422: "The request is invalid, or the structure cannot be used.",
    429: "Too many requests; see Retry-After.",
    500: "A bug. Report it with the request id.",
    502: "The structure database did not respond.",
    503: "Overloaded, starting or stopping; see Retry-After.",
}

_STRUCTURE: Final = """\
ATOM      1  N   MET A   1      27.340  24.430   2.614  1.00  9.67           N
ATOM      2  CA  MET A   1      26.266  25.413   2.842  1.00 10.38           C
ATOM      3  C   MET A   1      26.913  26.639   3.531  1.00  9.62           C
ATOM      4  O   MET A   1      27.886  26.463   4.263  1.00  9.62           O
ATOM      5  CB  MET A   1      25.112  24.880   3.649  1.00 13.77           C
"""

RETRY_AFTER: Final = {
    "description": "Seconds after which to try again.",
    "schema": {"type": "integer", "minimum": 1},
}
"""Header of responses to requests that should be repeated later."""


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of errors.

    Parameters
    ----------
    statuses
        HTTP statuses.
    """
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    documents: dict[int | str, dict[str, Any]] = {
        status: {"description": _ERRORS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
    for status in set(statuses) & {429, 503}:
        documents[status]["headers"] = {"Retry-After": RETRY_AFTER}
    return documents


def structure_body(options: type[StructureOptions], request: type[Source]) -> dict[str, Any]:
    """Return the OpenAPI description of a body with a structure, as JSON or as a form.

    Parameters
    ----------
    options
        Fields of the form, apart from the file.
    request
        Fields of the JSON body.
    """
    form = _inline(options)
    form["properties"]["file"] = {
        "type": "string",
        "format": "binary",
        "description": "PDB, mmCIF or BinaryCIF, plain or compressed with gzip, bzip2 or xz.",
    }
    form["required"] = ["file"]
    body = _inline(request)
    body["oneOf"] = [{"required": ["structure"]}, {"required": ["id"]}]
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": form,
                    "examples": {"file": {"summary": "A file", "value": {"file": _STRUCTURE}}},
                },
                "application/json": {
                    "schema": body,
                    "examples": {
                        "identifier": {"summary": "By id", "value": {"id": "1pwc"}},
                        "text": {"summary": "As text", "value": {"structure": _STRUCTURE}},
                    },
                },
            },
        }
    }


def _inline(model: Any) -> dict[str, Any]:
    schema: dict[str, Any] = model.model_json_schema()
    schema.pop("title", None)
    return schema
