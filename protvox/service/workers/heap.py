"""Returns free memory to the operating system."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from typing import Final

_MMAP_THRESHOLD: Final = -3
"""``M_MMAP_THRESHOLD`` of ``malloc.h``."""

_LARGE: Final = 1 << 20
_ARENA_MAX: Final = -8
"""``M_ARENA_MAX`` of ``malloc.h``."""

_ARENAS: Final = 2
_RELEASE_S: Final = 10.0


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


def limit_heap() -> None:
    """Limit what this process keeps of the memory that it has freed (glibc).

    Blocks of 1 MiB and more are returned to the operating system at once. By default, this size
    grows up to 32 MiB with the blocks that are freed; a process that handles large bodies and
    results then keeps several times what it ever held at once. Threads share two heaps.
    """
    if _MALLOPT is not None:
        _MALLOPT(_MMAP_THRESHOLD, _LARGE)
        _MALLOPT(_ARENA_MAX, _ARENAS)


async def release_regularly() -> None:
    """Call `release_free_memory` in the background, until cancelled."""
    while True:
        await asyncio.sleep(_RELEASE_S)
        # Outside the event loop, because a large heap takes some milliseconds.
        await asyncio.to_thread(release_free_memory)
