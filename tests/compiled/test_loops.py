"""Distribution of a loop over threads."""

import threading

import numba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protvox.compiled.cached import compile_cached
from protvox.compiled.loops import share_out


@given(st.integers(0, 100))
def test_every_step_runs_once(n):
    done = []
    share_out(lambda start, stop: done.extend(range(start, stop)), n)
    assert sorted(done) == list(range(n))


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="numba may use one thread only")
def test_parts_run_concurrently():
    before = numba.get_num_threads()
    meeting = threading.Barrier(2, timeout=20)
    numba.set_num_threads(2)
    try:
        share_out(lambda start, stop: meeting.wait(), 2)
    finally:
        numba.set_num_threads(before)


def test_errors_are_raised():
    def fail(start, stop):
        raise ValueError("bad part")

    with pytest.raises(ValueError, match="bad part"):
        share_out(fail, 5)


def double(x):
    return 2 * x


@pytest.mark.parametrize("method", ["save", "load"])
def test_a_full_or_damaged_cache_costs_no_result(monkeypatch, method):
    """A full disk of the cache formerly ended the prediction."""

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"numba.core.caching.IndexDataCacheFile.{method}", fail)
    assert compile_cached(double)(21) == 42
