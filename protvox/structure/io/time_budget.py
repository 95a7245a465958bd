"""A limit on the CPU time for reading one structure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from protvox.checkpoint import stopped_by
from protvox.errors import fail
from protvox.settings import load_read_seconds
from protvox.structure.limits import ReadLimits


@contextmanager
def within_time(limits: ReadLimits, where: str) -> Iterator[None]:
    """Limit the CPU time of this thread until the block ends.

    CPU time, because a busy machine is not the fault of the file. The time is looked at between
    steps, each of which is limited by the size of the file.

    Parameters
    ----------
    limits
        ``limits.seconds`` is the limit; ``PROTVOX_READ_SECONDS`` by default.
    where
        Name of the structure.

    Raises
    ------
    InputError
        ``input.too_slow`` if the time is used up.
    """
    seconds = load_read_seconds() if limits.seconds is None else limits.seconds
    end = time.thread_time() + seconds

    def check() -> None:
        if time.thread_time() > end:
            raise fail("input.too_slow.budget", where=where, seconds=f"{seconds:g}")

    with stopped_by(check):
        yield
