"""Compiled loops shared among threads.

Python threads over a compiled loop that holds no lock, rather than numba's ``parallel=True``:
its OpenMP layer kills forked data-loader workers, its fallback layer concurrent callers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np

_PARTS_PER_THREAD = 4

# Not nnan and ninf: range tests must refuse coordinates that are not finite. Not contract:
# positions must round as in torch, or the two would cut different windows.
FAST = frozenset({"reassoc", "nsz", "arcp", "afn"})
"""Liberties the compiler may take with floating-point numbers."""


def compile_loop(function: Callable[..., None], *, fuse: bool = False) -> Any:
    """Return a function compiled so that it runs without Python's lock.

    Parameters
    ----------
    function
        A loop that numba can compile.
    fuse
        Round products and sums once, where no comparison hangs on the last bit.

    Returns
    -------
    callable
        Kept on disk between processes where there is a place to write to.
    """
    liberties = {*FAST, "contract"} if fuse else set(FAST)
    try:
        return numba.njit(cache=True, nogil=True, fastmath=liberties)(function)
    except RuntimeError:  # no writable folder for the cache, as in a locked-down container
        return numba.njit(nogil=True, fastmath=liberties)(function)


def share_out(loop: Callable[[int, int], None], n: int) -> None:
    """Run a loop over ``range(n)``, in parts on ``numba.get_num_threads()`` threads.

    Parameters
    ----------
    loop
        Called with the first and one-past-last index of a part; must not hold Python's lock.
    n
        Number of steps in all.
    """
    threads = min(numba.get_num_threads(), n) if n > 1 else 1
    if threads <= 1:
        loop(0, n)
        return
    steps = np.linspace(0, n, min(n, _PARTS_PER_THREAD * threads) + 1).astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda part: loop(*part), pairwise(steps.tolist())))
