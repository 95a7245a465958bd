from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import protvox
from protvox.chemistry import AMINO_ACIDS
from protvox.errors import InputError, ModelError
from protvox.predict.classify import classify
from protvox.predict.model_cache import load_predictor
from protvox.predict.mutations.background import (
    EXPOSED_SHARE,
    exposed_log_probabilities,
    exposed_residues,
)
from protvox.predict.mutations.score import score_mutations
from protvox.predict.mutations.table import COLUMNS
from protvox.structure.io.read import read_structure

CORPUS = Path(__file__).parents[2] / "corpus" / "files"


@pytest.fixture(scope="module")
def scan(ubiquitin, tiny_models):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
        return score_mutations(ubiquitin, device="cpu")


def test_scan_has_all_19_substitutions_of_each_residue_in_file_order(scan):
    frame = scan.to_pandas()
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 76 * 19
    assert frame["number"].is_monotonic_increasing
    assert frame.groupby("number")["mutant"].nunique().eq(19).all()
    assert (frame["wild_type"] != frame["mutant"]).all()
    assert list(frame["mutant"][:19]) == [name for name in AMINO_ACIDS if name != "MET"]


def test_score_of_one_network_is_the_log_odds_less_those_in_solvent(scan, ubiquitin):
    """Worked out by hand from the probabilities that classify gives."""
    table = classify(ubiquitin, task="environment", device="cpu").residues
    p = table.probabilities.astype(float)
    b = exposed_log_probabilities(load_predictor("environment", "cpu"))
    phe, trp = AMINO_ACIDS.index("PHE"), AMINO_ACIDS.index("TRP")
    row = int(np.flatnonzero(table.number == 45)[0])
    assert table.wild_type[row] == "PHE"
    by_hand = np.log(p[row, phe] / p[row, trp]) - (b[phe] - b[trp])
    frame = scan.to_pandas().set_index(["number", "mutant"])
    assert frame.loc[(45, "TRP"), "environment"] == pytest.approx(by_hand, abs=1e-5)
    alone = score_mutations(ubiquitin, ["A:F45W"], device="cpu", networks="environment")
    assert alone.table.score[0] == pytest.approx(by_hand, abs=1e-5)
    assert np.isnan(alone.table.backbone).all()
    assert alone.models == {"environment": "environment@9"}


def test_positive_means_the_mutant_is_less_likely(scan, ubiquitin):
    frame = scan.to_pandas()
    matrix, table = scan.matrix, scan.residues
    assert (matrix[np.arange(76), [AMINO_ACIDS.index(w) for w in table.wild_type]] == 0).all()
    alone = score_mutations(ubiquitin, device="cpu", networks="environment")
    background = exposed_log_probabilities(load_predictor("environment", "cpu"))
    corrected = np.log(table.probabilities) - background
    np.testing.assert_array_equal(alone.matrix.argmax(axis=1), corrected.argmin(axis=1))
    assert frame["score"].max() == pytest.approx(matrix.max())


def test_percentiles_rank_all_substitutions(scan):
    frame = scan.to_pandas()
    oracle = frame["score"].rank(method="average")
    expected = 100 * (oracle - 0.5) / len(frame)
    np.testing.assert_allclose(frame["percentile"], expected, atol=1e-9)


def test_list_has_the_scores_of_the_scan_in_its_own_order(scan, ubiquitin):
    scores = score_mutations(ubiquitin, ["A:45W", "A:M1G", "2A"], device="cpu")
    frame, all_ = scores.to_pandas(), scan.to_pandas()
    assert list(frame["mutant"]) == ["TRP", "GLY", "ALA"]
    assert scores.failures == ()
    merged = frame.merge(all_, on=list(COLUMNS[:5]), suffixes=("", "_scan"))
    assert len(merged) == 3
    np.testing.assert_array_equal(merged["score"], merged["score_scan"])
    np.testing.assert_array_equal(merged["percentile"], merged["percentile_scan"])


