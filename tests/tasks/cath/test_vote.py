from __future__ import annotations

import numpy as np
import pytest

from protvox.predict.results.neighbours import Neighbour
from protvox.registry.card import Vote
from protvox.tasks.cath.vote import cast_votes

LABELS = ("1.10", "2.40", "3.40")
OWN = np.array([0.2, 0.7, 0.1])


def neighbours(*found):
    return [Neighbour(f"1abcA{n:02}", code, s) for n, (code, s) in enumerate(found)]


def test_two_superfamilies_by_hand():
    near = neighbours(("3.40.50.300", 0.9), ("1.10.8.10", 0.7))
    voice = np.exp([2.0, 0.0]) / (np.exp(2.0) + 1)  # 0.2 apart at a temperature of 0.1
    shares = np.array([voice[1], 0.0, voice[0]]) * 0.99 + 0.01 / 3
    mixed = cast_votes(OWN, LABELS, near, Vote(5, 0.1, 0.25))
    np.testing.assert_allclose(mixed, 0.75 * OWN + 0.25 * shares)
    assert mixed.sum() == pytest.approx(1)


def test_each_superfamily_has_one_vote_by_its_nearest_domain():
    many = neighbours(*[("3.40.50.300", 0.9)] * 7, ("1.10.8.10", 0.9))
    two = neighbours(("3.40.50.300", 0.9), ("1.10.8.10", 0.9))
    vote = Vote(5, 0.2, 0.5)
    np.testing.assert_allclose(
        cast_votes(OWN, LABELS, many, vote), cast_votes(OWN, LABELS, two, vote)
    )


def test_number_of_voting_superfamilies_is_limited():
    near = neighbours(("3.40.50.300", 0.9), ("1.10.8.10", 0.9))
    one = cast_votes(OWN, LABELS, near, Vote(1, 0.2, 1.0))
    np.testing.assert_allclose(one, [0.01 / 3, 0.01 / 3, 0.99 + 0.01 / 3])


def test_other_architectures_do_not_vote():
    near = neighbours(("4.20.10.10", 0.99), ("", 0.98), ("1.10.8.10", 0.2))
    mixed = cast_votes(OWN, LABELS, near, Vote(1, 0.2, 0.5))
    assert mixed.argmax() == 0
    np.testing.assert_array_equal(cast_votes(OWN, LABELS, near[:2], Vote(5, 0.2, 0.5)), OWN)


def test_without_neighbours_the_network_decides():
    np.testing.assert_array_equal(cast_votes(OWN, LABELS, [], Vote(5, 0.2, 0.5)), OWN)
