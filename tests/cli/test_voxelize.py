from __future__ import annotations

import gemmi
import numpy as np
import pytest

from protvox.structure.io.read import read_structure


def test_map_opens_on_top_of_the_structure(protvox, example, tmp_path):
    path = tmp_path / "out.ccp4"
    result = protvox("voxelize", example, "-o", path)
    assert result.code == 0
    assert result.out == b""
    structure = read_structure(example)
    ccp4 = gemmi.read_ccp4_map(str(path))
    ccp4.setup(float("nan"))
    inside = [ccp4.grid.interpolate_value(gemmi.Position(*x)) for x in structure.coordinates[::50]]
    # An atom's own Gaussian is 1 at its centre; its covalent neighbours add to it.
    assert np.min(inside) > 0.8


def test_npz_of_a_domain_is_smaller(protvox, example, tmp_path):
    for name, options in (("all", ()), ("part", ("--domain", "A:3-50"))):
        assert protvox("voxelize", example, "-o", tmp_path / f"{name}.npz", *options).code == 0
    whole, part = (np.load(tmp_path / f"{name}.npz")["density"] for name in ("all", "part"))
    assert len(whole) == len(part)
    assert part.sum() < whole.sum()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("out.xyz", ()),
        ("out.npz", ("--channel", "sulfur")),
        ("out.map", ("--channel", "plutonium")),
        ("out.map", ("--channels", "colours")),
        ("out.map", ("--spacing", "0")),
    ],
)
def test_usage_errors(protvox, example, tmp_path, name, options):
    result = protvox("voxelize", example, "-o", tmp_path / name, *options)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert list(tmp_path.glob("out*")) == []


def test_surroundings_of_a_residue(protvox, example, tmp_path):
    target = tmp_path / "site.ccp4"
    result = protvox("voxelize", example, "-o", target, "--residue", "A:62")
    assert result.code == 0
    assert "21 x 21 x 21" in result.err
    ccp4 = gemmi.read_ccp4_map(str(target))
    assert np.array(ccp4.grid, copy=False).shape == (21, 21, 21)


def test_the_surroundings_need_a_single_residue(protvox, example, tmp_path):
    result = protvox("voxelize", example, "-o", tmp_path / "x.map", "--residue", "A:62-63")
    assert result.code == 2
    assert "selects 2 residues" in result.err
