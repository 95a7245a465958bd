import dataclasses

import numpy as np
import pytest

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.voxel.grids.environment_grid import (
    ENVIRONMENT_CHANNELS,
    environment_channels,
    environment_densities,
    voxelize_surroundings,
)
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.moments.residue_frames import residue_frames


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


def direct(structure, residue, frames, spec):
    """Sum the Gaussians of every atom in float64, without window or table."""
    xyz = (structure.coordinates - frames.origin[residue]) @ frames.axes[residue].T
    channel = environment_channels(structure, residue)
    axis = (np.arange(spec.shape[0]) - (spec.shape[0] - 1) / 2) * spec.spacing
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    out = np.zeros((len(ENVIRONMENT_CHANNELS), *spec.shape))
    for position, kind in zip(xyz.astype(float), channel, strict=True):
        if kind < len(out):
            squared = ((grid - position) ** 2).sum(axis=-1)
            out[kind] += np.exp(-squared / (2 * spec.sigma**2))
    return out


def test_densities_equal_the_direct_sum(ubiquitin):
    frames = residue_frames(ubiquitin.backbone(), 2.3)
    spec = GridSpec(12, 1.0, 1.0)
    rows = np.array([4, 40])
    drawn = environment_densities(ubiquitin, rows, frames, spec)
    for row, density in zip(rows, drawn, strict=True):
        # The voxelizer cuts Gaussians at about 3.7 sigma: 1e-3 an atom, several atoms a voxel.
        np.testing.assert_allclose(density, direct(ubiquitin, row, frames, spec), atol=5e-3)


def test_side_chain_of_the_centre_leaves_no_trace(ubiquitin):
    row = 44  # PHE 45
    frames = residue_frames(ubiquitin.backbone(), 2.3)
    spec = GridSpec(16, 1.0, 1.0)
    before = environment_densities(ubiquitin, np.array([row]), frames, spec)
    own = ubiquitin.residue_index == row
    side = own & ~np.isin(ubiquitin.atom_name, ("N", "CA", "C", "O"))
    assert side.sum() == 7
    moved = ubiquitin.coordinates.copy()
    moved[side] += 1.5
    changed = dataclasses.replace(ubiquitin, coordinates=moved)
    after = environment_densities(changed, np.array([row]), frames, spec)
    np.testing.assert_array_equal(before, after)
    neighbour = environment_densities(changed, np.array([row + 1]), frames, spec)
    same = environment_densities(ubiquitin, np.array([row + 1]), frames, spec)
    assert np.abs(neighbour - same).max() > 0.1


def test_own_backbone_has_its_own_channel(ubiquitin):
    channel = environment_channels(ubiquitin, 10)
    last = len(ENVIRONMENT_CHANNELS) - 1
    names = ubiquitin.atom_name[channel == last].tolist()
    assert names == ["N", "CA", "C", "O"]


def test_map_is_superimposed_on_the_residue(ubiquitin):
    row = 10
    density = voxelize_surroundings(ubiquitin, row, size=16, spacing=0.5, sigma=0.5)
    x, y, z = density.axes()
    ca = ubiquitin.backbone()[row, 1]
    index = [int(np.abs(axis - v).argmin()) for axis, v in zip((x, y, z), ca, strict=True)]
    own = density.values[-1]
    # The CA is less than half a voxel from the nearest centre: exp(-3 * 0.25^2 / (2 * 0.25)).
    assert own[tuple(index)] > 0.68
    assert (x[0] / 0.5) == round(x[0] / 0.5)


def test_residue_without_backbone_is_rejected(ubiquitin):
    frames = residue_frames(ubiquitin.backbone(), 2.3)
    broken = dataclasses.replace(frames, valid=np.zeros_like(frames.valid))
    with pytest.raises(InputError) as error:
        environment_densities(ubiquitin, np.array([3]), broken, GridSpec(8, 1.0, 1.0))
    assert error.value.code == "input.backbone"
    assert "A:4" in str(error.value)
