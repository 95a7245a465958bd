"""Command and failure of a child process, shared by the batch runner and the service."""

from __future__ import annotations

import sys


class ChildGone(Exception):  # noqa: N818 (named after the event)
    """The child process has ended, its pipe is broken, or it broke the protocol."""


def child_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module as a child process.

    Parameters
    ----------
    module
        Module to run, e.g. ``"protvox.batch.workers.read_process"``.
    arguments
        Its arguments.

    Notes
    -----
    ``-P`` keeps the working directory off ``sys.path``. The directory may hold foreign files, one
    of them named like a module.
    """
    return (sys.executable, "-P", "-m", module, *arguments)
