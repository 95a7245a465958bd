"""CA traces in an index: rounded to 0.05 Å, and otherwise those that were stored."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.predict.index.known_traces import UNIT, KnownTraces


def walks() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    found = []
    for length in (5, 0, 300, 1, 40):
        steps = rng.normal(size=(length, 3))
        steps *= 3.8 / np.linalg.norm(steps, axis=1, keepdims=True)
        found.append(np.cumsum(steps, axis=0) + rng.normal(0, 500, 3))
    found[2][100:] += 40.0  # a gap in the chain
    found[4][1:] -= 2000.0
    return found


def test_every_trace_comes_back():
    traces = walks()
    stored = KnownTraces.build(traces, ["ACDEF", "", None, "W", "K" * 40])
    for row, trace in enumerate(traces):
        assert stored.ca(row).shape == trace.shape
        np.testing.assert_allclose(stored.ca(row), trace, atol=0.5001 * UNIT)
    assert [stored.sequence(row) for row in range(5)] == ["ACDEF", "", "X" * 300, "W", "K" * 40]
    again = KnownTraces.of_arrays(stored.arrays())
    assert again is not None
    np.testing.assert_array_equal(again.ca(4), stored.ca(4))
    assert KnownTraces.of_arrays({}) is None


def test_size_is_four_bytes_per_residue():
    traces = walks()
    arrays = KnownTraces.build(traces, [None] * 5).arrays().values()
    jumps = 4 + 2  # first residues and gaps
    assert sum(a.nbytes for a in arrays) == 4 * sum(map(len, traces)) + 16 * jumps + 4 * 6


def test_sequence_of_another_length_is_refused():
    with pytest.raises(ValueError, match="one letter per residue"):
        KnownTraces.build([np.zeros((3, 3))], ["AC"])
