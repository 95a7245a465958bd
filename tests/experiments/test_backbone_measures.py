"""Mixtures of two readers, how they are chosen, and the tables they are measured on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.mutations.backbone.answers import Answers
from experiments.mutations.backbone.evaluate import (
    Scored,
    choose_by_halves,
    score_table,
    state,
)
from experiments.mutations.tables import COLUMNS, megascale, s8754
from protvox.chemistry import AMINO_ACIDS, ONE_LETTER

N_PROTEINS, LENGTH = 6, 30


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    n = N_PROTEINS * LENGTH
    logits = rng.normal(size=(n, 20)) * np.repeat(np.arange(1, N_PROTEINS + 1), LENGTH)[:, None]
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return Answers(
        path=np.repeat([f"{p}.pdb" for p in range(N_PROTEINS)], LENGTH),
        chain=np.full(n, "A"),
        number=np.tile(np.arange(1, LENGTH + 1), N_PROTEINS),
        insertion_code=np.full(n, ""),
        wild_type=rng.integers(0, 20, n),
        crowd=np.ones((n, 2), dtype=np.float32),
        environment=logs.astype(np.float32),
    )


@pytest.fixture
def table(answers):
    """One mutation a residue, to the next amino acid of the alphabet."""
    one = [ONE_LETTER[name] for name in AMINO_ACIDS]
    return pd.DataFrame(
        {
            "protein": answers.path,
            "file": answers.path,
            "chain": "A",
            "number": answers.number,
            "wild_type": [one[w] for w in answers.wild_type],
            "mutant": [one[(w + 1) % 20] for w in answers.wild_type],
            "ddg": np.random.default_rng(1).normal(size=len(answers.path)),
        }
    )


@pytest.fixture
def scored(answers, table):
    backbone = np.random.default_rng(2).normal(size=answers.environment.shape)
    references = {"none": np.zeros(20), "own": np.linspace(-1, 1, 20)}
    return score_table(table, answers, backbone.astype(np.float32), references, np.zeros(20))


def test_scores_are_log_odds_against_the_reference(answers, scored):
    rows = np.arange(len(answers.path))
    mutant = (answers.wild_type + 1) % 20
    logs = answers.environment.astype(np.float64)
    expected = logs[rows, answers.wild_type] - logs[rows, mutant]
    np.testing.assert_allclose(scored.scores["environment"], expected)
    gap = scored.scores["backbone, none"] - scored.scores["backbone, own"]
    np.testing.assert_allclose(gap, (answers.wild_type - mutant) * 2 / 19, atol=1e-6)


def test_nothing_mixed_in_keeps_the_order(scored):
    assert scored.overall("none, fixed, 0.0, 0.0") == pytest.approx(scored.overall("environment"))
    np.testing.assert_allclose(
        scored.within("none, protein, 0.0, 0.5"), scored.within("environment"), atol=1e-12
    )


def test_scale_by_protein_evens_out_confidence(answers, scored):
    first, last = answers.path == "0.pdb", answers.path == f"{N_PROTEINS - 1}.pdb"
    fixed = scored.scores["none, fixed, 0.0, 0.0"]
    protein = scored.scores["none, protein, 0.0, 0.0"]
    assert fixed[last].std() > 4 * fixed[first].std()
    assert protein[last].std() == pytest.approx(protein[first].std(), rel=0.4)


def test_level_takes_half_the_mean_of_the_protein_away(answers, scored):
    moved = scored.scores["none, fixed, 0.3, 0.0"] - scored.scores["none, fixed, 0.3, 0.5"]
    for path in np.unique(answers.path):
        assert np.ptp(moved[answers.path == path]) < 1e-9
    assert len(np.unique(moved.round(9))) == N_PROTEINS


def test_choice_is_measured_on_the_other_half(scored):
    good = Scored(scored.changes, scored.proteins, {"bad": -scored.changes, "good": scored.changes})
    for measure in ("overall", "within"):
        choice = choose_by_halves(good, ["bad", "good"], measure)
        assert choice["held_out"] == pytest.approx(1.0)
        assert list(choice["chosen"]) == ["good"]


def test_gain_over_the_environment_network_is_paired(scored):
    row = state(scored, "environment")
    assert row["n"] == N_PROTEINS * LENGTH
    assert row["minus_environment"]["overall"]["spearman"] == 0
    assert row["minus_environment"]["within"] == {
        "mean": 0.0,
        "interval": [0.0, 0.0],
        "ahead": 0,
        "n_proteins": N_PROTEINS,
    }


def test_mutations_find_their_residues(answers, table):
    np.testing.assert_array_equal(answers.rows(table), np.arange(len(table)))
    wrong = table.assign(number=table["number"] + 1000)
    assert (answers.rows(wrong) == -1).all()
    elsewhere = table.assign(chain="B")
    np.testing.assert_array_equal(answers.rows(elsewhere), np.arange(len(table)))


def test_tables_have_one_form(tmp_path):
    folder = tmp_path / "stability"
    folder.mkdir()
    pd.DataFrame(
        {
            "protein": ["1ABC"] * 2,
            "mutation": ["G45L"] * 2,
            "chain": ["A"] * 2,
            "residue": [45] * 2,
            "file": ["structures/tsuboyama-1ABC.pdb"] * 2,
            "ddg": [1.0, 2.0],
        }
    ).to_csv(folder / "megascale.csv.xz", index=False)
    pd.DataFrame(
        {
            "name": [
                "rcsb_1A43_A_C218S_7_25",
                "rcsb_1A43_A_C218S_6_25",
                "uniprot_P00004__L95I_6_25",
            ],
            "ddG": [-3.0, -4.0, 1.0],
        }
    ).to_csv(folder / "S8754.csv.xz", index=False)
    first, second = megascale(tmp_path), s8754(tmp_path)
    assert list(first) == list(second) == COLUMNS
    path = "stability/structures/tsuboyama-1ABC.pdb"
    assert first.values.tolist() == [["1ABC", path, "A", 45, "G", "L", 1.5]]
    path = "stability/structures/prostata-1A43.pdb"
    assert second.values.tolist() == [["1A43", path, "A", 218, "C", "S", 3.5]]
