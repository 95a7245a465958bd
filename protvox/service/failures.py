"""Errors of the service, and their way from a child process to the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from protvox.errors import (
    DeviceError,
    FetchError,
    InputError,
    ModelError,
    ProtvoxError,
    UsageError,
    catalogue,
)
from protvox.service.logs import log

CLIENT_GONE: Final = 499
"""Status of a request whose client has disconnected, in logs and metrics only."""


class ServiceError(ProtvoxError):
    """A request refused by the service, not by the prediction.

    Parameters
    ----------
    what, where, remedy, code
        See `ProtvoxError`.
    status
        HTTP status.
    retry_after
        Seconds after which the client may try again.
    errors
        Invalid fields of a request that does not match its schema.
    """

    default_code = "service"

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        code: str | None = None,
        status: int = 400,
        retry_after: float | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(what, where=where, remedy=remedy, code=code)
        self.status = status
        self.retry_after = retry_after
        self.errors = tuple(errors)


def refuse(
    key: str,
    /,
    *,
    where: str | None = None,
    status: int = 400,
    retry_after: float | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    **fields: object,
) -> ServiceError:
    """Make a `ServiceError` from its entry in the catalogue, to be raised.

    Parameters
    ----------
    key
        Key of the entry, e.g. ``"request.slow"``.
    where
        Part of the request, or job, that it concerns.
    status, retry_after, errors
        See `ServiceError`.
    fields
        A value for every ``{field}`` of the entry.

    Examples
    --------
    >>> refuse("request.rate", status=429, retry_after=1).code
    'request.rate'
    """
    message = catalogue()[key]
    what, remedy = message.fill(**fields)
    return ServiceError(
        what,
        where=where,
        remedy=remedy,
        code=message.code,
        status=status,
        retry_after=retry_after,
        errors=errors,
    )


_KINDS: Final[dict[str, type[ProtvoxError]]] = {
    kind.__name__: kind for kind in (InputError, FetchError, ModelError, DeviceError, UsageError)
}
_STATUS_OF_CODE: Final = {
    "input.too_large": 413,
    "input.not_found": 404,
    "input.offline": 404,
    "input.fetch": 502,
    "input.cache": 503,
    "domain.too_large": 413,
    "model.unknown": 422,
    "model.task": 422,
    "device.memory": 503,
}
_CLIENT_ERRORS: Final = (InputError, UsageError)


def status_of(error: ProtvoxError) -> int:
    """Return the HTTP status of an error.

    Parameters
    ----------
    error
        Any error raised on purpose.
    """
    if isinstance(error, ServiceError):
        return error.status
    known = _STATUS_OF_CODE.get(error.code)
    return known or (422 if isinstance(error, _CLIENT_ERRORS) else 500)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an error as plain values, to be sent to another process.

    Parameters
    ----------
    error
        Any exception. Of a bug, only the fact is described.
    """
    if not isinstance(error, ProtvoxError):
        return {"kind": "bug"}
    plain: dict[str, Any] = {
        "kind": type(error).__name__,
        "what": error.what,
        "where": error.where,
        "remedy": error.remedy,
        "code": error.code,
    }
    if isinstance(error, ServiceError):
        plain |= {
            "status": error.status,
            "retry_after": error.retry_after,
            "errors": [dict(e) for e in error.errors],
        }
    return plain


def restore(plain: Mapping[str, Any]) -> ProtvoxError:
    """Return the error that `describe` described.

    Parameters
    ----------
    plain
        Values from `describe`.
    """
    kind = _KINDS.get(plain["kind"])
    texts = {key: plain.get(key) for key in ("where", "remedy", "code")}
    if kind is not None:
        return kind(plain["what"], **texts)
    if plain["kind"] == ServiceError.__name__:
        return ServiceError(
            plain["what"],
            **texts,
            status=plain["status"],
            retry_after=plain["retry_after"],
            errors=plain["errors"],
        )
    return internal_error()


def internal_error() -> ServiceError:
    """Return the error that a client gets for a bug; it reveals no details."""
    return refuse("internal", status=500)


def public_error(error: ProtvoxError) -> ProtvoxError:
    """Return an error that may be shown to clients; log the ones that may not.

    Parameters
    ----------
    error
        Any error raised on purpose.
    """
    if isinstance(error, ServiceError) or status_of(error) != HTTPStatus.INTERNAL_SERVER_ERROR:
        return error
    # Broken models and missing devices concern the operator. Their messages contain paths.
    log.error("%s", error)
    return internal_error()


def client_gone() -> ServiceError:
    """Return the error that stops work for a client that has disconnected."""
    return refuse("request.disconnected", status=CLIENT_GONE)
