"""Features of cuts, against their definitions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from protvox.structure.io.read import read_structure
from protvox.structure.splitting.contacts import Contacts
from protvox.structure.splitting.cuts import Piece, propose_cuts
from protvox.structure.splitting.features import FEATURES, _count_sses, measure_cuts
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module")
def ca(data_dir):
    structure = read_structure(data_dir / "3mht.pdb.gz")
    ca = structure.backbone()[structure.is_protein, 1]
    return ca[np.isfinite(ca).all(axis=1)].astype(np.float64)


def measure(ca, residues, sides):
    contacts = Contacts.of(ca)
    table = measure_cuts(contacts, Piece.of(contacts, residues), sides)
    return [dict(zip(FEATURES, row, strict=True)) for row in table]


def test_one_cut_by_hand(ca):
    residues = np.arange(20, 220)
    side = np.zeros(200, dtype=bool)
    side[40:100] = True
    (found,) = measure(ca, residues, side[None])
    points = ca[residues]
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    apart = np.abs(np.subtract.outer(np.arange(200), np.arange(200)))
    contact = np.where((apart >= 3) & (distance < 12), 1 / (1 + np.exp(distance - 8)), 0)
    cut = contact[side][:, ~side]
    assert found["log_chain"] == pytest.approx(np.log(len(ca)))
    assert found["log_piece"] == pytest.approx(np.log(200))
    assert found["log_small"] == pytest.approx(np.log(60))
    assert found["cut_density"] == pytest.approx(cut.sum() * 200 / (60 * 140))
    inside = contact[side][:, side].sum()
    assert found["cut_share_small"] == pytest.approx(cut.sum() / (cut.sum() + inside))
    assert found["packing_piece"] == pytest.approx(
        contact.sum() / 2 / 200 / (1 - 2.22 * 200 ** (-1 / 3))
    )
    radius = [
        np.sqrt(((p - p.mean(axis=0)) ** 2).sum(axis=1).mean())
        for p in (points[side], points[~side])
    ]
    assert found["spread_small"] == pytest.approx(radius[0] / 60**0.4)
    gap = np.linalg.norm(points[side].mean(axis=0) - points[~side].mean(axis=0))
    assert found["gap"] == pytest.approx(gap / sum(radius))
    assert found["segments"] == 3
    assert found["log_shortest_segment"] == pytest.approx(np.log(40))
    assert found["loop_ends"] == pytest.approx(np.linalg.norm(points[39] - points[100]) / 10)


def test_features_do_not_depend_on_which_side_is_given(ca):
    residues = np.arange(len(ca))
    contacts = Contacts.of(ca)
    sides = propose_cuts(Piece.of(contacts, residues))
    for one, other in zip(measure(ca, residues, sides), measure(ca, residues, ~sides), strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_features_do_not_depend_on_the_pose(ca):
    rotation = random_rotations(1, np.random.default_rng(0))[0].astype(np.float64)
    residues = np.arange(len(ca))
    sides = propose_cuts(Piece.of(Contacts.of(ca), residues))
    moved = ca @ rotation.T + np.array([30.0, -7.0, 2.0])
    for one, other in zip(
        measure(ca, residues, sides), measure(moved, residues, sides), strict=True
    ):
        assert one == pytest.approx(other, abs=1e-3)


def test_features_are_finite_for_a_straight_chain():
    line = np.zeros((100, 3))
    line[:, 0] = 3.8 * np.arange(100)
    sides = np.zeros((1, 100), dtype=bool)
    sides[0, :40] = True
    assert all(
        np.isfinite(list(row.values())).all() for row in measure(line, np.arange(100), sides)
    )


def test_sses_with_a_residue_on_a_side_are_counted():
    # Three SSEs: 1 is cut in two, 2 lies on one side, 3 has a single residue there.
    sse = np.array([0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 3, 0])
    side = np.zeros(15, dtype=bool)
    side[3:11] = True
    contacts = SimpleNamespace(sse=sse)
    piece = SimpleNamespace(residues=np.arange(15))
    assert _count_sses(contacts, piece, np.stack([side, ~side])).tolist() == [3, 2]
