"""Returns free memory to the operating system."""

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


def release_free_memory() -> None:
    """Return free heap pages to the operating system, if the C library supports it (glibc).

    Otherwise a process keeps the memory of its largest request, fragmented, and appears to leak.
    """
    if _TRIM is not None:
        _TRIM(0)
