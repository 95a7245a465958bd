"""The outermost layer: request ids, security headers, access log and metrics."""

from __future__ import annotations

import secrets
import time
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protvox.service.failures import internal_error, refuse
from protvox.service.http.problems import problem_response
from protvox.service.logs import log, request_id
from protvox.service.metrics import Metrics

_ID_HEADER: Final = "X-Request-ID"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_UNLOGGED: Final = (
    "/health/live",
    "/health/ready",
    "/v2/health/live",
    "/v2/health/ready",
    "/metrics",
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


class Boundary:
    """Wraps an application.

    Parameters
    ----------
    app
        The application.
    metrics
        Metrics to update.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request.

        Parameters
        ----------
        scope, receive, send
            See the ASGI specification.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Partial responses are not in the schema, so ranges are ignored.
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        token = request_id.set(secrets.token_hex(8))
        start = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[_ID_HEADER] = request_id.get()
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        async def send_closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            await send_with_headers(message)

        try:
            if _has_two_lengths(scope):
                await problem_response(refuse("request.http"))(scope, receive, send_closing)
            else:
                await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("a request failed because of a bug")
            if not status:
                await problem_response(internal_error())(scope, receive, send_with_headers)
        finally:
            self._record(scope, status, time.perf_counter() - start)
            request_id.reset(token)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other") or "page"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        if route in _UNLOGGED:
            return
        client = scope.get("client") or ("", 0)
        fields = {
            "method": method,
            "path": scope["path"][:200],
            "status": status,
            "seconds": round(seconds, 4),
            "client": client[0],
            "key": scope.get("state", {}).get("client_id", "").partition("key:")[2],
        }
        log.info("request", extra=fields)


def _has_two_lengths(scope: Scope) -> bool:
    """Return whether a proxy may see another end of the body than this server (smuggling)."""
    names = {name for name, _ in scope["headers"]}
    return {b"content-length", b"transfer-encoding"} <= names
