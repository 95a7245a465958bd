"""Sensitivity up to the first false positive, by hand; decoys; verdicts about cards."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tmtools")
pytest.importorskip("scipy")

from experiments.everyday.cases import verdict
from experiments.search.decoys import KINDS, SEGMENTS
from experiments.search.scope40 import ranked, sensitivities

CLASSES = ["a.1.1.1", "a.1.1.1", "a.1.1.2", "a.1.2.1", "a.1.2.1", "b.1.1.1"]
LEVELS = [np.array([".".join(code.split(".")[:parts]) for code in CLASSES]) for parts in (4, 3, 2)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([0, 1, 2, 3, 4, 5], (1, 1, 1)),
        ([3, 0, 2, 5, 1, 4], (0, 1, 0.5)),
        ([5, 1, 2, 3, 4], (0, 0, 0)),
        ([1], (1, 0, 0)),  # what is missing comes after all others
    ],
)
def test_true_positives_count_until_the_first_of_another_fold(order, expected):
    found = sensitivities(order, 0, LEVELS)
    assert tuple(found.values()) == expected


def test_where_nothing_can_be_found_there_is_no_value():
    assert set(sensitivities([0, 1], 5, LEVELS).values()) == {None}


def test_only_scored_domains_are_ranked():
    assert ranked(np.array([0.2, -np.inf, 0.9, 0.2])) == [2, 0, 3]


def test_decoys_are_no_longer_the_domain():
    rng = np.random.default_rng(0)
    ca = np.cumsum(rng.normal(size=(60, 3)), axis=0)
    made = {kind: change(ca, np.random.default_rng(1)) for kind, change in KINDS.items()}
    assert all(trace.shape == ca.shape for trace in made.values())

    def volume(trace):
        return np.linalg.det(np.diff(trace[:4], axis=0))

    assert volume(made["mirrored"]) == pytest.approx(-volume(ca))
    np.testing.assert_array_equal(made["reversed"][::-1], ca)
    # The same residues; where two segments meet, other ones are neighbours.
    np.testing.assert_allclose(np.sort(made["shuffled"], axis=0), np.sort(ca, axis=0))
    places = [np.flatnonzero((ca == row).all(axis=1))[0] for row in made["shuffled"]]
    assert (np.diff(places) != 1).sum() == SEGMENTS - 1


@pytest.mark.parametrize(
    ("changes", "good", "why"),
    [
        ({}, True, "right"),
        ({"superfamily": "1.10.8.20"}, False, "another superfamily"),
        ({"superfamily": "1.10.8.20", "overlap": 0.3}, False, "cut in another place"),
        ({"novel": "topology"}, False, "called a new topology"),
        ({"cath": "9.9.9.9", "novel": "topology"}, True, "not in the index"),
        ({"cath": "9.9.9.9"}, False, "not in the index"),
    ],
)
def test_a_verdict_says_why(changes, good, why):
    answer = {"cath": "1.10.8.10", "superfamily": "1.10.8.10", "novel": "", "overlap": 0.9}
    found = verdict(answer | changes, {"1.10.8.10", "1.10.8.20"})
    assert found[0] is good and why in found[1]
