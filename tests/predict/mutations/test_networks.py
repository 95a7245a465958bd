"""Two networks and how their scores are combined."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import ModelError, UsageError
from protvox.predict.mutations.networks import load_scorers
from protvox.predict.mutations.score import score_mutations
from protvox.predict.mutations.scores import substitutions
from protvox.structure.io.read import read_structure

WEIGHT, SCALE, LEVEL = 0.3, 1.5, 0.5
"""The mixture of the tiny models."""


def by_hand(scores):
    """The combined score of every row, from the columns of both networks."""
    table = scores.table
    mixed = (1 - WEIGHT) * table.environment + WEIGHT * SCALE * table.backbone
    for chain in np.unique(table.chain):
        rows = table.chain == chain
        mixed[rows] -= LEVEL * mixed[rows].mean()
    return mixed


def test_the_score_is_a_weighted_sum_less_half_the_mean_of_the_chain(many_chains):
    scores = score_mutations(many_chains, device="cpu", tied=False)
    assert len(np.unique(scores.table.chain)) > 1
    np.testing.assert_allclose(scores.table.score, by_hand(scores), atol=1e-9)
    assert scores.models == {"environment": "environment@9", "backbone": "backbone@9"}
    assert scores.model == "environment@9, backbone@9"


def test_the_parts_are_the_scores_of_each_network_alone(ubiquitin):
    both = score_mutations(ubiquitin, device="cpu")
    for name in ("environment", "backbone"):
        alone = score_mutations(ubiquitin, device="cpu", networks=name)
        np.testing.assert_array_equal(alone.table.score, getattr(both.table, name))
        np.testing.assert_array_equal(alone.table.score, getattr(alone.table, name))
        assert set(alone.models) == {name}
        assert alone.matrix[~substitutions(alone.residues)].tolist() == [0.0] * 76


def test_the_matrix_holds_the_scores_and_zeros(ubiquitin):
    scores = score_mutations(ubiquitin, device="cpu")
    other = substitutions(scores.residues)
    np.testing.assert_array_equal(scores.matrix[other], scores.table.score)
    assert (scores.matrix[~other] == 0).all()


def test_chains_of_other_files_do_not_change_a_score(many_chains):
    whole = score_mutations(many_chains, device="cpu", tied=False).table
    alone = score_mutations(many_chains, chain="B", device="cpu").table
    np.testing.assert_allclose(alone.score, whole.score[whole.chain == "B"], atol=1e-6)


def test_json_has_null_for_a_network_that_was_not_used(ubiquitin):
    scores = score_mutations(ubiquitin, ["A:45W"], device="cpu", networks="backbone")
    document = json.loads(scores.to_json())
    assert document["models"] == {"backbone": "backbone@9"}
    (row,) = document["mutations"]
    assert row["environment"] is None
    assert row["backbone"] == row["score"]


def test_a_single_residue_is_scored(ubiquitin):
    one = np.zeros(ubiquitin.n_residues, dtype=bool)
    one[44] = True
    scores = score_mutations(ubiquitin.select(one), device="cpu")
    assert len(scores.table) == 19
    np.testing.assert_allclose(scores.table.score, by_hand(scores), atol=1e-9)


def test_a_residue_without_backbone_has_no_score_by_either(data_dir, tmp_path):
    lines = (data_dir / "1ubi.pdb").read_text().splitlines(keepends=True)
    path = tmp_path / "cut.pdb"
    path.write_text("".join(x for x in lines if x[12:26] != " C   PHE A  45"))
    scores = score_mutations(read_structure(path), device="cpu")
    assert len(scores.table) == 75 * 19
    assert np.isfinite(scores.table.backbone).all()
    dropped = [d.why for d in scores.input.dropped if d.where == "A:45 PHE"]
    assert dropped == ["no environment prediction: N, CA or C is missing"]


def test_nucleic_acids_change_nothing_for_the_backbone_network(repressor):
    bare = repressor.select(repressor.is_protein)
    with_dna, without = (
        score_mutations(one, device="cpu", networks="backbone").matrix for one in (repressor, bare)
    )
    np.testing.assert_array_equal(with_dna, without)


def test_side_chains_are_missed_by_the_environment_network_alone(ubiquitin):
    bare = ubiquitin.select(np.ones(ubiquitin.n_residues, dtype=bool))
    keep = np.isin(bare.atom_name, ("N", "CA", "C", "O"))
    columns = ("coordinates", "element", "atom_name", "atom_type", "residue_index")
    import dataclasses

    bare = dataclasses.replace(bare, **{name: getattr(bare, name)[keep] for name in columns})
    warned = [
        any("side chains" in text for text in score_mutations(bare, networks=name).warnings)
        for name in ("both", "environment", "backbone")
    ]
    assert warned == [True, True, False]


def test_threads_get_the_same_scores(ubiquitin):
    expected = score_mutations(ubiquitin, device="cpu").matrix
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: score_mutations(ubiquitin, device="cpu").matrix, range(8)))
    for one in found:
        np.testing.assert_allclose(one, expected, atol=1e-5)


def test_unknown_networks_are_refused(ubiquitin):
    with pytest.raises(UsageError, match="both, environment, backbone") as caught:
        score_mutations(ubiquitin, device="cpu", networks="all")
    assert caught.value.code == "usage.networks"


def test_a_model_replaces_the_one_of_its_task(tiny_models, tmp_path, monkeypatch, ubiquitin):
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    shutil.copytree(folder / "backbone", folder / "second")
    path = folder / "second" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "10"}))
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(folder))
    found = load_scorers("both", "backbone@10", "cpu").models
    assert found == {"environment": "environment@9", "backbone": "backbone@10"}
    with pytest.raises(ModelError) as caught:
        score_mutations(ubiquitin, device="cpu", networks="environment", model="backbone")
    assert caught.value.code == "model.task"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mixture": None}))
    with pytest.raises(ModelError) as caught:
        score_mutations(ubiquitin, device="cpu", model="backbone@10")
    assert caught.value.code == "model.mixture"


def test_reference_is_the_mean_at_exposed_residues(ubiquitin):
    """The score of one network, worked out from its probabilities."""
    scorers = load_scorers("backbone", None, "cpu")
    predictor = scorers.predictors["backbone"]
    from protvox.predict.mutations.background import REFERENCE, exposed_residues

    example = read_structure(REFERENCE)
    surface, _ = predictor.predict_residues(example, exposed_residues(example))
    background = np.log(surface.probabilities.astype(float)).mean(axis=0)
    table, _ = predictor.predict_residues(ubiquitin, ubiquitin.is_protein)
    logs = np.log(table.probabilities.astype(float)) - background
    phe, trp = AMINO_ACIDS.index("PHE"), AMINO_ACIDS.index("TRP")
    score = score_mutations(ubiquitin, ["A:F45W"], device="cpu", networks="backbone").table.score
    assert score[0] == pytest.approx(logs[44, phe] - logs[44, trp], abs=1e-5)
