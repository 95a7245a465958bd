"""The outermost layer: request ids, headers, logs, counters, and no trace to anybody."""

from __future__ import annotations

import secrets
import time
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protvox.service.failures import internal_error
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
_QUIET: Final = ("/health/live", "/health/ready", "/metrics")


class Boundary:
    """Wraps an application.

    Parameters
    ----------
    app
        What answers.
    metrics
        Where to count.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Answers are given whole: parts of files would be answers that no schema tells of.
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        token = request_id.set(secrets.token_hex(8))
        begun = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[_ID_HEADER] = request_id.get()
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            log.exception("a bug while answering")
            if not status:
                await problem_response(internal_error())(scope, receive, sending)
        finally:
            self._count(scope, status, time.perf_counter() - begun)
            request_id.reset(token)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other") or "page"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        if route in _QUIET:
            return
        client = scope.get("client") or ("", 0)
        facts = {
            "method": method,
            "path": scope["path"][:200],
            "status": status,
            "seconds": round(seconds, 4),
            "client": client[0],
            "key": scope.get("state", {}).get("who", "").partition("key:")[2],
        }
        log.info("answered", extra=facts)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
