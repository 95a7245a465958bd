"""Errors of a command: one failed input does not stop the others."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

import click

from protvox.cli import console
from protvox.errors import DeviceError, ModelError, ProtvoxError, UsageError, fail

BUG_EXIT = 70
MEMORY_EXIT = 6
INTERRUPTED_EXIT = 130
SOME_FAILED_EXIT = 4

_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EBADF)
"""A full or read-only disk, a quota, a limit of file size (``ulimit -f``), a closed stdout."""

T = TypeVar("T")


def report(error: Exception) -> int:
    """Report an error as one line on stderr.

    Parameters
    ----------
    error
        Any exception raised by a command.

    Returns
    -------
    int
        Exit code of the error.
    """
    if isinstance(error, ProtvoxError):
        text, code = str(error), error.exit_code
    elif isinstance(error, click.ClickException):
        text, code = _usage_text(error), error.exit_code
    elif isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
        cause = fail("output.write.disk", where=error.filename, reason=error.strerror)
        text, code = str(cause), cause.exit_code
    elif isinstance(error, MemoryError):
        text, code = "out of memory. Use a smaller structure or a larger machine.", MEMORY_EXIT
    else:
        text = (
            f"internal error, {type(error).__name__}: {error}. This is a bug in protvox; please "
            "report it with this line, the command and its input (PROTVOX_DEBUG=1 shows more)."
        )
        code = BUG_EXIT
    console.error(text)
    console.trace(error)
    return code


class Outcomes:
    """Runs a function on several inputs and records which ones fail.

    Parameters
    ----------
    total
        Number of inputs. With a single input, its error is the error of the command.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._codes: list[int] = []

    @property
    def any_done(self) -> bool:
        """Whether at least one input succeeded."""
        return self._done > 0

    @property
    def exit_code(self) -> int:
        """0 if all succeeded, 70 after a bug, the common code if all failed alike, else 4."""
        if not self._codes:
            return 0
        if BUG_EXIT in self._codes:
            return BUG_EXIT
        all_alike = len(set(self._codes)) == 1 and not self.any_done
        return self._codes[0] if all_alike else SOME_FAILED_EXIT

    def attempt(self, work: Callable[[], T]) -> T | None:
        """Process one input.

        Parameters
        ----------
        work
            Function without arguments that processes the input.

        Returns
        -------
        object or None
            Result of the function; None if it failed and the failure was reported.

        Raises
        ------
        Exception
            Error of the function, if there is only one input or all others would fail too.
        """
        try:
            result = work()
        except Exception as error:
            if self._total == 1 or _affects_all(error):
                raise
            self._codes.append(report(error))
            return None
        self._done += 1
        return result


def _affects_all(error: Exception) -> bool:
    if isinstance(error, DeviceError):
        return not error.code.endswith("memory")
    return isinstance(error, UsageError | ModelError | BrokenPipeError)


def _usage_text(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())  # click writes one choice per line
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text = text if text.endswith((".", "?", "!")) else f"{text}."
        text += f" See '{error.ctx.command_path} --help'."
    return text
