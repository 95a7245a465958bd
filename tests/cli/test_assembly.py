"""``--assembly`` and ``--unique`` on the command line."""

import json

import numpy as np
import pytest


@pytest.fixture
def capsid(data_dir):
    return data_dir / "1a8o.cif"


@pytest.mark.usefixtures("fake")
def test_the_table_says_what_was_built(protvox, capsid):
    result = protvox("classify", capsid, "--assembly", "1", "--unique")
    assert result.code == 0
    assert "assembly 1: A-2 = A by 2" in result.text
    assert "same as chain A, not scored: A-2" in result.text
    assert "assembly" not in protvox("classify", capsid).text


@pytest.mark.usefixtures("fake")
def test_json_says_what_was_built(protvox, capsid):
    result = protvox("classify", capsid, "--assembly", "1", "--format", "json")
    info = json.loads(result.out)["input"]
    assert [copy["chain"] for copy in info["copies"]] == ["A", "A-2"]
    assert "same_as" not in info


@pytest.mark.parametrize("command", ["classify", "mutations", "search", "embed", "voxelize"])
def test_every_command_refuses_unknown_assemblies(protvox, capsid, tmp_path, command):
    output = {"embed": "x.npz", "voxelize": "x.ccp4"}.get(command)
    more = ("-o", tmp_path / output) if output else ()
    result = protvox(command, capsid, "--assembly", "9", *more)
    assert result.code == 3
    assert "the file has no assembly 9. Choose one of: 1" in result.err


def test_scripts_need_the_assembly_as_a_file(protvox, capsid, tmp_path):
    result = protvox("classify", capsid, "--assembly", "1", "--pymol", tmp_path / "x.pml")
    assert result.code == 2
    assert "Add --annotate FILE.cif" in result.err


def test_trajectories_have_no_assemblies(protvox, data_dir, tmp_path):
    inputs = (data_dir / "dipeptide.xtc", "--top", data_dir / "dipeptide.pdb")
    result = protvox("score", *inputs, "--assembly", "1", "-o", tmp_path / "out")
    assert result.code == 2
    assert not (tmp_path / "out").exists()


def test_densities_of_an_assembly_hold_all_copies(protvox, capsid, tmp_path):
    sums = []
    for name, more in (("one", ()), ("two", ("--assembly", "1"))):
        path = tmp_path / f"{name}.npz"
        assert protvox("voxelize", capsid, "--spacing", "2", "-o", path, *more).code == 0
        with np.load(path) as arrays:
            sums.append(max(arrays[key].sum() for key in arrays.files if arrays[key].ndim == 4))
    assert sums[1] == pytest.approx(2 * sums[0], rel=0.02)
