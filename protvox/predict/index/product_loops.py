"""The compiled loop of a search: products of 8-bit vectors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.compiled.loops import compile_loop, share_out

_SMALL: Final = 1 << 22
"""Size up to which an index is searched without loading the compiled loop."""


@lru_cache(maxsize=1)
def _multiplier() -> Any:
    def multiply(codes, query, out, first, last):  # type: ignore[no-untyped-def]
        for row in range(first, last):
            vector = codes[row]
            total = np.int32(0)
            for axis in range(len(query)):
                total += np.int32(vector[axis]) * np.int32(query[axis])
            out[row] = total

    return compile_loop(multiply)


def products(codes: NDArray[np.int8], query: NDArray[np.int8]) -> NDArray[np.int32]:
    """Return the product of every stored vector with a query.

    Parameters
    ----------
    codes
        ``vector axis`` int8, C-contiguous.
    query
        ``axis`` int8.

    Returns
    -------
    ndarray
        ``vector`` int32, exact up to 1,000 axes.
    """
    if codes.size <= _SMALL:
        # Sums below 2**24 are exact in single precision.
        return (codes.astype(np.float32) @ query.astype(np.float32)).astype(np.int32)
    out = np.empty(len(codes), dtype=np.int32)
    multiply = _multiplier()
    share_out(lambda first, last: multiply(codes, query, out, first, last), len(codes))
    return out
