"""Compiled loops: how numba is asked to compile them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compile_exact(function: Callable[..., Any]) -> Any:
    """Return a function compiled so that it runs without Python's lock, sums in order.

    Parameters
    ----------
    function
        A loop that numba can compile.

    Returns
    -------
    callable
        Kept on disk between processes where there is a place to write to.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no writable folder for the cache, as in a locked-down container
        return numba.njit(nogil=True)(function)