def test_each_residue_is_computed_once_however_many_mutations(ubiquitin, monkeypatch):
    predictor = load_predictor("environment", "cpu")
    score_mutations(ubiquitin, ["A:1G"], device="cpu")  # the reference is kept
    rows: list[int] = []
    whole = type(predictor)._moments
    monkeypatch.setattr(
        type(predictor),
        "_moments",
        lambda self, structure, frames, chunk, *rest: (
            rows.extend(chunk) or whole(self, structure, frames, chunk, *rest)
        ),
    )
    score_mutations(ubiquitin, device="cpu")
    assert len(rows) == 76


def test_failures_are_reported_per_row(ubiquitin):
    asked = ["A:45W", "A:LEU45trp", "A:45F", "B:45W", "A:300W", "A:45BTRP", "A:45W", "A:M1C"]
    scores = score_mutations(ubiquitin, asked, device="cpu")
    assert [(f.row, f.code) for f in scores.failures] == [
        (1, "mutation.wild_type"),
        (2, "mutation.none"),
        (3, "mutation.chain"),
        (4, "mutation.residue"),
        (5, "mutation.residue"),
    ]
    frame = scores.to_pandas()
    assert list(frame.columns) == [*COLUMNS, "note"]
    assert list(frame["score"].notna()) == [True, False, False, False, False, False, True]
    assert frame.loc[1, "note"] == "the residue is PHE, not LEU"
    assert "there is 45" in frame.loc[5, "note"]
    assert scores.warnings[-1] == "1 mutation given more than once; scored once."
    document = json.loads(scores.to_json())
    assert document["schema"] == "protvox.mutations/3"
    assert "positive = predicted destabilising" in document["score"]
    assert [item["row"] for item in document["failures"]] == [1, 2, 3, 4, 5]
    told = [item["mutation"] for item in document["failures"]]
    assert told == ["A:L45W", "A:45F", "B:45W", "A:300W", "A:45BW"]
    assert list(document["mutations"][0]) == list(COLUMNS)
    json.loads(scores.to_json(), parse_constant=pytest.fail)


def test_ranked_puts_the_least_destabilising_first(ubiquitin):
    frame = (
        score_mutations(ubiquitin, ["A:1G", "A:1Z".replace("Z", "M"), "A:2A", "A:3A"], device="cpu")
        .ranked()
        .to_pandas()
    )
    assert frame["score"][:3].is_monotonic_increasing
    assert frame["note"].tolist()[3] == "the residue is already MET"


def test_list_without_a_scorable_mutation_is_an_error(ubiquitin):
    with pytest.raises(InputError, match="the residue is PHE, not LEU") as caught:
        score_mutations(ubiquitin, ["A:L45W"], device="cpu")
    assert caught.value.code == "mutations.none"
    assert caught.value.exit_code == 3


def test_insertion_codes_and_negative_numbers(many_insertions):
    scores = score_mutations(many_insertions, ["A:2AG", "A:2G"], device="cpu")
    assert scores.table.insertion_code.tolist() == ["A", ""]
    assert scores.table.score[0] != scores.table.score[1]


@pytest.fixture
def many_insertions(data_dir, tmp_path):
    """Ubiquitin with residue 3 renamed 2A."""
    text = (data_dir / "1ubi.pdb").read_text()
    text = text.replace(" A   3 ", " A   2A")
    path = tmp_path / "inserted.pdb"
    path.write_text(text)
    return read_structure(path)


def test_selenomethionine_counts_as_methionine():
    structure = read_structure(CORPUS / "accepted_selenomethionine.pdb")
    row = int(np.flatnonzero(structure.residue_name == "MSE")[0])
    place = f"{structure.chain[row]}:{structure.number[row]}"
    name, _, number = place.partition(":")
    scores = score_mutations(structure, [f"{name}:M{number}A"], device="cpu")
    assert scores.table.wild_type.tolist() == ["MET"]
    with pytest.raises(InputError, match="the residue is already MET"):
        score_mutations(structure, [f"{place}M"], device="cpu")


