"""Progress of a run: a bar on a terminal, regular lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from protvox.cli import console

if TYPE_CHECKING:
    from protvox.batch.progress import Progress

_LOG_EVERY_S: Final = 30.0


@contextmanager
def counting(total: int) -> Iterator[Callable[[Progress], None]]:
    """Show the progress of a run on stderr.

    Parameters
    ----------
    total
        Number of inputs.

    Yields
    ------
    callable
        Function to call with the progress about every second.
    """
    start = time.monotonic()
    with console.bar(total) as advance:
        last = start

        def watch(progress: Progress) -> None:
            nonlocal last
            now = time.monotonic()
            text = describe(progress, now - start)
            if advance is not None:
                advance(progress.finished, text)
            elif now - last >= _LOG_EVERY_S:
                last = now
                console.note(text)

        yield watch


def describe(progress: Progress, seconds: float) -> str:
    """Return the progress of a run as one line.

    Parameters
    ----------
    progress
        Progress of the run.
    seconds
        Seconds since its start.
    """
    processed = progress.done + progress.failed
    text = f"{progress.finished}/{progress.total}"
    if progress.all_failed:
        text += f", {progress.all_failed} failed"
    if not processed:
        return text + ", starting" if progress.finished < progress.total else text
    rate = processed / max(seconds, 1e-9)
    left = (progress.total - progress.finished) / rate
    text += f", {rate:.2g}/s, {progress.residues / max(seconds, 1e-9):.0f} residues/s"
    return f"{text}, {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
