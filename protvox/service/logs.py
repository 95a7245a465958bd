"""Logs of the service: one JSON object per line on stderr."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

log: Final = logging.getLogger("protvox.service")
"""Logger of all parts of the service."""

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""Id of the current request."""

_FIELDS: Final = (
    *("method", "path", "status", "seconds", "client", "key", "device", "pid", "job", "omitted"),
)
_REPEATS: Final = 20
_REPEAT_S: Final = 60.0
"""Number of equal warnings logged in so many seconds."""
_MOST_KEYS: Final = 1000


class JsonFormatter(logging.Formatter):
    """Formats a log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line.

        Parameters
        ----------
        record
            The record.
        """
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None))}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class RepeatFilter(logging.Filter):
    """Limits how often the same warning or error is logged, so that no disk fills with it.

    Parameters
    ----------
    clock
        Returns seconds; replaced in tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a record.

        Parameters
        ----------
        record
            The record. It gets the number of those that were suppressed before it.
        """
        if record.levelno < logging.WARNING:
            return True
        key = (record.pathname, record.lineno, str(record.msg)[:80])
        now = self._clock()
        begun, count = self._seen.get(key, (now, 0))
        if now - begun >= _REPEAT_S:
            record.omitted = max(0, count - _REPEATS)
            begun, count = now, 0
        if len(self._seen) > _MOST_KEYS:
            self._seen.clear()
        self._seen[key] = (begun, count + 1)
        return count < _REPEATS


def configure_logging() -> None:
    """Send all logs of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RepeatFilter())
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
