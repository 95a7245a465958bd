"""Measured mutations find their residues and get the scores that users get."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.mutations.evaluate import zero
from experiments.mutations.product import find_residue, load_networks, score_rows
from protvox.predict.mutations.score import score_mutations
from protvox.structure.io.read import read_structure


@pytest.fixture
def table():
    rows = [("1ubi", "1ubi.pdb", "A", 45, "F", "W"), ("1ubi", "1ubi.pdb", "A", 1, "M", "G")]
    rows += [("1ubi", "1ubi.pdb", "Z", 2, "Q", "A"), ("1ubi", "1ubi.pdb", "A", 2, "L", "A")]
    columns = ["protein", "file", "chain", "number", "wild_type", "mutant"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("remember", [False, True])
def test_scores_are_those_of_the_product(
    table, tiny_models, data_dir, tmp_path, monkeypatch, remember
):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    cache = tmp_path if remember else None
    scorers = load_networks(tiny_models / "environment", tiny_models / "backbone", cache, "cpu")
    expected = score_mutations(
        read_structure(data_dir / "1ubi.pdb"), ["A:F45W", "A:M1G", "A:Q2A"], device="cpu"
    ).table
    for _ in range(2):
        scores, unscored = score_rows(table, scorers, data_dir)
        assert unscored == ["1ubi L2"]
        np.testing.assert_allclose(scores["both"][:3], expected.score, atol=1e-6)
        np.testing.assert_allclose(scores["environment"][:3], expected.environment, atol=1e-6)
        np.testing.assert_allclose(scores["backbone"][:3], expected.backbone, atol=1e-6)
        assert np.isnan(scores["both"][3])
    assert len(list(tmp_path.rglob("*.npz"))) == int(remember)


def test_a_residue_named_twice_is_not_chosen(tiny_models, data_dir):
    scorers = load_networks(tiny_models / "environment", tiny_models / "backbone", None, "cpu")
    structure = read_structure(data_dir / "1ubi.pdb")
    residues, _, _ = scorers.predict(structure, structure.is_protein)
    row = {"number": 45, "wild_type": "F", "chain": "A"}
    assert find_residue(residues, row) == 44
    assert find_residue(residues, {**row, "wild_type": "L"}) is None
    residues.number[10] = 45
    residues.wild_type[10] = "PHE"
    assert find_residue(residues, row) is None


def test_zero_counts_both_sides_alike():
    changes = np.array([2.0, 1.0, 0.5, -1.0, 0.0])
    found = zero(np.array([1.0, 2.0, -1.0, -3.0, 5.0]), changes)
    assert found["n"] == 4
    assert found["right_of_destabilising"] == pytest.approx(2 / 3)
    assert found["right_of_stabilising"] == 1.0
    assert found["balanced_accuracy"] == pytest.approx(5 / 6)
