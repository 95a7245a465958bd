"""Returns free memory to the operating system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

_MMAP_THRESHOLD: Final = -3
"""``M_MMAP_THRESHOLD`` of ``malloc.h``."""

_LARGE: Final = 1 << 20


def _of_libc(name: str) -> Callable[..., int] | None:
    try:
        function: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):
        return None
    return function


_TRIM: Final = _of_libc("malloc_trim")
_MALLOPT: Final = _of_libc("mallopt")


def release_free_memory() -> None:
    """Return free heap pages to the operating system, if the C library supports it (glibc).

    Otherwise a process keeps the memory of its largest request, fragmented, and appears to leak.
    """
    if _TRIM is not None:
        _TRIM(0)


def return_large_blocks() -> None:
    """Return blocks of 1 MiB and more to the operating system as soon as they are freed (glibc).

    By default, this size grows up to 32 MiB with the blocks that are freed; a process that handles
    large bodies and results then keeps several times what it ever held at once.
    """
    if _MALLOPT is not None:
        _MALLOPT(_MMAP_THRESHOLD, _LARGE)
