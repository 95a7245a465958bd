"""The parent process, as seen from a child process that handles one message at a time."""

from __future__ import annotations

import os
import queue
import signal
import threading
from typing import Final

from protvox.processes.messages import Message, MessageBuffer, take_over_stdio, write_message

_CHUNK_BYTES: Final = 1 << 20


class Parent:
    """Messages from and to the parent process.

    A thread reads the messages, so that this process ends with its parent, even in the middle of
    a computation.
    """

    def __init__(self) -> None:
        # Ctrl-C reaches the whole process group, but the parent decides when its children stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        stream, self._out = take_over_stdio()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(stream.fileno(),), daemon=True).start()

    def receive(self) -> Message:
        """Return the next message; wait for it if necessary."""
        return self._inbox.get()

    def send(self, message: Message) -> None:
        """Send a message.

        Parameters
        ----------
        message
            Plain values.
        """
        try:
            write_message(self._out, message)
        except BrokenPipeError:
            os._exit(1)

    def _listen(self, descriptor: int) -> None:
        # Not through the buffered stream: this thread would hold its lock when Python shuts down.
        buffer = MessageBuffer()
        try:
            while chunk := os.read(descriptor, _CHUNK_BYTES):
                buffer.feed(chunk)
                while (message := buffer.next_message()) is not None:
                    self._inbox.put(message)
        finally:
            os._exit(1)