def test_residue_without_backbone_is_reported(data_dir, tmp_path):
    lines = (data_dir / "1ubi.pdb").read_text().splitlines(keepends=True)
    path = tmp_path / "cut.pdb"
    path.write_text("".join(x for x in lines if x[12:26] != " N   PHE A  45"))
    scores = score_mutations(read_structure(path), ["A:44G", "A:45W"], device="cpu")
    assert len(scores.table) == 1
    assert scores.failures[0].why == "A:45 PHE has no prediction: N, CA or C is missing"
    assert "1 of 76 residues cannot be predicted, the first is A:45 PHE" in scores.warnings[-1]


def test_ca_only_structures_have_no_mutations():
    structure = read_structure(CORPUS / "accepted_ca_only.cif")
    with pytest.raises(InputError, match="N, CA or C is missing") as caught:
        score_mutations(structure, device="cpu")
    assert caught.value.code == "input.nothing_to_predict"


def test_nucleic_acids_have_no_mutations(repressor):
    dna = next(c for c in repressor.chain.tolist() if c not in repressor.protein_chains)
    with pytest.raises(InputError, match="has no protein residues"):
        score_mutations(repressor, chain=dna, device="cpu")
    protein = repressor.protein_chains[0]
    row = int(np.flatnonzero(repressor.is_protein & (repressor.parent != "GLY"))[3])
    asked = [f"{protein}:{repressor.number[row]}G", f"{dna}:1G"]
    scores = score_mutations(repressor, asked, device="cpu")
    assert "has no protein residues" in scores.failures[0].why


def test_chain_option_keeps_the_environment(many_chains):
    whole = score_mutations(many_chains, device="cpu", tied=False).to_pandas()
    alone = score_mutations(many_chains, chain="B", device="cpu").to_pandas()
    part = whole[whole["chain"] == "B"].reset_index(drop=True)
    np.testing.assert_allclose(alone["score"], part["score"], atol=1e-6)
    assert set(alone["chain"]) == {"B"}
    with pytest.raises(InputError, match="does not name a chain"):
        score_mutations(many_chains, ["1G"], device="cpu")
    with pytest.raises(InputError, match="is not in chain B"):
        score_mutations(many_chains, ["A:1G"], chain="B", device="cpu")


def test_python_interface_reads_paths_and_lists(data_dir, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("chain,number,mutant\nA,45,TRP\n")
    frame = protvox.mutations(data_dir / "1ubi.pdb", path, device="cpu").to_pandas()
    again = protvox.mutations(data_dir / "1ubi.pdb", ["A:45W"], device="cpu").to_pandas()
    pd.testing.assert_frame_equal(frame, again)


def test_output_of_a_scan_can_be_read_back(scan, ubiquitin, tmp_path):
    path = tmp_path / "scan.csv"
    scan.to_pandas().to_csv(path, index=False)
    again = score_mutations(ubiquitin, path, device="cpu")
    assert again.failures == ()
    pd.testing.assert_frame_equal(again.to_pandas(), scan.to_pandas())


def test_model_of_another_task_is_refused(ubiquitin):
    with pytest.raises(ModelError, match="does not predict residues"):
        score_mutations(ubiquitin, model="cath", device="cpu")


def test_exposed_residues_have_the_fewest_atoms_around(ubiquitin):
    """Against the plain definition, worked out with distances between all pairs."""
    exposed = exposed_residues(ubiquitin)
    assert exposed.sum() == round(EXPOSED_SHARE * 76)
    n, ca, c = (ubiquitin.backbone()[:, i].astype(float) for i in range(3))
    b, a = ca - n, c - ca
    towards = -0.58273431 * np.cross(b, a) + 0.56802827 * b - 0.54067466 * a
    point = ca + 2.3 * towards / np.linalg.norm(towards, axis=1, keepdims=True)
    distance = np.linalg.norm(point[:, None] - ubiquitin.coordinates[None], axis=2)
    own = ubiquitin.residue_index[None] == np.arange(76)[:, None]
    around = ((distance < 10) & ~own).sum(axis=1)
    assert around[exposed].max() <= around[~exposed].min()
