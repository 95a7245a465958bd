"""Predictions for domains are averages over poses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from protvox.errors import InputError
from protvox.networks import poses
from protvox.networks.cath import DomainBatch
from protvox.networks.poses import HALF_TURNS, domain_logits, featurize_poses
from protvox.registry import installed
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations

CPU = torch.device("cpu")


@pytest.fixture
def network(tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    return installed.load("cath")[1]


@pytest.fixture(scope="module")
def ca(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    points = structure.backbone()[:, 1]
    return points[np.isfinite(points).all(axis=1)].astype(np.float64)


def test_half_turns_are_a_group_of_four():
    poses = [np.diag(signs) for signs in HALF_TURNS]
    assert all(np.linalg.det(pose) > 0 for pose in poses)
    products = {tuple(np.diag(a @ b)) for a in poses for b in poses}
    assert products == {tuple(signs) for signs in HALF_TURNS}


def test_prediction_is_the_mean_over_four_different_poses(network, ca):
    singles = [network(DomainBatch.join([pose])) for pose in featurize_poses(ca, network.config)]
    assert len(singles) == 4
    assert torch.cat(singles).std(dim=0).max() > 1e-3
    expected = torch.cat(singles).mean(dim=0)
    assert torch.allclose(domain_logits(network, [ca], CPU)[0], expected, atol=1e-5)


def test_prediction_does_not_depend_on_the_pose(network, ca):
    (first,) = domain_logits(network, [ca], CPU)
    for rotation in random_rotations(3, np.random.default_rng(0)):
        rotated = ca @ rotation.T + np.array([100.0, -50.0, 20.0])
        # Float32 rounding of the axes, through a network of untrained weights.
        assert torch.allclose(first, domain_logits(network, [rotated], CPU)[0], atol=5e-3)
    mirrored = domain_logits(network, [ca * [1, 1, -1]], CPU)[0]
    assert (first - mirrored).abs().max() > 1e-2


def test_prediction_does_not_depend_on_the_signs_of_the_axes(network, ca, monkeypatch):
    (first,) = domain_logits(network, [ca], CPU)
    real = poses.principal_axes
    for signs in HALF_TURNS[1:]:
        monkeypatch.setattr(poses, "principal_axes", lambda x, s=signs: s[:, None] * real(x))
        assert torch.allclose(first, domain_logits(network, [ca], CPU)[0], atol=1e-5)


def test_predictions_are_in_the_order_of_the_domains(network, ca):
    domains = [ca, ca[:40], ca[20:], ca[:1]]
    together = domain_logits(network, domains, CPU)
    assert together.shape == (4, 4)
    assert together.dtype == torch.float32
    alone = torch.cat([domain_logits(network, [domain], CPU) for domain in domains])
    assert torch.allclose(together, alone, atol=1e-5)
    assert alone.std(dim=0).min() > 1e-3


@pytest.mark.parametrize(
    ("factor", "count", "code"), [(1e4, 76, "domain.too_large"), (1.0, 0, "domain.empty")]
)
def test_invalid_domain_is_reported_by_name(network, ca, factor, count, code):
    with pytest.raises(InputError) as caught:
        domain_logits(network, [ca, ca[:count] * factor], CPU, names=["good", "bad"])
    assert caught.value.code == code
    assert "bad" in str(caught.value)
