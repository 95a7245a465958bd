"""The experiments of the check: packer, comparison, p-values, alarms and reference."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from experiments.check import alarms, reference
from experiments.check.p_values import shares, smallest_p
from experiments.check.packed import compare
from experiments.check.rotamers import build_library, pack
from experiments.check.twins import compare_segment, twin_chains
from protvox.predict.check.calibration import released_calibration
from protvox.predict.check.segments import Finding
from protvox.structure.io.read import read_structure


@pytest.fixture(scope="module")
def library(data_dir):
    return build_library([data_dir / name for name in ("1ubi.pdb", "3enl.pdb.gz", "3mht.pdb.gz")])


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


def test_rotamers_have_the_bonds_of_their_residue(library):
    assert library["GLY"].atoms.shape == (1, 0, 3)
    assert library["LEU"].names == ("CB", "CD1", "CD2", "CG")
    for first, second in (("CB", "CG"), ("CG", "CD1")):
        i, j = (library["LEU"].names.index(name) for name in (first, second))
        bond = np.linalg.norm(library["LEU"].atoms[:, i] - library["LEU"].atoms[:, j], axis=1)
        np.testing.assert_allclose(bond, 1.53, atol=0.06)


def test_the_right_types_are_packed_near_the_crystal_and_without_clashes(library, ubiquitin):
    rows = np.arange(21, 34)  # the helix
    names = ubiquitin.parent[rows].tolist()
    packed = pack(ubiquitin, rows, names, library)
    errors = []
    for row, atoms, name in zip(rows, packed.atoms, names, strict=True):
        own = ubiquitin.residue_index == row
        for atom, xyz in zip(library[name].names, atoms, strict=True):
            truth = ubiquitin.coordinates[own & (ubiquitin.atom_name == atom)][0]
            errors.append(np.linalg.norm(truth - xyz))
    assert np.median(errors) < 1.0
    assert packed.clashes == 0
    assert pack(ubiquitin, rows, ["TRP"] * len(rows), library).clashes > 5


def test_comparison_of_measures():
    cases = [
        {
            "chain": str(i % 10),
            "wrong": wrong,
            "protvox": 10.0 * wrong + i / 100,
            "clashes": float(i % 7),
            "backbone": 0.0,
        }
        for i in range(40)
        for wrong in (True, False)
    ]
    found = compare(cases)
    assert found["n"] == 40
    assert found["protvox"]["auc"]["value"] == found["protvox"]["found"]["value"] == 1.0
    assert found["clashes"]["auc"]["value"] == found["backbone"]["auc"]["value"] == 0.5


def test_shares_of_p_values():
    found = shares([0.005] * 5 + [0.3] * 95)
    assert found["0.01"]["share"] == found["0.2"]["share"] == 0.05
    assert found["0.5"]["share"] == 1.0
    calibration = released_calibration()
    assert smallest_p([], 100, calibration) == 1.0
    strong, weak = (Finding("register", 0, 9, odds, "") for odds in (30.0, 8.0))
    assert smallest_p([weak, strong], 100, calibration) == pytest.approx(
        calibration.p_value("register", 30.0, 100)
    )


def test_alarms_keep_their_notes(data_dir, tmp_path, monkeypatch):
    segment = {
        **{"kind": "register", "chain": "A", "first": "23", "last": "34", "shift": 2},
        **{"log_odds": 12.34, "p_value": 0.01234, "suggestion": ""},
    }
    documents, output = tmp_path / "x.jsonl", tmp_path / "alarms.csv"
    documents.write_text(json.dumps({"input": {"name": "1ubi.pdb"}, "segments": [segment]}) + "\n")
    arguments = ["alarms", str(documents), "--structures", str(data_dir), "-o", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert alarms.main() == 0
    (row,) = csv.DictReader(output.read_text().splitlines())
    assert (row["structure"], row["method"], row["p_value"]) == ("helix", "X-ray", "0.012")
    output.write_text(output.read_text().rstrip("\n") + "looked at\n")
    assert alarms.main() == 0
    (row,) = csv.DictReader(output.read_text().splitlines())
    assert row["note"] == "looked at"


def test_a_segment_in_another_register_than_its_twin(ubiquitin, tmp_path):
    same = compare_segment(ubiquitin, "A", 22, 33, ubiquitin, "A")
    assert (same.n, same.offset) == (12, 0)
    assert same.distance == pytest.approx(0, abs=1e-6)
    xyz = ubiquitin.coordinates.copy()
    for row in range(22, 34):
        here, there = (
            (ubiquitin.residue_index == r) & (ubiquitin.atom_name == "CA") for r in (row, row + 1)
        )
        xyz[here] = ubiquitin.coordinates[there]
    slipped = compare_segment(replace(ubiquitin, coordinates=xyz), "A", 22, 33, ubiquitin, "A")
    assert slipped.offset == 1
    assert slipped.distance == pytest.approx(3.8, abs=0.2)
    table = tmp_path / "chains.csv"
    table.write_text("pdb,chain,c40,c95\n1a,A,1,1\n1a,B,1,1\n2b,A,1,2\n3c,A,1,1\n4d,A,9,9\n")
    assert twin_chains(table, "1a", "A") == [("3c", "A"), ("2b", "A"), ("1a", "B")]


def test_methods_and_resolutions(tmp_path):
    types, domains = tmp_path / "types.txt", tmp_path / "domains.csv"
    types.write_text("1abc\tprot\tdiffraction\n2abc\tprot\tNMR\n")
    domains.write_text("domain,resolution\n1abcA00,1.8\n2abcA00,999.0\n")
    assert reference.read_methods(types) == {"1abc": "diffraction", "2abc": "NMR"}
    assert reference.read_resolutions(domains) == {"1abc": 1.8}
