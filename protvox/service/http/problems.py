"""Every error as problem+json (RFC 9457)."""

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
    for_strangers,
    internal_error,
    status_of,
)
from protvox.service.logs import request_id

MEDIA_TYPE: Final = "application/problem+json"
_TITLES: Final = {
    400: "The request is malformed",
    401: "An API key is needed",
    403: "Not allowed",
    404: "There is no such thing here",
    405: "This method does not apply here",
    408: "The request came in too slowly",
    409: "Not in this state",
    413: "Too large",
    415: "Of a kind that is not read here",
    422: "The request or the structure cannot be used",
    429: "Too many requests",
    CLIENT_GONE: "The client went away",
    500: "An internal error",
    502: "The database of structures did not answer",
    503: "Not possible now",
}


def problem_response(error: ProtvoxError) -> Response:
    """Return an error as an answer.

    Parameters
    ----------
    error
        Any error made for users.
    """
    error = for_strangers(error)
    status = status_of(error)
    # A place of the cache is nobody's business outside.
    where = None if error.code == "input.cache" else error.where
    body: dict[str, Any] = {
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
    headers: dict[str, str] = {}
    if isinstance(error, ServiceError):
        if error.errors:
            body["errors"] = list(error.errors)
        if error.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "10")
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="protvox"'
    # ASCII, so that broken Unicode from a client can be told about as well.
    return Response(json.dumps(body).encode("ascii"), status, headers, MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Have an application answer every error as a problem.

    Parameters
    ----------
    app
        The application.
    """
    app.add_exception_handler(ProtvoxError, _protvox_error)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _protvox_error)


async def _protvox_error(_request: Request, error: Exception) -> Response:
    return problem_response(error if isinstance(error, ProtvoxError) else internal_error())


async def _misfit(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"where": ".".join(map(str, e["loc"])), "what": str(e["msg"])} for e in found]
    first = errors[0] if errors else {"where": "request", "what": "it does not fit"}
    return problem_response(
        ServiceError(
            first["what"],
            where=first["where"],
            remedy="See /openapi.json",
            code="request.invalid",
            status=422,
            errors=errors,
        )
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what, code = {
        404: ("there is nothing at this address", "request.path"),
        405: ("the method does not apply to this address", "request.method"),
    }.get(status, ("the request cannot be answered", "request"))
    answer = problem_response(
        ServiceError(
            what, where=request.url.path[:200], remedy="See /openapi.json", code=code, status=status
        )
    )
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer
