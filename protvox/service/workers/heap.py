"""Free memory goes back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final


def _trimmer() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):
        return None
    return trim


_TRIM: Final = _trimmer()


def give_back() -> None:
    """Return the free pages of the heap to the system, where the C library can (glibc).

    A process otherwise keeps what its largest request needed, in pieces between what is still
    in use, and looks as if it leaked.
    """
    if _TRIM is not None:
        _TRIM(0)
