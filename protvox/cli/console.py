"""Messages on stderr: one-line errors and warnings, and progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from protvox.report.text import printable

if TYPE_CHECKING:
    from rich.console import Console

Report = Callable[[int, int], None]
"""Called with the number of steps done and the total number of steps."""


def error(text: str) -> None:
    """Write one line ``error: ...``, red on a terminal.

    Parameters
    ----------
    text
        The message.
    """
    _line("error", "bold red", text)


def warning(text: str) -> None:
    """Write one line ``warning: ...``, yellow on a terminal.

    Parameters
    ----------
    text
        The message.
    """
    _line("warning", "bold yellow", text)


def note(text: str) -> None:
    """Write one plain line.

    Parameters
    ----------
    text
        The message.
    """
    _line("", "", text)


def trace(error: BaseException) -> None:
    """Write the traceback of an error if ``PROTVOX_DEBUG`` is set.

    Parameters
    ----------
    error
        The error.
    """
    from protvox.errors import UsageError
    from protvox.settings import load_settings

    try:
        wanted = load_settings().debug
    except UsageError:  # an invalid setting is reported elsewhere
        wanted = False
    if wanted:
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))


@contextmanager
def progress(label: str) -> Iterator[Report | None]:
    """Show a progress bar if stderr is a terminal.

    Parameters
    ----------
    label
        Text beside the bar.

    Yields
    ------
    Report or None
        Function to update the bar; None if there is no bar.
    """
    stderr = _console()
    if not stderr.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task(printable(label), total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report


@contextmanager
def bar(total: int) -> Iterator[Callable[[int, str], None] | None]:
    """Show a progress bar with a line of text if stderr is a terminal.

    Parameters
    ----------
    total
        Total number of steps.

    Yields
    ------
    callable or None
        Function to update the bar with the number of steps done and the text; None if there is no
        bar.
    """
    stderr = _console()
    if not stderr.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=stderr, transient=True) as shown:
        task = shown.add_task("", total=total)

        def advance(done: int, text: str) -> None:
            shown.update(task, completed=done, description=text)

        yield advance


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _line(head: str, style: str, text: str) -> None:
    from rich.text import Text

    line = Text(f"{head}: ", style=style) if head else Text()
    line.append(printable(text), style="default")
    _console().print(line, soft_wrap=True, highlight=False)
