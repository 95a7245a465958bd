"""A word to the user while loops are compiled for the first time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_LONG: Final = 2.0
"""Seconds of compilation from which there is a message; a few loops take less."""


class CompilationNotice:
    """Calls a function, once, when compilation has taken long.

    Attributes
    ----------
    say
        The function; None for nobody to tell.
    """

    def __init__(self) -> None:
        self.say: Callable[[], None] | None = None
        self._seconds = 0.0
        self._began = 0.0
        self._depth = 0

    def begin(self) -> None:
        """Note that a function is being compiled; those that it calls are compiled meanwhile."""
        if self._depth == 0:
            self._began = time.monotonic()
        self._depth += 1

    def end(self) -> None:
        """Note that a function has been compiled."""
        self._depth -= 1
        so_far = self._seconds + time.monotonic() - self._began
        if self._depth == 0:
            self._seconds = so_far
        if self.say is not None and so_far > _LONG:
            say, self.say = self.say, None
            say()


compilation_notice: Final = CompilationNotice()
"""That of this process."""
