"""The backbone network: what it sees and what it does not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import protvox
from protvox.chemistry import BACKBONE_ATOMS
from protvox.networks.backbone.batches import run_batches
from protvox.networks.backbone.features import HIDDEN, N_PAIR, N_TOKEN, OTHER_CHAIN, describe
from protvox.networks.backbone.network import BackboneConfig, BackboneNet
from protvox.networks.backbone.residues import (
    CROWDING_RADII,
    N_NEIGHBOURS,
    Residues,
    kept_rows,
    residues_of,
    torsions,
)

SMALL = BackboneConfig(width=16, layers=2, heads=2, expansion=2)


@pytest.fixture(scope="module")
def structure(example_path):
    return protvox.read_structure(example_path)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = BackboneNet(SMALL).eval()
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return network


def moved(structure, rotation, shift):
    coordinates = structure.coordinates.astype(np.float64) @ rotation.T + shift
    return dataclasses.replace(structure, coordinates=coordinates.astype(np.float32))


def turn(angle):
    c, s = np.cos(angle), np.sin(angle)
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ about_x


def answers(network, residues):
    return np.concatenate(list(run_batches(network, residues)))


def test_answer_does_not_depend_on_the_pose(structure, network):
    here = answers(network, residues_of(structure))
    there = answers(network, residues_of(moved(structure, turn(1.1), np.array([30.0, -8.0, 5.0]))))
    assert np.ptp(here) > 0.5
    np.testing.assert_allclose(there, here, atol=5e-3)


def test_mirror_image_gets_another_answer(structure, network):
    here = answers(network, residues_of(structure))
    there = answers(network, residues_of(moved(structure, np.diag([1.0, 1.0, -1.0]), 0.0)))
    assert np.abs(there - here).max() > 0.1


def test_centre_type_and_side_chain_are_not_seen(structure, network):
    residues = residues_of(structure)
    centre = 100
    row = int(residues.centre[centre])
    kind = residues.kind.copy()
    kind[row] = (kind[row] + 7) % 20
    other = dataclasses.replace(residues, kind=kind)
    here, there = answers(network, residues), answers(network, other)
    np.testing.assert_array_equal(there[centre], here[centre])
    neighbours = np.flatnonzero((residues.neighbours[:, 1:] == row).any(axis=1))
    assert len(neighbours) > 5
    assert (there[neighbours] != here[neighbours]).any(axis=1).all()


def test_side_chains_are_not_seen(structure, network):
    side = ~np.isin(structure.atom_name, BACKBONE_ATOMS)
    shaken = structure.coordinates.copy()
    shaken[side] += np.random.default_rng(0).normal(size=(int(side.sum()), 3)).astype(np.float32)
    other = dataclasses.replace(structure, coordinates=shaken)
    np.testing.assert_array_equal(
        answers(network, residues_of(other)), answers(network, residues_of(structure))
    )


def test_neighbours_are_the_nearest_beta_carbons(structure):
    residues = residues_of(structure)
    beta = residues.atoms[:, 4]
    for centre in (0, 57, 200):
        row = residues.centre[centre]
        distances = np.linalg.norm(beta - beta[row], axis=1)
        expected = np.argsort(distances, kind="stable")[:N_NEIGHBOURS]
        np.testing.assert_array_equal(residues.neighbours[centre], expected)


def test_descriptions_have_known_values(structure):
    residues = residues_of(structure)
    batch = describe(residues, np.arange(5))
    assert batch.tokens.shape == (5, N_NEIGHBOURS, N_TOKEN)
    assert batch.pairs.shape == (5, N_NEIGHBOURS, N_NEIGHBOURS, N_PAIR)
    assert (batch.kinds[:, 0] == HIDDEN).all()
    assert (batch.kinds[:, 1:] != HIDDEN).all()
    np.testing.assert_allclose(batch.pairs, batch.pairs.transpose(0, 2, 1, 3))
    # The axes of the centre in its own frame are the unit matrix, CA lies in the origin.
    local = batch.tokens[:, 0, 200:215].reshape(5, 5, 3)
    np.testing.assert_allclose(local[:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(local[:, 2, 0] * 8, 1.53, atol=0.05)
    np.testing.assert_allclose(
        batch.tokens[:, 0, 218:227].reshape(5, 3, 3), np.tile(np.eye(3), (5, 1, 1)), atol=1e-5
    )


def test_torsions_of_a_helix_are_helical(structure):
    residues = residues_of(structure)
    angles = torsions(residues.atoms, residues.bonded)
    phi = np.degrees(np.arctan2(angles[:, 0], angles[:, 1]))
    psi = np.degrees(np.arctan2(angles[:, 2], angles[:, 3]))
    helical = (np.abs(phi + 63) < 20) & (np.abs(psi + 43) < 20)
    assert 0.2 < helical.mean() < 0.7
    omega = np.degrees(np.arctan2(angles[1:-1, 4], angles[1:-1, 5]))
    assert np.median(np.abs(omega)) > 170


def test_missing_oxygen_is_placed(structure):
    keep = np.ones(structure.n_atoms, dtype=bool)
    keep[np.flatnonzero((structure.atom_name == "O") & (structure.residue_index == 40))] = False
    arrays = {
        name: getattr(structure, name)[keep]
        for name in ("coordinates", "element", "atom_name", "atom_type", "residue_index")
    }
    rows = kept_rows(structure)
    place = int(np.flatnonzero(rows == 40)[0])
    without = residues_of(dataclasses.replace(structure, **arrays))
    gap = np.linalg.norm(without.atoms[place, 3] - residues_of(structure).atoms[place, 3])
    assert gap < 0.3


def test_few_residues_are_enough(structure, network):
    first = np.zeros(structure.n_residues, dtype=bool)
    first[kept_rows(structure)[:6]] = True
    residues = residues_of(structure.select(first))
    assert (residues.neighbours[:, 6:] == -1).all()
    assert np.isfinite(answers(network, residues)).all()


def test_joined_structures_answer_as_alone(structure, network):
    residues = residues_of(structure)
    joined = Residues.join([residues, residues])
    alone = answers(network, residues)
    np.testing.assert_allclose(answers(network, joined), np.tile(alone, (2, 1)), atol=1e-5)
    assert joined.chain.max() == 2 * residues.chain.max() + 1


def test_a_structure_without_backbones_joins_others(structure):
    nothing = residues_of(structure.select(~structure.is_protein))
    residues = residues_of(structure)
    assert len(nothing.centre) == 0
    joined = Residues.join([nothing, residues])
    np.testing.assert_array_equal(joined.neighbours, residues.neighbours)


def test_crowding_counts_the_beta_carbons_around(structure):
    residues = residues_of(structure)
    beta = residues.atoms[:, 4].astype(np.float64)
    distance = np.linalg.norm(beta[:, None] - beta[None], axis=2)
    for column, (radius, scale) in enumerate(zip(CROWDING_RADII, (10, 40), strict=True)):
        expected = ((distance < radius).sum(axis=1) - 1) / scale
        np.testing.assert_allclose(residues.crowding[:, column], expected, atol=1e-6)


def test_only_what_is_near_a_centre_is_counted(structure):
    one = np.zeros(structure.n_residues, dtype=bool)
    one[kept_rows(structure)[100]] = True
    whole, alone = residues_of(structure), residues_of(structure, one)
    read = alone.neighbours[0]
    np.testing.assert_array_equal(alone.crowding[read], whole.crowding[read])
    assert (alone.crowding.sum(axis=1) > 0).sum() <= N_NEIGHBOURS


def test_offsets_are_separations_along_the_chain(structure):
    residues = residues_of(structure)
    batch = describe(residues, np.arange(len(residues.centre)))
    apart = residues.neighbours - residues.neighbours[:, :1]
    # The chain of the example has no gap, so rows count its residues.
    assert residues.bonded[1:].all()
    np.testing.assert_array_equal(batch.offsets, np.clip(apart, -24, 24) + 24)


def test_another_chain_has_an_offset_of_its_own(structure):
    chain = structure.chain.copy()
    chain[structure.n_residues // 2 :] = "B"
    residues = residues_of(dataclasses.replace(structure, chain=chain))
    batch = describe(residues, np.arange(len(residues.centre)))
    other = residues.chain[residues.neighbours] != residues.chain[residues.neighbours[:, :1]]
    assert other.any()
    np.testing.assert_array_equal(batch.offsets == OTHER_CHAIN, other)


def test_batches_do_not_change_the_answer(structure, network):
    residues = residues_of(structure)
    whole = answers(network, residues)
    some = np.concatenate(list(run_batches(network, residues, np.array([300, 7, 120]))))
    np.testing.assert_allclose(some, whole[[300, 7, 120]], atol=1e-5)


def test_lower_precision_is_close(structure, network):
    residues = residues_of(structure)
    low = np.concatenate(list(run_batches(network, residues, precision=torch.bfloat16)))
    assert np.abs(low - answers(network, residues)).mean() < 0.05


def test_hidden_residues_are_cut_out_of_their_chain(structure):
    hidden = np.zeros(structure.n_residues, dtype=bool)
    hidden[kept_rows(structure)[100:120]] = True
    residues = residues_of(structure, hidden=hidden)
    centre = residues.centre
    others = residues.neighbours[:, 1:]
    assert not np.isin(others, np.arange(100, 120)).any()
    assert residues.bonded[[100, 110, 120]].tolist() == [0, 0, 0]
    # Without them in the file, those far along the chain from the gap see the same.
    without = residues_of(structure.select(~hidden))
    shift = np.where(without.neighbours >= 100, without.neighbours + 20, without.neighbours)
    np.testing.assert_array_equal(
        residues.neighbours[np.isin(centre, without.centre[:100])], shift[:100]
    )
    np.testing.assert_array_equal(residues.crowding[:100], without.crowding[:100])
