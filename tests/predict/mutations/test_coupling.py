from __future__ import annotations

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.predict.mutations.networks import load_scorers, score_matrix, solvent_log_probabilities
from protvox.predict.mutations.score import score_mutations
from tests.predict.mutations.mutant import mutate


@pytest.fixture(autouse=True)
def models(tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))


PAIR = "A:I3A+L15A"  # in contact in ubiquitin
APART = "A:T9A+D39A"


@pytest.fixture
def scores(ubiquitin, models):
    names = [PAIR, APART, "A:I3A", "A:L15A", "A:T9A", "A:D39A"]
    return score_mutations(ubiquitin, names, device="cpu")


def test_near_sites_are_coupled_and_far_sites_add(scores):
    table = scores.table
    pair, apart, *single = table.score
    assert table.several.tolist() == [True, True, *[False] * 4]
    assert table.coupling[0] != 0
    assert (table.coupling[1:] == 0).all()
    assert pair == pytest.approx(single[0] + single[1] + table.coupling[0], abs=1e-9)
    assert apart == pytest.approx(single[2] + single[3], abs=1e-9)


def test_coupling_is_the_mean_over_both_orders(scores, ubiquitin):
    """Worked out step by step: one mutation after the other, in either order."""
    scorers = load_scorers("both", None, "cpu")
    sites = {3: "ALA", 15: "ALA"}
    rows = {n: int(np.flatnonzero(ubiquitin.number == n)[0]) for n in sites}
    beyond = {}
    for task, predictor in scorers.predictors.items():
        solvent = solvent_log_probabilities(predictor)

        def single(structure, number, predictor=predictor, solvent=solvent):
            table, _ = predictor.predict_residues(structure, structure.is_protein)
            row = int(np.flatnonzero(table.number == number)[0])
            wild = AMINO_ACID_INDEX[str(ubiquitin.parent[rows[number]])]
            matrix = score_matrix(table, solvent)
            return matrix[row, AMINO_ACID_INDEX["ALA"]] - matrix[row, wild]

        orders = [
            single(ubiquitin, a) + single(mutate(ubiquitin, {rows[a]: sites[a]}), b)
            for a, b in ((3, 15), (15, 3))
        ]
        beyond[task] = np.mean(orders) - single(ubiquitin, 3) - single(ubiquitin, 15)
    assert scores.table.coupling[0] == pytest.approx(float(scorers.mix(beyond)), abs=2e-5)


def test_a_mutated_structure_has_other_types_and_no_side_chains_there(ubiquitin):
    changed = mutate(ubiquitin, {2: "TRP", 3: "GLY"})
    assert changed.parent[[1, 2, 3, 4]].tolist() == [ubiquitin.parent[1], "TRP", "GLY", "VAL"]
    names = changed.atom_name[np.isin(changed.residue_index, [2, 3])]
    assert names.tolist() == ["N", "CA", "C", "O"] * 2
    others = ~np.isin(ubiquitin.residue_index, [2, 3])
    kept = ~np.isin(changed.residue_index, [2, 3])
    np.testing.assert_array_equal(changed.coordinates[kept], ubiquitin.coordinates[others])


def test_rows_of_several_mutations(ubiquitin):
    names = ["A:I3A+L15A", "A:L15A+A:I3A", "A:I3A+I3G", "A:I3A", "A:I3A+Z:4G"]
    scores = score_mutations(ubiquitin, names, device="cpu", networks="backbone")
    frame = scores.to_pandas()
    assert frame["mutation"].tolist() == ["I3A+L15A", "A:I3A+A:I3G", "I3A", "A:I3A+Z:4G"]
    assert frame["number"].isna().tolist() == [True, True, False, True]
    assert frame["percentile"].isna().tolist() == [True, True, False, True]
    assert [failure.code for failure in scores.failures] == ["mutation.twice", "mutation.chain"]
    assert "given more than once" in scores.warnings[-1]
    first, second = scores.to_dict()["mutations"]
    assert (first["chain"], first["number"], first["wild_type"]) == ("A", None, "")
    assert second["coupling"] == 0
    assert second["mutant"] == "ALA"


def test_a_mutfile_counts_residues(ubiquitin):
    lines = ["total 3", "1", "F 44 W", "1", "F 45 W", "1", "F 100 W"]
    scores = score_mutations(ubiquitin.select(ubiquitin.number > 1), lines, device="cpu")
    assert [f.code for f in scores.failures] == ["mutation.wild_type", "mutation.counted"]
    assert scores.table.mutation.tolist() == ["F45W"]
