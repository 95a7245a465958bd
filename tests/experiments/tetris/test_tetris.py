"""The Tetris experiment, reduced."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from experiments.tetris.__main__ import HERE, read_config, run, variants
from experiments.tetris.layers import CommonScale, ProductGate
from experiments.tetris.networks import NetworkConfig, build
from experiments.tetris.shapes import GRID, NAMES, cubes, draw
from experiments.tetris.training import ANGLES, TrainingConfig, classify, fit, rotation_about
from experiments.tetris.training import test_poses as poses
from protvox.nn import assert_equivariant
from protvox.voxel.rotation import random_rotations

SMALL = NetworkConfig(fields=((1, 2), (1, 2), (1, 2), (8, 0)))


def test_pieces_are_four_connected_cubes_all_different():
    centres = cubes()
    assert centres.shape == (8, 4, 3)
    apart = np.linalg.norm(centres[:, :, None] - centres[:, None], axis=-1)
    edge = apart[apart > 0].min()
    assert np.all((np.isclose(apart, edge).sum(axis=(1, 2)) // 2) >= 3)
    # Sorted distances distinguish all pieces except the mirror images.
    prints = {tuple(np.round(np.sort(one.ravel()), 6)) for one in apart}
    assert len(prints) == len(NAMES) - 1


def test_screws_are_mirror_images_and_not_rotations_of_each_other():
    left, right = cubes()[:2]
    triple = [np.linalg.det(piece[[1, 2, 3]] - piece[0]) for piece in (left, right)]
    assert triple[0] == pytest.approx(-triple[1])
    assert abs(triple[0]) > 0


def test_rotated_piece_is_drawn_like_a_rotated_image():
    # A rotation by 90 degrees about z moves voxels without any interpolation.
    quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned = draw(np.arange(8), np.tile(quarter, (8, 1, 1)))
    expected = draw(np.arange(8)).transpose(2, 3).flip(2)
    assert torch.allclose(turned, expected, atol=1e-3)


def test_no_piece_leaves_the_grid():
    rotations = random_rotations(80, np.random.default_rng(0))
    sums = draw(np.repeat(np.arange(8), 10), rotations).sum(dim=(1, 2, 3, 4))
    assert float(sums.max() / sums.min()) < 1.01
    reach = np.linalg.norm(cubes(), axis=-1).max() + 2 * GRID.sigma
    assert reach < GRID.extent[0] / 2


def test_rotations_about_axes():
    axis = np.array([[0.0, 0.0, 1.0]])
    assert np.allclose(rotation_about(axis, np.pi / 2)[0] @ (1, 0, 0), (0, 1, 0))


def change_of_a_quarter_turn(kind: str) -> float:
    """Return the change of logits on rotation, relative to the differences between pieces."""
    network = build(kind, SMALL, 0).train()
    field = draw(np.arange(8))
    with torch.no_grad():
        network(field)
        network.eval()
        here, there = network(field), network(field.transpose(2, 3).flip(2))
    return float((here - there).abs().max() / (here - here.mean(0)).abs().max())


def test_steerable_network_is_invariant_and_the_conventional_one_is_not():
    assert change_of_a_quarter_turn("steerable") < 1e-2
    assert change_of_a_quarter_turn("conventional") > 0.1


def test_both_networks_have_the_same_layers():
    config, _ = read_config(HERE / "config.toml")
    kinds = {name: build(kind, shape, 0) for name, (kind, shape) in variants(config).items()}
    assert set(kinds) == {"steerable", "conventional", "without_low_pass"}
    inputs = draw(np.arange(2))
    assert {network.eval()(inputs).shape for network in kinds.values()} == {(2, 8)}


def test_an_empty_grid_stays_empty():
    network = build("steerable", SMALL, 0).train()
    field = draw(np.arange(8))
    empty = torch.zeros_like(field[:1])
    assert float(network.features(torch.cat([field, empty]))[-1].detach().abs().max()) == 0


def test_products_of_vectors_rotate_with_them():
    gate = ProductGate(2, 3)
    assert_equivariant(gate, gate.irreps_in, gate.irreps_out, size=3)


def test_three_vectors_distinguish_a_mirror_image():
    gate = ProductGate(1, 2)
    field = torch.randn(1, gate.irreps_in.dim, 2, 2, 2)
    mirrored = field.clone()
    mirrored[:, 3:] *= -1
    there, here = gate(mirrored), gate(field)
    # Cross products are axial: they stay where vectors change their sign.
    assert torch.allclose(there[:, 3:9], -here[:, 3:9])
    assert torch.allclose(there[:, 9:], here[:, 9:])
    assert float(here[:, 9:].abs().max()) > 0


def test_features_are_scaled_together():
    features = torch.tensor([[1.0, 1e-3], [-1.0, -1e-3]])
    scaled = CommonScale(2, gain=1.0).train()(features)
    assert float(scaled[0, 0] / scaled[0, 1]) == pytest.approx(1e3)


@pytest.mark.slow
def test_rotated_pieces_are_recognised_after_training_in_one_pose():
    # Without distinguishing the mirror images, at most 7 of 8 are right.
    config, training = read_config(HERE / "config.toml")
    training = dataclasses.replace(training, steps=50, rotations=8)
    network = build("steerable", config, 2)
    fit(network, training, 2)
    inputs, labels = poses(training, 2)
    assert (classify(network, inputs) == labels).mean() >= 0.95


def test_outcomes_are_logged_and_reused(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.tetris.training.SETTLING_BATCHES", 1)
    training = TrainingConfig(seeds=1, steps=1, rounds=1, rotations=1, axes=1)
    first = run(SMALL, training, tmp_path / "log.jsonl")
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    again = run(SMALL, training, tmp_path / "log.jsonl")
    assert len(lines) == 3
    assert (tmp_path / "log.jsonl").read_text().splitlines() == lines
    assert again == first
    assert first["steerable"]["seeds"] == [first["steerable"]["mean"]]
    assert len(first["conventional"]["by_angle"]) == len(ANGLES)
