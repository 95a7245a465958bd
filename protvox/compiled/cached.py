"""Compilation with a cache on disk, on which no result depends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numba
from numba.core import event

from protvox.compiled.folder import StampedCache
from protvox.compiled.notice import compilation_notice


class _Listener(event.Listener):
    def on_start(self, event: object) -> None:
        compilation_notice.begin()

    def on_end(self, event: object) -> None:
        compilation_notice.end()


event.register("numba:compile", _Listener())  # not called for what is in the cache


def compile_cached(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function that runs without the GIL.

    Parameters
    ----------
    function
        A function that numba can compile.
    options
        Further options of ``numba.njit``.

    Returns
    -------
    callable
        The compiled function, cached on disk if possible. A cache folder that is full, read-only or
        damaged costs the time to compile and nothing else.
    """
    compiled = numba.njit(nogil=True, **options)(function)
    if hasattr(compiled, "_cache"):  # Not with NUMBA_DISABLE_JIT.
        try:
            compiled._cache = StampedCache(function)
        except RuntimeError:  # No writable folder for the cache, as in a read-only container.
            return compiled
        # In this context numba reads and writes the cache; by default, an error ends the call.
        compiled._cache._guard_against_spurious_io_errors = lambda: contextlib.suppress(Exception)
    return compiled
