"""Repeated warnings do not fill the disk."""

from __future__ import annotations

import logging

from protvox.service.logs import RepeatFilter


def test_equal_warnings_are_limited_and_counted():
    """Without descriptors, asyncio logged 280,380 tracebacks, 142 MB, in 50 s."""
    now = 0.0
    repeats = RepeatFilter(lambda: now)

    def record(line: int = 1, level: int = logging.ERROR) -> logging.LogRecord:
        return logging.LogRecord("asyncio", level, "x.py", line, "accept failed", (), None)

    assert sum(repeats.filter(record()) for _ in range(10_000)) == 20
    assert repeats.filter(record(2))
    assert all(repeats.filter(record(1, logging.INFO)) for _ in range(100))
    now = 61.0
    later = record()
    assert repeats.filter(later)
    assert later.omitted == 9_980
