"""Proposed cuts, against explicit sums."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.structure.splitting.contacts import REACH, Contacts
from protvox.structure.splitting.cuts import LEAST_SIDE, Piece, propose_cuts


def ball(n, centre, seed):
    """A walk of steps of 3.8 Å that stays within a ball."""
    rng = np.random.default_rng(seed)
    points = [np.zeros(3)]
    while len(points) < n:
        step = rng.normal(size=3)
        step -= 0.25 * points[-1]
        points.append(points[-1] + 3.8 * step / np.linalg.norm(step))
    return np.array(points) + centre


@pytest.fixture(scope="module")
def pair():
    """Two balls of 60 residues, the second an insertion into the first after its 25th."""
    first, second = ball(60, (0, 0, 0), 1), ball(60, (40, 0, 0), 2)
    return np.concatenate([first[:25], second, first[25:]])


def test_contacts_by_hand(pair):
    contacts = Contacts.of(pair)
    distance = np.linalg.norm(pair[:, None] - pair[None], axis=-1)
    first, second = np.nonzero(
        (distance < REACH) & (np.subtract.outer(*[np.arange(120)] * 2) <= -3)
    )
    order = np.lexsort((second, first))
    assert contacts.first.tolist() == first[order].tolist()
    assert contacts.second.tolist() == second[order].tolist()
    expected = 1 / (1 + np.exp(distance[first, second][order] - 8))
    assert contacts.counts[:, 0] == pytest.approx(expected)
    assert contacts.counts[:, 1] == pytest.approx(expected * (second - first >= 12)[order])


def test_degrees_by_hand(pair):
    contacts = Contacts.of(pair)
    piece = Piece.of(contacts, np.arange(10, 110))
    weight = np.zeros((120, 120))
    weight[contacts.first, contacts.second] = contacts.weight
    weight = (weight + weight.T)[10:110, 10:110]
    side = np.arange(100) % 3 == 0
    inward, outward = piece.degrees(side)
    assert inward == pytest.approx(weight[:, side].sum(axis=1))
    assert outward == pytest.approx(weight[:, ~side].sum(axis=1))


def test_first_cut_has_the_lowest_ratio(pair):
    """The first proposal has the lowest ratio of all single and double cuts."""
    contacts = Contacts.of(pair)
    piece = Piece.of(contacts, np.arange(120))
    weight = np.zeros((120, 120))
    weight[contacts.first, contacts.second] = contacts.weight
    weight += weight.T

    def ratio(side):
        return weight[side][:, ~side].sum() / (side.sum() * (~side).sum())

    lowest = np.inf
    for start in (0, *range(8, 120)):
        for stop in range(start + LEAST_SIDE, 113):
            side = np.zeros(120, dtype=bool)
            side[start:stop] = True
            if 120 - side.sum() >= LEAST_SIDE:
                lowest = min(lowest, ratio(side))
    sides = propose_cuts(piece)
    assert ratio(sides[0]) == pytest.approx(lowest)
    assert min(ratio(side) for side in sides) <= lowest + 1e-12


def test_insertion_is_found(pair):
    sides = propose_cuts(Piece.of(Contacts.of(pair), np.arange(120)))
    inserted = np.zeros(120, dtype=bool)
    inserted[25:85] = True
    wrong = [min((side ^ inserted).sum(), (side ^ ~inserted).sum()) for side in sides]
    assert min(wrong) <= 2


def test_alternating_segments_are_found():
    """Two domains of two alternating segments each, which no double cut can separate."""
    first, second = ball(80, (0, 0, 0), 3), ball(80, (40, 0, 0), 4)
    chain = np.concatenate([first[:40], second[:40], first[40:], second[40:]])
    true = np.repeat([True, False, True, False], 40)
    sides = propose_cuts(Piece.of(Contacts.of(chain), np.arange(160)))
    assert min(min((s ^ true).sum(), (s ^ ~true).sum()) for s in sides) <= 4


def test_cuts_are_distinct_and_large_enough(pair):
    sides = propose_cuts(Piece.of(Contacts.of(pair), np.arange(120)))
    assert len({(side ^ side[0]).tobytes() for side in sides}) == len(sides) > 3
    assert min(min(side.sum(), (~side).sum()) for side in sides) >= LEAST_SIDE


@pytest.mark.parametrize("n", [1, 2, 5, 2 * LEAST_SIDE - 1])
def test_short_pieces_are_not_cut(n):
    contacts = Contacts.of(ball(n, (0, 0, 0), 0))
    assert propose_cuts(Piece.of(contacts, np.arange(n))).shape == (0, n)


def test_shortest_piece_is_cut_between_its_halves():
    halves = ball(LEAST_SIDE, (0, 0, 0), 1), ball(LEAST_SIDE, (60, 0, 0), 2)
    contacts = Contacts.of(np.concatenate(halves))
    sides = propose_cuts(Piece.of(contacts, np.arange(2 * LEAST_SIDE)))
    assert len(sides) >= 1
    assert sides[0, :LEAST_SIDE].all() != sides[0, LEAST_SIDE:].all()
