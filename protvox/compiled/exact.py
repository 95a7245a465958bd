"""Compilation of loops with strict floating-point arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compile_exact(function: Callable[..., Any]) -> Any:
    """Compile a function that runs without the GIL and keeps the order of summation.

    Parameters
    ----------
    function
        A function that numba can compile.

    Returns
    -------
    callable
        The compiled function, cached on disk if the cache folder is writable.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # No writable folder for the cache, as in a read-only container.
        return numba.njit(nogil=True)(function)
