"""Points at which a long computation asks whether it may continue.

`ProgressBar` reports how far a prediction is, from the few loops that know. Loops below them only
ask. The service gives an answer for each request: its deadline, and whether its client has left.
Reading a structure has a budget of CPU time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_question: Final[ContextVar[Callable[[], None] | None]] = ContextVar("question", default=None)


def checkpoint() -> None:
    """Ask whether to continue; what the answer raises ends the computation.

    Between two calls, a computation of the largest permitted structure should take at most a few
    seconds.
    """
    ask = _question.get()
    if ask is not None:
        ask()


@contextmanager
def stopped_by(ask: Callable[[], None]) -> Iterator[None]:
    """Let a function stop the computations of this thread until the block ends.

    Functions of enclosing blocks are asked as well.

    Parameters
    ----------
    ask
        Called at every checkpoint; raises an exception to stop.

    Examples
    --------
    >>> def stop() -> None:
    ...     raise TimeoutError
    >>> with stopped_by(stop):
    ...     checkpoint()
    Traceback (most recent call last):
    TimeoutError
    """
    outer = _question.get()

    def ask_all() -> None:
        if outer is not None:
            outer()
        ask()

    token = _question.set(ask_all)
    try:
        yield
    finally:
        _question.reset(token)
