"""Networks and voxelizers on another device, without one; see `pretend_device`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from protvox.networks.cath import CathNet, DomainBatch
from protvox.networks.environment import EnvironmentNet
from protvox.networks.poses import describe_sses, featurize_poses
from protvox.networks.sse import SSEBatch
from protvox.registry.build import load_trained
from protvox.registry.card import read_card
from protvox.registry.installed import load_folder
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.grids.torch_density import voxelize_torch
from protvox.voxel.moments.moments import environment_moments
from protvox.voxel.moments.residue_frames import residue_frames

sys.path.insert(0, str(Path(__file__).parent))
from pretend_device import DEVICE, PretendDevice

MODELS = Path(__file__).parents[2] / "models"
RESIDUES = 12


@pytest.fixture(scope="module")
def structure(example_path: Path) -> Structure:
    return read_structure(example_path)


@pytest.fixture
def device() -> Iterator[torch.device]:
    with PretendDevice():
        yield DEVICE


def released(task: str, *, trainable: bool) -> nn.Module:
    """Return a released network: as it was trained, or as it predicts."""
    folder = MODELS / task
    if trainable:
        return load_trained(read_card(folder), folder).requires_grad_(True)
    return load_folder(folder)[1]


def environments(structure: Structure, network: EnvironmentNet) -> Tensor:
    frames = residue_frames(structure.backbone(), network.config.cb_offset)
    rows = np.flatnonzero(structure.is_protein & frames.valid)[:RESIDUES]
    bounds = np.tile(np.array([[0, structure.n_atoms]], dtype=np.int64), (len(rows), 1))
    moments = environment_moments(
        structure.coordinates,
        structure.atom_type,
        structure.residue_index,
        bounds,
        rows.astype(np.int32),
        frames.origin[rows],
        frames.axes[rows],
        network.config.moments,
    )
    return torch.from_numpy(moments)


def domain(structure: Structure, network: CathNet) -> DomainBatch:
    ca = structure.backbone()[structure.is_protein, 1]
    ca = ca[np.isfinite(ca).all(axis=1)]
    poses = DomainBatch.join(featurize_poses(ca, network.config)[:1])
    return replace(poses, sses=SSEBatch.join([describe_sses(ca)]))


@pytest.mark.parametrize("trainable", [False, True])
def test_environment_network(structure: Structure, device: torch.device, trainable: bool) -> None:
    network = released("environment", trainable=trainable)
    assert isinstance(network, EnvironmentNet)
    inputs = environments(structure, network)
    expected = network(inputs).detach()
    found = network.to(device)(inputs.to(device))
    assert found.device.type == device.type
    torch.testing.assert_close(found.detach().cpu(), expected, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("trainable", [False, True])
def test_cath_network(structure: Structure, device: torch.device, trainable: bool) -> None:
    network = released("cath", trainable=trainable)
    assert isinstance(network, CathNet)
    inputs = domain(structure, network)
    expected = network(inputs).detach()
    found = network.to(device)(inputs.to(device))
    assert found.device.type == device.type
    torch.testing.assert_close(found.detach().cpu(), expected, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("task", ["environment", "cath"])
def test_gradients(structure: Structure, device: torch.device, task: str) -> None:
    network = released(task, trainable=True)
    inputs: Any = (
        environments(structure, network)
        if isinstance(network, EnvironmentNet)
        else domain(structure, cast("CathNet", network))
    )

    def gradients(where: torch.device) -> dict[str, Tensor]:
        moved = network.to(where)
        moved.zero_grad()
        moved(inputs.to(where)).logsumexp(dim=1).sum().backward()
        named = moved.named_parameters()
        return {name: p.grad.cpu().clone() for name, p in named if p.grad is not None}

    expected, found = gradients(torch.device("cpu")), gradients(device)
    assert expected.keys() == found.keys()
    for name, gradient in expected.items():
        scale = float(gradient.abs().max()) + 1e-6
        torch.testing.assert_close(found[name] / scale, gradient / scale, atol=1e-3, rtol=0)


def test_voxelizer(structure: Structure, device: torch.device) -> None:
    xyz = structure.coordinates - structure.coordinates.mean(axis=0)
    arrays = xyz, structure.atom_type, np.array([0, len(xyz)])
    spec = GridSpec(24, 2.0, 1.0)
    expected = voxelize_torch(*map(torch.tensor, arrays), spec, 15)
    found = voxelize_torch(*(torch.tensor(a).to(device) for a in arrays), spec, 15)
    assert found.device.type == device.type
    torch.testing.assert_close(found.cpu(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("task", ["environment", "cath"])
def test_mixed_devices_are_refused(structure: Structure, device: torch.device, task: str) -> None:
    network = released(task, trainable=False)
    inputs: Any = (
        environments(structure, network)
        if isinstance(network, EnvironmentNet)
        else domain(structure, cast("CathNet", network))
    )
    with pytest.raises(RuntimeError, match="same device"):
        network.to(device)(inputs)


def test_pretended_content_cannot_be_read_where_it_lies(device: torch.device) -> None:
    tensor = torch.arange(3.0).to(device) + 1
    assert tensor.cpu().tolist() == [1, 2, 3]
    with pytest.raises((RuntimeError, TypeError)):
        tensor.numpy()
    with pytest.raises(RuntimeError, match="same device"):
        torch.add(tensor, torch.ones(3))
