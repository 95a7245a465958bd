"""Maps and archives, read back by other programs."""

import gemmi
import mrcfile
import numpy as np
import pytest

from protvox.errors import InputError, ModelError, UsageError
from protvox.structure.selection import parse_selection
from protvox.voxel.grids import density_map
from protvox.voxel.grids.density import window_width
from protvox.voxel.grids.density_map import DensityMap, encode_ccp4, voxelize_structure, write_map
from protvox.voxel.grids.grid import GridSpec


@pytest.fixture(scope="module")
def density(example):
    return voxelize_structure(example, spacing=0.8, sigma=0.7)


def test_density_is_superimposed_on_the_atoms(example, density, direct_density):
    assert density.values.shape[0] == 15
    for axis, centres in enumerate(density.axes()):
        assert centres[0] == pytest.approx(density.origin[axis])
        assert centres[0] <= example.coordinates[:, axis].min() - 5
        assert centres[-1] >= example.coordinates[:, axis].max() + 5
    spec = GridSpec(density.values.shape[1:], 0.8, 0.7)
    middle = [centres.mean() for centres in density.axes()]
    expected = direct_density(
        example.coordinates[:300] - middle,
        example.atom_type[:300],
        spec,
        15,
        window=window_width(spec),
    )
    assert (density.values - expected).min() > -1e-4  # the other atoms only add
    # All of every atom is there: the integral of a Gaussian, less its truncated tails.
    integral = (np.sqrt(2 * np.pi) * 0.7 / 0.8) ** 3
    assert density.values.sum() == pytest.approx(example.n_atoms * integral, rel=5e-3)


def test_gemmi_and_mrcfile_read_the_map_superimposed(example, density, tmp_path):
    path = tmp_path / "map.ccp4"
    write_map(density, path)

    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        header = file.header
        start = np.array([header.nxstart, header.nystart, header.nzstart])
        assert np.allclose(start * 0.8, density.origin, atol=1e-4)
        assert header.origin.tolist() == (0, 0, 0)
        assert file.voxel_size.x == pytest.approx(0.8)
        # The file's data run z, y, x.
        assert np.array_equal(file.data.transpose(2, 1, 0), density.values.sum(axis=0))

    ccp4 = gemmi.read_ccp4_map(str(path), setup=True)
    assert "protvox" in ccp4.header_str(57)
    at_atoms, elsewhere = (
        np.array(
            [
                ccp4.grid.interpolate_value(gemmi.Position(*(xyz + move)))
                for xyz in example.coordinates.astype(float)
            ]
        )
        for move in (np.zeros(3), np.array([2.0, 2.0, 2.0]))
    )
    assert at_atoms.min() > 0.6
    assert at_atoms.mean() > 3 * elsewhere.mean()


@pytest.mark.parametrize("spacing", [0.5, 1.0, 1.3])
def test_maximum_of_a_single_atom_is_at_the_nearest_voxel(example, spacing, tmp_path):
    residue = np.arange(example.n_residues) == 40
    density = voxelize_structure(example, residue, spacing=spacing, sigma=0.5, channels="ca")
    assert density.values.shape[0] == 1
    path = tmp_path / "map.mrc"
    write_map(density, path, channel="backbone_CA")
    grid = gemmi.read_ccp4_map(str(path), setup=True).grid
    highest = np.unravel_index(np.argmax(grid.array), grid.shape)
    position = grid.get_position(*(int(i) for i in highest))
    alpha = (example.residue_index == 40) & (example.atom_name == "CA")
    # Grid points of a crystal repeat with the cell, so compare within it.
    away = np.array(position.tolist()) - example.coordinates[alpha][0]
    cell = np.array(grid.shape) * spacing
    away -= np.rint(away / cell) * cell
    assert np.abs(away).max() <= spacing / 2 + 1e-3


def test_start_between_voxels_is_written_as_origin(tmp_path):
    values = np.random.default_rng(0).random((2, 4, 5, 6)).astype(np.float32)
    density = DensityMap(values, (1.25, -7.5, 3.0), 2.0, 1.0, ("a", "b"))
    path = tmp_path / "map.ccp4"
    path.write_bytes(encode_ccp4(density, "b"))
    with mrcfile.open(path) as file:
        assert file.header.origin.tolist() == pytest.approx((1.25, -7.5, 3.0))
        assert file.header.nxstart == file.header.nystart == file.header.nzstart == 0
        assert np.array_equal(file.data.transpose(2, 1, 0), values[1])


def test_npz_holds_everything(density, tmp_path):
    path = tmp_path / "grid.npz"
    write_map(density, path)
    with np.load(path) as read:
        assert np.array_equal(read["density"], density.values)
        assert tuple(read["channels"].tolist()) == density.channels
        for name, axis in zip("xyz", density.axes(), strict=True):
            assert np.array_equal(read[name], axis)
        assert np.array_equal(read["origin"], density.origin)
        assert float(read["spacing"]) == 0.8
        assert float(read["sigma"]) == 0.7


def test_selection_is_drawn_in_the_frame_of_the_file(example):
    mask = parse_selection("A:100-150").mask(example)
    part = voxelize_structure(example, mask, channels="ca")
    whole = voxelize_structure(example, channels="ca")
    assert 0 < part.values.sum() < whole.values.sum()
    first = np.rint(np.subtract(part.origin, whole.origin)).astype(int)
    x, y, z = (slice(i, i + n) for i, n in zip(first, part.values.shape[1:], strict=True))
    assert np.all(whole.values[:, x, y, z] >= part.values - 1e-5)


def test_empty_and_large_densities_are_rejected(example, monkeypatch):
    with pytest.raises(InputError) as error:
        voxelize_structure(example, np.zeros(example.n_residues, bool))
    assert error.value.code == "domain.empty"
    with pytest.raises(ModelError):
        voxelize_structure(example, spacing=0.0)
    with pytest.raises(InputError) as error:
        voxelize_structure(example, spacing=0.01, sigma=0.01)
    assert error.value.code == "domain.too_large"
    monkeypatch.setattr(density_map, "MAX_VALUES", 1000)
    with pytest.raises(InputError) as error:
        voxelize_structure(example)
    assert error.value.code == "domain.too_large"
    assert example.name in str(error.value)


def test_unwritable_files_are_reported(density, tmp_path):
    with pytest.raises(UsageError) as error:
        write_map(density, tmp_path / "map.txt")
    assert error.value.code == "output.format"
    with pytest.raises(UsageError) as error:
        write_map(density, tmp_path / "no such folder" / "map.ccp4")
    assert error.value.code == "output.write"
    with pytest.raises(ModelError):
        write_map(density, tmp_path / "map.ccp4", channel="helium")
    (tmp_path / "folder.ccp4").mkdir()
    with pytest.raises(UsageError):
        write_map(density, tmp_path / "folder.ccp4")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.ccp4"]
