"""Predicted models: domains without disordered residues, flags and hidden neighbours."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from protvox.batch.plan import Item
from protvox.batch.tables.rows import tabulate
from protvox.errors import InputError
from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.mutations.score import score_mutations
from protvox.predict.results.publish_schema import document_schema
from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.options import ScoreOptions
from protvox.report.terminal.prediction import render_input
from protvox.structure.disorder import DisorderOption
from protvox.structure.domain_option import parse_domain_option

LOW = [1, 2, 3, 72, 73, 74, 75, 76]


@pytest.fixture(scope="module")
def model(ubiquitin):
    """Ubiquitin with low confidence at both ends."""
    plddt = np.where(np.isin(ubiquitin.number, LOW), 30.0, 90.0).astype(np.float32)
    return replace(ubiquitin, plddt=plddt, plddt_source="ma_qa_metric_local")


@pytest.mark.parametrize("mode", ["auto", "chain"])
def test_domains_leave_disordered_residues_out(model, mode):
    prediction = classify(model, device="cpu", domains=parse_domain_option(mode))
    (domain,) = prediction.domains
    assert (domain.id, domain.chopping, domain.n_residues) == ("A:4-71", "4-71", 68)
    assert domain.plddt == 90
    info = prediction.input.plddt
    assert info.disordered == ("A:1-3", "A:72-76")
    assert (info.n_disordered, info.limit) == (8, 50)
    assert info.mean == pytest.approx((8 * 30 + 68 * 90) / 76)
    table = prediction.residues
    assert table.number[table.disordered].tolist() == LOW
    assert table.number[table.domain == ""].tolist() == LOW


def test_domains_that_the_user_gives_are_kept(model):
    prediction = classify(model, device="cpu", domains=parse_domain_option(["A:1-76"]))
    assert prediction.domains[0].n_residues == 76


def test_a_limit_of_0_changes_nothing_but_the_fields(model, ubiquitin):
    """The same numbers as for the structure without pLDDT."""
    without = json.loads(classify(ubiquitin, device="cpu").to_json())
    found = json.loads(classify(model, device="cpu", disorder=DisorderOption(0)).to_json())
    assert found["input"].pop("plddt")["n_disordered"] == 0
    for domain in found["domains"]:
        assert domain.pop("plddt") == pytest.approx(83.6842)
    for residue in found["residues"]:
        assert residue.pop("plddt") in (30, 90)
        assert residue.pop("disordered") is False
    assert found == without
    assert "plddt" not in json.dumps(without)


def test_tables_have_columns_only_with_plddt(model, ubiquitin):
    domains, residues = classify(model, device="cpu").to_pandas()
    assert domains["plddt"].tolist() == [90]
    assert residues["disordered"].sum() == len(LOW)
    domains, residues = classify(ubiquitin, device="cpu").to_pandas()
    assert "plddt" not in domains and "plddt" not in residues


def test_a_chain_without_order_has_no_domain(model):
    low = replace(model, plddt=np.full(76, 20, dtype=np.float32))
    prediction = classify(low, device="cpu")
    assert prediction.domains == ()
    assert any("All residues of chain A are disordered" in text for text in prediction.warnings)
    with pytest.raises(InputError, match="All residues of chain A are disordered"):
        classify(low, task="cath", device="cpu")


def test_hidden_neighbours(model):
    """As if the disordered residues were not in the file; their own predictions still exist."""
    hidden = classify(
        model, task="environment", device="cpu", disorder=DisorderOption(hide=True)
    ).residues
    ordered = ~model.is_disordered(50)
    cut = classify(model.select(ordered), task="environment", device="cpu").residues
    np.testing.assert_allclose(hidden.probabilities[ordered], cut.probabilities, atol=1e-6)
    first = model.select(ordered | (model.number == 1))
    alone = classify(first, task="environment", device="cpu").residues
    np.testing.assert_allclose(hidden.probabilities[0], alone.probabilities[0], atol=1e-6)
    seen = classify(model, task="environment", device="cpu").residues
    assert np.abs(seen.probabilities - hidden.probabilities).max() > 1e-3


def test_mutations_and_embeddings_carry_plddt(model, ubiquitin):
    scores = score_mutations(model, ["A:2G", "A:40A", "A:900A"], device="cpu")
    assert scores.table.disordered.tolist() == [True, False]
    rows = scores.to_dict()["mutations"]
    assert [(row["plddt"], row["disordered"]) for row in rows] == [(30, True), (90, False)]
    frame = scores.to_pandas()
    assert frame["disordered"].tolist()[:2] == [True, False]
    assert list(frame.columns)[-1] == "note"
    assert "plddt" not in score_mutations(ubiquitin, ["A:2G"], device="cpu").to_json()
    vectors = embed(model, per="residue", device="cpu")
    assert vectors.to_dict()["residues"][0]["disordered"] is True
    assert vectors.to_pandas()["plddt"].tolist()[:4] == [30, 30, 30, 90]
    hidden = embed(model, per="residue", device="cpu", disorder=DisorderOption(hide=True))
    assert np.abs(hidden.vectors - vectors.vectors).max() > 1e-4


def test_the_table_for_the_terminal_lists_disordered_residues(model, ubiquitin):
    text = render_input(classify(model, device="cpu").input).plain
    assert "predicted model, mean pLDDT 83.7; disordered, below 50: A:1-3, A:72-76" in text
    assert "pLDDT" not in render_input(classify(ubiquitin, device="cpu").input).plain


def test_rows_of_batches(model, ubiquitin):
    options = ScoreOptions()
    task = scoring_task("all")
    found = tabulate(Item("x", "x"), task.score(model, options, device="cpu"), options, 0.0)
    assert found.columns["disordered"] == "A:1-3 A:72-76"
    assert found.tables["domains"]["plddt"].to_pylist() == [90]
    assert sum(found.tables["residues"]["disordered"].to_pylist()) == len(LOW)
    found = tabulate(Item("x", "x"), task.score(ubiquitin, options, device="cpu"), options, 0.0)
    assert set(found.tables["residues"]["plddt"].to_pylist()) == {None}
    assert "plddt" not in found.columns


def test_documents_follow_their_schema(model, ubiquitin):
    jsonschema = pytest.importorskip("jsonschema")
    for structure in (model, ubiquitin):
        jsonschema.validate(
            classify(structure, device="cpu").to_dict(), document_schema("classify")
        )
        scores = score_mutations(structure, ["A:2G"], device="cpu")
        jsonschema.validate(scores.to_dict(), document_schema("mutations"))
