"""Errors of the service, and errors on their way from a child process to the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from protvox.errors import DeviceError, FetchError, InputError, ModelError, ProtvoxError, UsageError
from protvox.service.logs import log

CLIENT_GONE: Final = 499
"""What logs and counters call a request whose client went away; nobody gets it as an answer."""


class ServiceError(ProtvoxError):
    """A request that the service, not the prediction, refuses.

    Parameters
    ----------
    what, where, remedy, code
        See `ProtvoxError`.
    status
        HTTP status.
    retry_after
        Seconds after which it is worth trying again.
    errors
        The fields that are wrong, for a request that does not fit its schema.
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
        Any error made for users.
    """
    if isinstance(error, ServiceError):
        return error.status
    known = _STATUS_OF_CODE.get(error.code)
    return known or (422 if isinstance(error, _CLIENT_ERRORS) else 500)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an error as plain values, for the way between processes.

    Parameters
    ----------
    error
        Anything raised; of a bug nothing but the fact is told.
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
        Its values.
    """
    kind = _KINDS.get(plain["kind"])
    words = {key: plain.get(key) for key in ("where", "remedy", "code")}
    if kind is not None:
        return kind(plain["what"], **words)
    if plain["kind"] == ServiceError.__name__:
        return ServiceError(
            plain["what"],
            **words,
            status=plain["status"],
            retry_after=plain["retry_after"],
            errors=plain["errors"],
        )
    return internal_error()


def internal_error() -> ServiceError:
    """Return what a client is told of a bug: nothing of its inside."""
    return ServiceError(
        "an internal error", remedy="Report it with the request id", code="internal", status=500
    )


def for_strangers(error: ProtvoxError) -> ProtvoxError:
    """Return what may be told outside of an error; what may not goes to the log.

    Parameters
    ----------
    error
        Any error made for users.
    """
    if isinstance(error, ServiceError) or status_of(error) != HTTPStatus.INTERNAL_SERVER_ERROR:
        return error
    # Broken models and missing devices are the operator's to know: paths and all.
    log.error("%s", error)
    return internal_error()


def client_gone() -> ServiceError:
    """Return what ends the work for a client that is there no more."""
    return ServiceError("the client has gone", code="request.disconnected", status=CLIENT_GONE)


def busy(what: str, code: str, retry_after: float) -> ServiceError:
    """Return the answer to a request that cannot be taken now.

    Parameters
    ----------
    what
        Why not.
    code
        Stable code.
    retry_after
        Seconds after which it is worth trying again.
    """
    return ServiceError(
        what, remedy="Try again later", code=code, status=503, retry_after=retry_after
    )
