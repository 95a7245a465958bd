"""A child process of the service."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Sequence
from typing import Final

from protvox.processes.child import ChildGone, child_command
from protvox.processes.messages import Message, pack, receive_message
from protvox.service.settings import child_environment

_REAP_S: Final = 1.0
"""Time until the exit status of a process is known after its pipes have closed, seconds."""


class Child:
    """A process that runs a module of the service and exchanges messages with it.

    Parameters
    ----------
    module
        Module to run, e.g. ``protvox.service.workers.read_process``.
    arguments
        Arguments of the module.
    """

    def __init__(self, module: str, arguments: Sequence[str] = ()) -> None:
        self._command = child_command(module, *arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._ended_s = self._running_s = 0.0

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Process id, None if it is not running."""
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the process so far, and of those before it.

        Of a process that has died by itself, only what was known before.
        """
        if self.pid is not None:
            with contextlib.suppress(OSError):  # it has just ended
                # The clock of another process, see clock_getcpuclockid(3).
                self._running_s = time.clock_gettime(~self.pid << 3 | 2)
        return self._ended_s + self._running_s

    async def was_killed(self) -> bool:
        """Return whether the process was killed (SIGKILL), for example for want of memory.

        What it processes can make it crash, but that is another signal.
        """
        if self._process is None:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                await self._process.wait()
        return self._process.returncode == -signal.SIGKILL

    async def start(self, timeout_s: float) -> Message:
        """Start the process and wait until it is ready.

        Parameters
        ----------
        timeout_s
            Time limit, seconds.

        Returns
        -------
        Message
            First message of the process.

        Raises
        ------
        ChildGone
            If it ends or takes too long.
        """
        self._ended_s, self._running_s = self.cpu_s, 0.0
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=child_environment(),
            # Ctrl-C in a terminal should reach the service only, which stops its children.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(timeout_s):
                return await self.receive()
        except TimeoutError as error:
            await self.stop()
            raise ChildGone("it did not get ready in time") from error
        except BaseException:
            await self.stop()
            raise

    async def send(self, message: Message) -> None:
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
        stream = self._process.stdin if self._process is not None else None
        if stream is None:
            raise ChildGone("it was not started")
        try:
            stream.writelines(pack(message))
            await stream.drain()
        except (ConnectionError, OSError) as error:
            raise ChildGone(str(error)) from error

    async def receive(self) -> Message:
        """Return the next message of the process.

        Raises
        ------
        ChildGone
            If the process has ended.
        """
        stream = self._process.stdout if self._process is not None else None
        if stream is None:
            raise ChildGone("it was not started")
        try:
            return await receive_message(stream)
        except (EOFError, OSError, ValueError) as error:
            raise ChildGone(str(error)) from error

    async def stop(self) -> None:
        """Kill the process; it has no data to lose."""
        self._ended_s, self._running_s = self.cpu_s, 0.0
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
