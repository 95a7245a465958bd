"""The compiled loop of a search: products of 8-bit vectors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.voxel.threads import compile_loop, share_out


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
        ``vector`` int32, exact up to 130,000 axes.
    """
    out = np.empty(len(codes), dtype=np.int32)
    multiply = _multiplier()
    share_out(lambda first, last: multiply(codes, query, out, first, last), len(codes))
    return out
