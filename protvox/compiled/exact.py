"""Compilation of loops with strict floating-point arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from protvox.compiled.cached import compile_cached

UNCHECKED: Final[Literal["numpy"]] = "numpy"
"""Error model of numba in which a division by zero gives infinity and does not raise. A loop
with a division can be vectorised only in this model."""


def compile_exact(function: Callable[..., Any]) -> Any:
    """Compile a function that runs without the GIL and keeps the order of summation.

    Parameters
    ----------
    function
        A function that numba can compile.

    Returns
    -------
    callable
        The compiled function, see `protvox.compiled.cached.compile_cached`.
    """
    return compile_cached(function)


def compile_division(function: Callable[..., Any]) -> Any:
    """Compile a function as `compile_exact` does; a division by zero gives infinity.

    For loops that divide and never by zero: without the test they are vectorised.

    Parameters
    ----------
    function
        A function that numba can compile.

    Returns
    -------
    callable
        The compiled function, see `protvox.compiled.cached.compile_cached`.
    """
    return compile_cached(function, error_model=UNCHECKED)
