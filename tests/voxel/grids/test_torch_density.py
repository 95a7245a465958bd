"""The torch voxelizer against the CPU voxelizer, which is tested against the definition."""

import numpy as np
import pytest
import torch

from protvox.errors import DeviceError, ModelError
from protvox.voxel.grids import torch_density
from protvox.voxel.grids.density import voxelize
from protvox.voxel.grids.grid import GridSpec
from protvox.voxel.grids.torch_density import voxelize_torch

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
SPECS = [
    GridSpec(20, 1.0, 1.0),
    GridSpec((18, 11, 24), 0.8, 0.7),
    GridSpec((14, 22, 9), 2.0, 1.0),
    GridSpec(5, 1.0, 1.0),
    GridSpec((20, 3, 20), 0.7, 1.0),
]


def batch(spec, seed=0):
    """Return three grids of atoms: inside, outside, on voxel centres, skipped, not finite."""
    rng = np.random.default_rng(seed)
    coordinates = (rng.uniform(-0.8, 0.8, (300, 3)) * spec.extent).astype(np.float32)
    coordinates[:60] = np.round(coordinates[:60] / spec.spacing) * np.float32(spec.spacing)
    coordinates[70] = np.nan
    coordinates[71, 1] = np.inf
    coordinates[72] = -1e30
    channel = rng.integers(0, 4, 300).astype(np.uint8)
    channel[::9] = 255
    return coordinates, channel, np.array([0, 120, 120, 300])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_equals_the_cpu_voxelizer(spec, normalize, device):
    arrays = batch(spec)
    expected = voxelize(*arrays, spec, 4, normalize=normalize)
    tensors = [torch.tensor(array, device=device) for array in arrays]
    got = voxelize_torch(*tensors, spec, 4, normalize=normalize)
    assert got.shape == (3, 4, *spec.shape)
    assert got.dtype == torch.float32
    assert got.device.type == device
    assert np.abs(got.cpu().numpy() - expected).max() < 1e-4


def test_real_protein_equals_the_cpu_voxelizer(example):
    spec = GridSpec(32, 2.0, 1.0)
    xyz = example.coordinates - example.coordinates.mean(axis=0)
    arrays = xyz, example.atom_type, np.array([0, len(xyz)])
    expected = voxelize(*arrays, spec, 15)
    got = voxelize_torch(*map(torch.tensor, arrays), spec, 15).numpy()
    assert expected.max() > 0.9
    assert np.abs(got - expected).max() < 1e-4


def test_chunks_do_not_matter(monkeypatch):
    spec = SPECS[0]
    tensors = [torch.tensor(array) for array in batch(spec)]
    whole = voxelize_torch(*tensors, spec, 4)
    monkeypatch.setattr(torch_density, "CHUNK_VALUES", 7 * 8**3)
    assert (voxelize_torch(*tensors, spec, 4) - whole).abs().max() < 1e-6


def test_out_is_overwritten_and_returned():
    spec = SPECS[0]
    tensors = [torch.tensor(array) for array in batch(spec)]
    out = torch.full((3, 4, 20, 20, 20), torch.nan)
    assert voxelize_torch(*tensors, spec, 4, out=out) is out
    assert torch.equal(out, voxelize_torch(*tensors, spec, 4))


def test_no_atoms_is_zero_and_no_grids_is_empty():
    nothing = torch.zeros(0, 3), torch.zeros(0, dtype=torch.uint8)
    got = voxelize_torch(*nothing, torch.tensor([0, 0]), SPECS[3], 2)
    assert got.shape == (1, 2, 5, 5, 5)
    assert not got.any()
    assert len(voxelize_torch(*nothing, torch.tensor([0]), SPECS[3], 2)) == 0


def test_inconsistent_arrays_are_rejected():
    tensors = [torch.tensor(array) for array in batch(SPECS[0])]
    with pytest.raises(ModelError, match="channel"):
        voxelize_torch(*tensors, SPECS[0], 3)
    with pytest.raises(ModelError, match="out is"):
        voxelize_torch(*tensors, SPECS[0], 4, out=torch.zeros(3))


def test_lack_of_memory_is_a_device_error(monkeypatch):
    def fail(*_):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(torch_density, "_draw", fail)
    with pytest.raises(DeviceError) as error:
        voxelize_torch(*[torch.tensor(array) for array in batch(SPECS[0])], SPECS[0], 4)
    assert error.value.code == "device.memory"
