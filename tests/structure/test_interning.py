from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from protvox.structure.interning import factorize_integers, order_of_appearance

CHANCE = np.random.default_rng(0)
INVERSE = pow(0x9E3779B97F4A7C15, -1, 2**64)


def colliding(n: int) -> NDArray[np.uint64]:
    """Return keys that all begin at the same slots of the hash table."""
    return np.array([(i << 44) * INVERSE % 2**64 for i in range(n)], dtype=np.uint64)


@pytest.mark.parametrize(
    "keys",
    [
        np.zeros(0, dtype=np.uint64),
        np.array([2**64 - 1, 0, 2**64 - 1], dtype=np.uint64),
        CHANCE.integers(0, 50, 1000).astype(np.uint32),
        CHANCE.permutation(20_000).astype(np.uint64) << np.uint64(33),
        np.tile(colliding(3000), 2),
    ],
    ids=["none", "largest", "few", "table grows", "collisions"],
)
def test_keys_are_indexed_in_order_of_appearance(keys: NDArray[np.uint64]) -> None:
    unique, codes = factorize_integers(keys)
    expected = list(dict.fromkeys(keys.tolist()))
    assert unique.tolist() == expected
    np.testing.assert_array_equal(unique[codes], keys)
    np.testing.assert_array_equal(order_of_appearance(keys), codes)
