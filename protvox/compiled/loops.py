"""Compiled loops that are distributed over threads.

Python threads call a compiled loop that releases the GIL. numba's ``parallel=True`` is not used:
its OpenMP layer kills forked data-loader workers, and its fallback layer concurrent callers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np

from protvox.compiled.cached import compile_cached
from protvox.compiled.exact import UNCHECKED

_PARTS_PER_THREAD = 4

# Without nnan and ninf, because range tests must reject coordinates that are not finite. Without
# contract, because positions must round as in torch to cut the same windows.
FAST = frozenset({"reassoc", "nsz", "arcp", "afn"})
"""Floating-point optimisations that the compiler may make."""


def compile_loop(function: Callable[..., Any], *, fuse: bool = False, checked: bool = True) -> Any:
    """Compile a function that runs without the GIL, with fast floating-point arithmetic.

    Parameters
    ----------
    function
        A function that numba can compile.
    fuse
        Allow fused multiply-add, for loops in which no comparison depends on the last bit.
    checked
        Raise on a division by zero. Without, it gives infinity, and loops with a division can
        be vectorised.

    Returns
    -------
    callable
        The compiled function, see `protvox.compiled.cached.compile_cached`.
    """
    flags = {*FAST, "contract"} if fuse else set(FAST)
    model = "python" if checked else UNCHECKED
    return compile_cached(function, fastmath=flags, error_model=model)


def share_out(loop: Callable[[int, int], None], n: int) -> None:
    """Run a loop over ``range(n)`` in parts, on ``numba.get_num_threads()`` threads.

    Parameters
    ----------
    loop
        Called with the first and one-past-last index of a part; must not hold the GIL.
    n
        Total number of steps.
    """
    threads = min(numba.get_num_threads(), n) if n > 1 else 1
    if threads <= 1:
        loop(0, n)
        return
    steps = np.linspace(0, n, min(n, _PARTS_PER_THREAD * threads) + 1).astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda part: loop(*part), pairwise(steps.tolist())))
