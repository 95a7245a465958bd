"""Compare answers of two processes."""

from __future__ import annotations

import re

import numpy as np

_NUMBER = re.compile(rb"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?(?![\w.])")


def assert_same_answer(found: bytes, expected: bytes) -> None:
    """Check that two texts are equal but for the rounding of their numbers.

    Matrix products depend on the processor and on where the numbers lie in memory, in their
    seventh digit, so that the sixth may be rounded either way.
    """
    assert _NUMBER.sub(b"#", found) == _NUMBER.sub(b"#", expected)
    numbers = [np.array(_NUMBER.findall(text), dtype=float) for text in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=2e-5, atol=2e-5)
