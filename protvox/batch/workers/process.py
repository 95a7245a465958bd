"""A process of a run: started apart from everything, replaced when it dies or gets stuck."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

_GRACE_S: Final = 5.0


class Child:
    """One process and the pipe to it.

    Parameters
    ----------
    main
        Run there with its end of the pipe and the arguments; module-level.
    arguments
        For it.
    """

    def __init__(self, main: Callable[..., None], *arguments: object) -> None:
        # Never a fork: threads of numerical libraries do not survive one, and a copy would
        # hold the lock of the output folder and the other children's pipes open.
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self._process = context.Process(
            target=_run, args=(main, far, os.getpid(), arguments), daemon=True
        )
        self._process.start()
        far.close()
        self.held: Any = None
        """What it works on; None when it waits for work."""
        self.deadline = float("inf")
        """Time (`time.monotonic`) after which it counts as stuck."""

    @property
    def pid(self) -> int | None:
        """Number of the process."""
        return self._process.pid

    def assign(self, held: object, seconds: float = float("inf")) -> None:
        """Note what it works on from now on.

        Parameters
        ----------
        held
            The work; None for nothing.
        seconds
            How long it may take.
        """
        self.held = held
        self.deadline = time.monotonic() + seconds

    def obituary(self) -> str:
        """Say how it died, after its pipe has closed."""
        self._process.join(_GRACE_S)
        code = self._process.exitcode
        if code is None:
            return "it closed its pipe"
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()
        self._process.join(_GRACE_S)
        self.pipe.close()


def _run(
    main: Callable[..., None], pipe: Connection, parent: int, arguments: tuple[object, ...]
) -> None:
    # Ctrl-C reaches the whole group; the parent decides what becomes of the children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    try:
        main(pipe, *arguments)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone, or wants no more


def _die_with(parent: int) -> None:
    """End this process once its parent is gone, even in the middle of a computation."""
    process = multiprocessing.parent_process()
    if process is None or os.getppid() != parent:
        os._exit(1)
    process.join()
    os._exit(1)
