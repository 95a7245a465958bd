"""Which domains are classified, and what is said about them."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.errors import InputError
from protvox.networks import cath
from protvox.predict.classify import classify
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.tasks.cath import predictor as domains_module


def ask(structure, *texts, **options):
    return classify(structure, domains=[parse_selection(text) for text in texts], **options)


def test_ranges_of_author_numbers(ubiquitin):
    prediction = ask(ubiquitin, "A:1-20,30-49")
    (domain,) = prediction.domains
    assert (domain.chain, domain.chopping, domain.n_residues) == ("A", "1-20,30-49", 40)
    assert prediction.residues.number.tolist() == [*range(1, 21), *range(30, 50)]
    assert set(prediction.residues.domain) == {domain.id}


def test_environments_of_a_domain_see_the_whole_structure(ubiquitin):
    whole = classify(ubiquitin, task="environment").residues
    part = ask(ubiquitin, "A:1-40").residues
    assert np.abs(part.probabilities - whole.probabilities[:40]).max() < 1e-6


def test_every_chain_is_a_domain(many_chains):
    prediction = classify(many_chains)
    assert [d.id for d in prediction.domains] == list(many_chains.protein_chains)
    assert set(prediction.residues.domain) == set(many_chains.protein_chains)
    assert [d.same_as for d in prediction.domains] == [None, many_chains.protein_chains[0]]


def test_repeated_domain_is_predicted_once(ubiquitin):
    assert [d.id for d in ask(ubiquitin, "A:1-40", "A:1-40", "1-40").domains] == ["A:1-40", "1-40"]


def test_overlapping_domains_share_by_order(ubiquitin):
    prediction = ask(ubiquitin, "A:1-40", "A:30-70")
    first, second = (d.id for d in prediction.domains)
    assert prediction.residues.domain.tolist() == [first] * 40 + [second] * 30


def test_chain_and_domain_together(many_chains):
    one, two = many_chains.protein_chains[:2]
    (domain,) = ask(many_chains, "1-60", chain=two).domains
    assert domain.chain == two
    assert domain.id == f"{two}:1-60"
    with pytest.raises(InputError) as caught:
        ask(many_chains, f"{one}:1-60", chain=two)
    assert caught.value.code == "input.domain_chain"
    with pytest.raises(InputError) as caught:
        ask(many_chains, "1-60")
    assert caught.value.code == "input.chain"


@pytest.mark.parametrize(("text", "code"), [("A:500-600", "input.range"), ("Q", "input.chain")])
def test_missing_domains_are_reported(ubiquitin, text, code):
    with pytest.raises(InputError) as caught:
        ask(ubiquitin, text)
    assert caught.value.code == code


def test_too_few_residues(ubiquitin):
    with pytest.raises(InputError) as caught:
        ask(ubiquitin, "A:1-4")
    assert caught.value.code == "domain.too_small"


def test_too_wide_for_the_grid(ubiquitin, monkeypatch):
    monkeypatch.setattr(cath, "MAX_POINTS", 50)
    with pytest.raises(InputError) as caught:
        ask(ubiquitin, "A:1-70")
    assert caught.value.code == "domain.too_large"
    prediction = classify(ubiquitin)
    assert prediction.domains == ()
    assert any("No architecture for chain A" in w for w in prediction.warnings)
    assert len(prediction.residues) == 76


def test_lengths_outside_the_training_data_are_reported(data_dir, ubiquitin):
    short = ask(ubiquitin, "A:1-30")
    assert not short.domains[0].in_range
    assert any("too short for a domain" in w for w in short.warnings)
    ordinary = classify(ubiquitin)
    assert ordinary.domains[0].in_range
    assert not any("trained on have" in w for w in ordinary.warnings)
    methyltransferase = read_structure(data_dir / "3mht.pdb.gz")
    long = classify(methyltransferase, task="cath", domains="chain")
    assert not long.domains[0].in_range
    assert any("have 40 to 300: it probably holds several" in w for w in long.warnings)
    split = classify(methyltransferase, task="cath")
    assert not any("too_long" in domain.flags for domain in split.domains)


def test_unnamed_architectures_keep_their_label(ubiquitin, monkeypatch):
    monkeypatch.setattr(domains_module, "CATH_NAMES", {})
    (domain,) = classify(ubiquitin, task="cath").domains
    assert all(item.name == item.label for item in domain.architectures)
