"""Retrieval of domains by ideal and by uninformative embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.shrec17.domains import measure

CODES = ["1.10.8.10", "1.10.8.20", "1.10.20.10", "2.60.40.10", "2.60.40.10", "2.60.90.10"]


def one_hot(of: list[str]) -> np.ndarray:
    kinds = sorted(set(of))
    return np.eye(len(kinds))[[kinds.index(one) for one in of]]


def test_embeddings_of_the_topology_find_it():
    architecture = one_hot([code.rsplit(".", 2)[0] for code in CODES])
    topology = one_hot([code.rsplit(".", 1)[0] for code in CODES])
    found = measure(CODES, {"both": np.concatenate([architecture, topology], axis=1)})
    for level, categories in (("architecture", 2), ("topology", 4)):
        assert found[level]["categories"] == categories
        assert found[level]["both"]["total"] == pytest.approx(2)
        assert found[level]["both"]["total"] > found[level]["random"]["total"]


def test_a_domain_does_not_find_itself():
    # Two topologies have one domain each: nothing is left to find.
    found = measure(CODES, {"any": np.eye(6)})
    assert found["topology"]["any"]["n_queries"] == 4
    assert found["architecture"]["any"]["n_queries"] == 6
