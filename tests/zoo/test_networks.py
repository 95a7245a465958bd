"""Symmetries of the released architectures, on small networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from protvox.nn.equivariance import cube_rotations
from protvox.nn.irreps import check_irreps
from protvox.structure.read import read_structure
from protvox.voxel.environment import residue_frames
from protvox.voxel.moments import domain_moments, environment_moments
from protvox.voxel.pose import bounding_box
from protvox.zoo.cath import (
    SKIPPED,
    CathConfig,
    CathNet,
    DomainBatch,
    domain_channels,
    grid_shape,
)
from protvox.zoo.config import ConvConfig
from protvox.zoo.environment import EnvironmentConfig, EnvironmentNet

CATH = CathConfig(
    labels=("1.10", "2.40", "3.40"), spacing=5.0, embedding="4x0e+2x1e+1x2e",
    convolutions=(ConvConfig("6x0e+2x1e+1x2e", padding=1), ConvConfig("8x0e", padding=1)),
)  # fmt: skip
ENVIRONMENT = EnvironmentConfig(
    size=3, spacing=3.0, embedding="4x0e+2x1e+1x2e", convolutions=(ConvConfig("6x0e+2x1e"),),
    hidden=(8,),
)  # fmt: skip


def stir(network: nn.Module) -> nn.Module:
    """Give the norms statistics as after a training."""
    torch.manual_seed(1)
    for name, buffer in network.named_buffers():
        if buffer.is_floating_point() and "running" in name:
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def domain(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    structure = structure.select(structure.is_protein)
    channel = domain_channels(structure.atom_type, structure.coordinates)
    middle = structure.coordinates[channel != SKIPPED].mean(axis=0)
    return structure.coordinates - middle, channel


@pytest.fixture(scope="module")
def cath():
    torch.manual_seed(0)
    return stir(CathNet(CATH))


def draw(config, atoms, axes=None, extra=0):
    coordinates, channel = atoms
    axes = np.eye(3, dtype=np.float32) if axes is None else axes.astype(np.float32)
    centre, extent = bounding_box(coordinates, axes)
    x, y, z = grid_shape(extent, config.spacing)
    shape = (x + extra, y + extra, z + extra)
    ranges = np.array([[0, len(coordinates)]], dtype=np.int64)
    moments = domain_moments(
        coordinates, channel, ranges, centre[None], axes[None], config.moments(shape)
    )
    return DomainBatch(torch.from_numpy(moments), shape)


def test_empty_space_around_a_domain_changes_nothing(cath, domain):
    expected = cath(draw(CATH, domain))
    for extra in (2, 6):
        assert torch.allclose(cath(draw(CATH, domain, extra=extra)), expected, atol=1e-4)


def test_domain_network_is_invariant_under_cube_rotations(cath, domain):
    expected = cath(draw(CATH, domain))
    assert expected.std() > 1e-3
    for rotation in cube_rotations()[::5]:
        turned = cath(draw(CATH, domain, axes=rotation.numpy()))
        assert torch.allclose(turned, expected, atol=1e-4), rotation


def test_domain_network_tells_a_mirror_image(cath, domain):
    coordinates, channel = domain
    mirrored = cath(draw(CATH, (coordinates * np.float32([1, 1, -1]), channel)))
    assert (mirrored - cath(draw(CATH, domain))).abs().max() > 1e-3


def test_trunk_moves_with_the_domain(cath, domain):
    """Fields of degree 1 after the first stages turn like vectors, voxel by voxel."""
    from protvox.nn.equivariance import rotate_field

    irreps = check_irreps(CATH.convolutions[0].irreps)

    def trunk(batch):
        field = cath.embedding(batch.moments, batch.shape)
        for stage in cath.stages[:2]:
            field = stage(field)
        return field

    shape = (8, 8, 8)
    coordinates, channel = domain
    ranges = np.array([[0, len(coordinates)]], dtype=np.int64)
    centre = np.zeros((1, 3), dtype=np.float32)

    def at(positions):
        moments = domain_moments(
            positions, channel, ranges, centre, np.eye(3, dtype=np.float32)[None],
            CATH.moments(shape),
        )  # fmt: skip
        return DomainBatch(torch.from_numpy(moments), shape)

    expected = trunk(at(coordinates))
    for rotation in cube_rotations()[1::6]:
        turned = trunk(at((coordinates @ rotation.numpy().T).astype(np.float32)))
        assert torch.allclose(turned, rotate_field(expected, irreps, rotation), atol=1e-3)


def environment_logits(network, structure, coordinates):
    atoms = structure.backbone()
    for column, name in enumerate(("N", "CA", "C", "O")):
        rows = np.flatnonzero(structure.atom_name == name)
        atoms[structure.residue_index[rows], column] = coordinates[rows]
    frames = residue_frames(atoms, network.config.beyond)
    rows = np.flatnonzero(frames.valid)[:20]
    moments = environment_moments(
        coordinates, structure.atom_type, structure.residue_index,
        np.tile(np.array([[0, len(coordinates)]], dtype=np.int64), (len(rows), 1)),
        rows.astype(np.int32), frames.origin[rows], frames.axes[rows], network.config.moments,
    )  # fmt: skip
    return network(torch.from_numpy(moments))


def test_environment_network_sees_no_pose_but_handedness(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    structure = structure.select(structure.is_protein)
    torch.manual_seed(0)
    network = stir(EnvironmentNet(ENVIRONMENT))
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    rotation *= np.linalg.det(rotation)
    expected = environment_logits(network, structure, structure.coordinates)
    moved = (structure.coordinates @ rotation.T + [40, -25, 7]).astype(np.float32)
    assert torch.allclose(environment_logits(network, structure, moved), expected, atol=1e-5)
    mirrored = structure.coordinates * np.float32([1, 1, -1])
    difference = environment_logits(network, structure, mirrored) - expected
    # As different as two residues of the structure are.
    assert difference.std() > 0.5 * (expected - expected.mean(dim=0)).std()
