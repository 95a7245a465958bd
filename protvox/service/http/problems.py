"""Errors as problem+json (RFC 9457)."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from protvox.errors import ProtvoxError
from protvox.service.failures import (
    CLIENT_GONE,
    ServiceError,
    internal_error,
    public_error,
    refuse,
    status_of,
)
from protvox.service.logs import request_id

MEDIA_TYPE: Final = "application/problem+json"
_TITLES: Final = {
    400: "Malformed request",
    401: "API key required",
    403: "Not allowed",
    404: "Not found",
    405: "Method not supported",
    408: "Request too slow",
    409: "Not possible in this state",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid request or structure",
    429: "Too many requests",
    CLIENT_GONE: "Client disconnected",
    500: "Internal error",
    502: "The structure database did not respond",
    503: "Temporarily unavailable",
}
_REQUEST_ERRORS: Final = {404: "request.path", 405: "request.method"}


def problem(error: ProtvoxError, status: int) -> dict[str, Any]:
    """Return an error as the fields of a problem document.

    Parameters
    ----------
    error
        An error that may be shown to clients.
    status
        HTTP status.
    """
    # The error names a path of the cache, which is not for clients.
    where = None if error.code == "input.cache" else error.where
    return {
        "type": f"urn:protvox:error:{error.code}",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": str(error) if where == error.where else f"{error.what}.",
        "code": error.code,
        "what": error.what,
        "where": where,
        "remedy": error.remedy,
        "request_id": request_id.get(),
    }


def problem_response(error: ProtvoxError) -> Response:
    """Return an error as a response.

    Parameters
    ----------
    error
        Any error raised on purpose.
    """
    error = public_error(error)
    status = status_of(error)
    body = problem(error, status)
    headers: dict[str, str] = {}
    if isinstance(error, ServiceError):
        if error.errors:
            body["errors"] = list(error.errors)
        if error.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "10")
    if error.code == "request.waste":
        headers["Connection"] = "close"  # rather than receive a large body, only to drop it
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="protvox"'
    # ASCII can carry invalid Unicode from a client as well.
    return Response(json.dumps(body).encode("ascii"), status, headers, MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Make an application return every error as a problem document.

    Parameters
    ----------
    app
        The application.
    """
    app.add_exception_handler(ProtvoxError, _protvox_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _protvox_error)


async def _protvox_error(_request: Request, error: Exception) -> Response:
    return problem_response(error if isinstance(error, ProtvoxError) else internal_error())


async def _validation_error(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"where": ".".join(map(str, e["loc"])), "what": str(e["msg"])} for e in found]
    first = errors[0] if errors else {"where": "request", "what": "it is invalid"}
    return problem_response(
        refuse(
            "request.invalid",
            where=first["where"],
            status=422,
            errors=errors,
            message=first["what"],
        )
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    key = _REQUEST_ERRORS.get(status, "request")
    response = problem_response(refuse(key, where=request.url.path[:200], status=status))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
