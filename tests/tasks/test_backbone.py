"""The backbone predictor: which residues it predicts, and how it fails."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.errors import UsageError
from protvox.predict.classify import classify
from protvox.predict.model_cache import load_residue_predictor
from protvox.registry.tasks import BUILT_IN, find_task, task_names
from protvox.structure.io.read import read_structure


@pytest.fixture
def predictors(tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    return [load_residue_predictor(name, "cpu") for name in ("environment", "backbone")]


@pytest.mark.parametrize("name", ["1ubi.pdb", "1gbt.cif.gz", "1ejg.pdb.gz"])
def test_it_predicts_the_residues_of_the_environment_network(predictors, data_dir, name):
    structure = read_structure(data_dir / name)
    tables = [one.predict_residues(structure, structure.is_protein) for one in predictors]
    (first, first_dropped), (second, second_dropped) = tables
    for column in ("chain", "number", "insertion_code", "wild_type"):
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))
    np.testing.assert_allclose(second.probabilities.sum(axis=1), 1, atol=1e-5)
    assert [d.where for d in first_dropped] == [d.where for d in second_dropped]


def test_chosen_residues_are_predicted_as_all_are(predictors, data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    wanted = np.zeros(structure.n_residues, dtype=bool)
    wanted[[3, 44]] = True
    whole, _ = predictors[1].predict_residues(structure, structure.is_protein)
    some, _ = predictors[1].predict_residues(structure, wanted)
    np.testing.assert_allclose(some.probabilities, whole.probabilities[[3, 44]], atol=1e-6)
    rows, vectors, _ = predictors[1].embed(structure, wanted)
    assert rows.tolist() == [3, 44]
    assert vectors.shape == (2, 8)


def test_nothing_to_predict_is_an_empty_table(predictors, data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    table, dropped = predictors[1].predict_residues(structure, ~structure.is_protein)
    assert len(table) == 0
    assert dropped == ()


def test_it_is_not_offered_as_a_task(data_dir):
    assert find_task("backbone").name == "backbone"
    assert "backbone" not in BUILT_IN
    assert "backbone" not in task_names()
    with pytest.raises(UsageError) as caught:
        classify(read_structure(data_dir / "1ubi.pdb"), task="backbone", device="cpu")
    assert caught.value.code == "usage.task"
