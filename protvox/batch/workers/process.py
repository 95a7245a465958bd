"""A child process of a run: started in a fresh interpreter, replaced when it dies or hangs."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO, Final, cast

from protvox.processes.child import ChildGone, child_command
from protvox.processes.messages import Message, MessageBuffer, write_message
from protvox.settings import package_environment

_GRACE_S: Final = 5.0
_CHUNK_BYTES: Final = 1 << 20


class Child:
    """A process that runs a module and exchanges messages over its stdin and stdout.

    What it sends is decoded from MessagePack and never unpickled, since a hostile file may have
    taken the process over.

    Parameters
    ----------
    module
        Module to run. It talks to `protvox.processes.parent.Parent`.
    setup
        First message, with the options of the process.
    """

    def __init__(self, module: str, setup: Message) -> None:
        # A fresh interpreter, never a fork: threads of numerical libraries do not survive one,
        # and a copy would keep the lock of the output folder and the other children's pipes open.
        self._process = subprocess.Popen(
            child_command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=package_environment(),
        )
        self._stdin = cast(BinaryIO, self._process.stdin)
        self._stdout = cast(BinaryIO, self._process.stdout)
        self._buffer = MessageBuffer()
        self.work: Any = None
        """What it works on; None while it is idle."""
        self.deadline = float("inf")
        """Time (`time.monotonic`) after which it counts as stuck."""
        with suppress(ChildGone):  # its death shows when its first message is awaited
            self.send(setup)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def fileno(self) -> int:
        """Return the file descriptor on which the process sends."""
        return self._stdout.fileno()

    def assign(self, work: object, seconds: float = float("inf")) -> None:
        """Set what the process works on from now on.

        Parameters
        ----------
        work
            The work; None for nothing.
        seconds
            Time limit.
        """
        self.work = work
        self.deadline = time.monotonic() + seconds

    def send(self, message: Message) -> None:
        """Send a message.

        Parameters
        ----------
        message
            Plain values.

        Raises
        ------
        ChildGone
            If the process has ended.
        """
        try:
            write_message(self._stdin, message)
        except OSError as error:
            raise ChildGone(self._cause_of_death()) from error

    def receive(self) -> list[Message]:
        """Return the messages that are complete after reading what has arrived.

        Raises
        ------
        ChildGone
            If the process has ended, or has sent anything but valid messages.
        """
        chunk = os.read(self.fileno(), _CHUNK_BYTES)
        if not chunk:
            raise ChildGone(self._cause_of_death())
        self._buffer.feed(chunk)
        messages = []
        try:
            while (message := self._buffer.next_message()) is not None:
                messages.append(message)
        except (ValueError, ConnectionError) as error:
            raise ChildGone(f"it sent an invalid message: {error}") from error
        return messages

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        self._stdout.close()
        with suppress(OSError):  # flushes what nobody will read
            self._stdin.close()

    def _cause_of_death(self) -> str:
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def wait_for_messages(children: Iterable[Child], timeout: float) -> list[Child]:
    """Return the processes that have sent something.

    Parameters
    ----------
    children
        Processes to watch.
    timeout
        Seconds to wait at most.
    """
    with selectors.DefaultSelector() as selector:
        for child in children:
            selector.register(child, selectors.EVENT_READ, child)
        return [key.data for key, _ in selector.select(timeout)]
