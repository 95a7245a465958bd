"""The answer for a domain is an average over its poses."""

from __future__ import annotations

import numpy as np
import torch

from protvox.structure.read import read_structure
from protvox.voxel.rotation import random_rotations
from protvox.zoo import registry
from protvox.zoo.poses import HALF_TURNS, domain_logits

CPU = torch.device("cpu")


def logits_of(network, structure, coordinates):
    return domain_logits(network, coordinates.astype(np.float32), structure.atom_type, CPU)


def test_half_turns_are_the_group_of_four():
    poses = [np.diag(signs) for signs in HALF_TURNS]
    assert all(np.linalg.det(pose) > 0 for pose in poses)
    products = {tuple(np.diag(a @ b)) for a in poses for b in poses}
    assert products == {tuple(signs) for signs in HALF_TURNS}


def test_the_answer_turns_with_the_domain(tiny_models, monkeypatch, data_dir):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    _, network = registry.load("cath")
    structure = read_structure(data_dir / "1ubi.pdb")
    first = logits_of(network, structure, structure.coordinates)
    for rotation in random_rotations(3, np.random.default_rng(0)):
        turned = structure.coordinates @ rotation.T + np.array([100.0, -50.0, 20.0])
        again = logits_of(network, structure, turned)
        # Float32 rounding of coordinates 100 Å away, through a network of untrained weights.
        assert torch.allclose(first, again, atol=5e-3)
    mirrored = logits_of(network, structure, structure.coordinates * [1, 1, -1])
    assert (first - mirrored).abs().max() > 1e-2
