"""Method, resolution and crystal of files, compared with gemmi."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from protvox.structure.experiment import NOT_STATED, Experiment
from protvox.structure.io.experiment import find_in_categories, find_in_header
from protvox.structure.io.read import read_structure

METHODS = {"X-RAY DIFFRACTION": "X-ray", "SOLUTION NMR": "NMR", "ELECTRON MICROSCOPY": "EM"}


@pytest.mark.parametrize(
    "name",
    ["1ubi.pdb", "1a8o.pdb", "1a8o.cif", "1ejg.pdb.gz", "1gbt.cif.gz", "3jqh.cif", "3mht.pdb.gz"],
)
def test_the_experiment_is_that_of_gemmi(data_dir, name):
    path = data_dir / name
    oracle = gemmi.read_structure(str(path))
    found = read_structure(path).experiment
    assert found.method == METHODS.get(dict(oracle.info).get("_exptl.method"), "")
    assert found.resolution == (oracle.resolution or None)
    if oracle.cell.is_crystal():
        assert found.cell == pytest.approx(oracle.cell.parameters)
        assert found.space_group == oracle.spacegroup_hm
        if found.to_fractional:
            scale = np.reshape(found.to_fractional, (3, 4))
            matrix, shift = oracle.cell.frac.mat.tolist(), oracle.cell.frac.vec.tolist()
            assert scale == pytest.approx(np.column_stack([matrix, shift]), abs=2e-6)
    else:
        assert found.cell == ()


def test_binary_and_text_agree(data_dir):
    text, binary = (read_structure(data_dir / f"3jqh.{form}") for form in ("cif", "bcif.gz"))
    assert text.experiment == binary.experiment
    assert text.experiment.method == "X-ray"


def test_microscopy_and_several_methods():
    columns = {
        ("exptl", "method"): ["ELECTRON MICROSCOPY"],
        ("em_3d_reconstruction", "resolution"): ["3.4"],
        ("cell", "length_a"): ["1"],
    }
    found = find_in_categories(lambda *key: columns.get(key, []))
    assert found == Experiment("EM", 3.4)
    lines = ["EXPDTA    NEUTRON DIFFRACTION; X-RAY DIFFRACTION", "REMARK   2 RESOLUTION. 1.65 ANGS"]
    assert find_in_header(lines) == Experiment("other", 1.65)
    assert find_in_header(["EXPDTA    SOLUTION NMR"]).method == "NMR"


def test_damaged_records_state_nothing():
    lines = ["CRYST1   50.840   xx.770", "REMARK   2 RESOLUTION. NOT APPLICABLE.", "EXPDTA"]
    assert find_in_header(lines) == NOT_STATED
    columns = {("cell", "length_a"): ["?"], ("refine", "ls_d_res_high"): ["nan"]}
    assert find_in_categories(lambda *key: columns.get(key, [])) == NOT_STATED
