"""Mutations of all identical chains at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import protvox
from protvox.errors import InputError, UsageError
from protvox.predict.mutations.copies import find_copies
from protvox.predict.mutations.score import score_mutations
from protvox.structure.io.read import read_structure


@pytest.fixture(autouse=True)
def models(tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))


@pytest.fixture(scope="module")
def dimer(data_dir):
    structure = read_structure(data_dir / "1a8o.cif", assembly="1")
    assert structure.protein_chains == ("A", "A-2")
    return structure


def test_a_scan_of_a_dimer_has_one_row_per_site(dimer):
    tied = score_mutations(dimer, device="cpu").to_pandas()
    each = score_mutations(dimer, device="cpu", tied=False).to_pandas()
    assert len(each) == 2 * len(tied)
    assert set(tied["chain"]) == {"A"}
    assert set(tied["copies"]) == {"A-2"}
    assert "copies" not in each
    sites = ["number", "mutant"]
    mean = each.groupby(sites)["score"].mean()
    single = tied.set_index(sites)
    np.testing.assert_allclose(single["score"] - single["coupling"], mean[single.index])
    # Trp 184 and Met 185 are in the interface (Worthylake et al. 1999), Lys 158 is not.
    assert (single.loc[[184, 185], "coupling"] != 0).any()
    assert (single.loc[158, "coupling"] == 0).all()
    assert single["percentile"].between(0, 100).all()


def test_a_scan_a_list_and_both_chains_named_agree(dimer):
    scan = score_mutations(dimer, device="cpu").to_pandas()
    row = scan.loc[scan["coupling"].abs().idxmax()]
    tied = score_mutations(dimer, [f"A:{row.mutation}"], tied=True, device="cpu").to_pandas()
    both = f"A:{row.mutation}+A-2:{row.mutation}"
    named = score_mutations(dimer, [both], device="cpu").to_pandas()
    for name in ("score", "environment", "backbone", "coupling"):
        assert tied[name][0] == pytest.approx(row[name], abs=1e-6)
        assert named[name][0] == pytest.approx(2 * row[name], abs=2e-5)
    assert tied["percentile"][0] == pytest.approx(row["percentile"], abs=0.1)


def test_copies_given_twice_are_scored_once(dimer):
    names = ["A:W184A", "A-2:W184A", "W184A", "A:W184A+A-2:W184A", "A:W184A+A-2:W184F"]
    found = score_mutations(dimer, names, tied=True, device="cpu", networks="backbone")
    assert found.table.mutation.tolist() == ["W184A"]
    assert [failure.code for failure in found.failures] == ["mutation.twice"]
    assert any("3 mutations given more than once" in text for text in found.warnings)
    document = found.to_dict()["mutations"][0]
    assert (document["chain"], document["copies"]) == ("A", ["A-2"])


def test_a_list_is_untied_unless_asked(dimer):
    alone = score_mutations(dimer, ["A:W184A"], device="cpu", networks="backbone")
    assert alone.table.copies is None
    with pytest.raises(InputError, match="chain"):
        score_mutations(dimer, ["W184A"], device="cpu", networks="backbone")


def test_other_numbers_of_a_copy_do_not_matter(dimer):
    second = dimer.chain == "A-2"
    moved = replace(dimer, number=np.where(second, dimer.number + 200, dimer.number))
    scores = protvox.mutations(moved, networks="backbone", tied=False)
    copies = find_copies(moved, scores.residues)
    assert {len(one) for one in copies} == {2}
    first, last = (scores.residues.number[list(copies[0])]).tolist()
    assert last == first + 200


def test_a_scored_table_is_scored_again_with_the_same_copies(dimer, tmp_path):
    options = {"device": "cpu", "networks": "backbone"}
    scan = score_mutations(dimer, **options).ranked().to_pandas().head(5)
    scan.to_csv(tmp_path / "shortlist.csv", index=False)
    again = score_mutations(dimer, tmp_path / "shortlist.csv", **options).to_pandas()
    assert again["copies"].tolist() == ["A-2"] * 5
    np.testing.assert_allclose(again["score"], scan["score"], atol=2e-5)
    untied = score_mutations(dimer, tmp_path / "shortlist.csv", tied=False, **options)
    assert untied.table.copies is None
    # A selected chain is scored alone.
    chosen = score_mutations(dimer, tmp_path / "shortlist.csv", chain="A", **options)
    assert chosen.table.copies is None


def test_a_single_chain_has_no_copies(ubiquitin):
    assert score_mutations(ubiquitin, device="cpu", networks="backbone").table.copies is None


@pytest.mark.parametrize("chain", ["A", "A-2"])
def test_copies_of_a_chosen_chain_are_refused(dimer, chain):
    with pytest.raises(UsageError) as caught:
        score_mutations(dimer, chain=chain, tied=True, device="cpu")
    assert caught.value.code == "usage.tied"
    assert (
        score_mutations(dimer, chain=chain, device="cpu", networks="backbone").table.copies is None
    )
