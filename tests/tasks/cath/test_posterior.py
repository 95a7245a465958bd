"""One posterior of relatives and network."""

from __future__ import annotations

import pytest

from protvox.predict.index.relatives import RelativeProbabilities
from protvox.tasks.cath.posterior import combine

NETWORK = {"1.10": 0.2, "2.40": 0.7, "3.40": 0.1}


def test_a_certain_superfamily_decides():
    found = combine(NETWORK, RelativeProbabilities({"3.40.50.300": 1.0}))
    assert found == pytest.approx({"1.10": 0.0, "2.40": 0.0, "3.40": 1.0})


def test_without_relatives_the_network_decides():
    assert combine(NETWORK, RelativeProbabilities()) == NETWORK


def test_mixture_by_hand_with_an_architecture_that_the_network_does_not_know():
    relatives = RelativeProbabilities({"3.40.50.300": 0.5, "2.102.10.10": 0.1}, {"1.10.8": 0.25})
    found = combine(NETWORK, relatives)
    # 0.4 belongs to no superfamily, a quarter of it to a known topology, 0.3 to none.
    expected = {"1.10": 0.06 + 0.1, "2.40": 0.21, "3.40": 0.03 + 0.5, "2.102": 0.1}
    assert found == pytest.approx(expected)
    assert sum(found.values()) == pytest.approx(1)
