"""Which domains a structure is answered in."""

from __future__ import annotations

import json

import numpy as np
import pytest

import protvox
from protvox.errors import UsageError
from protvox.predict import choose_domains as parts_module
from protvox.predict.choose_domains import choose_domains, find_membership
from protvox.predict.classify import classify
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.structure.splitting.find import ChainDomains


@pytest.fixture(scope="module")
def methyltransferase(data_dir):
    """Two domains by CATH, one of them of two segments; DNA beside them."""
    return read_structure(data_dir / "3mht.pdb.gz")


def test_chains_are_split(methyltransferase):
    prediction = classify(methyltransferase, task="cath")
    assert len(prediction.domains) == 2
    total = sum(domain.n_residues for domain in prediction.domains)
    assert total == int(methyltransferase.is_protein.sum())
    for domain in prediction.domains:
        assert domain.id == f"A:{domain.chopping}"
        again = classify(methyltransferase, task="cath", domains=[parse_selection(domain.id)])
        assert again.domains == (domain,)


def test_choppings_have_several_segments(methyltransferase):
    choppings = [domain.chopping for domain in classify(methyltransferase, task="cath").domains]
    assert any("," in chopping for chopping in choppings)


def test_chains_are_kept_whole_on_request(methyltransferase):
    (domain,) = classify(methyltransferase, task="cath", domains="chain").domains
    assert (domain.id, domain.chopping, domain.n_residues) == ("A", "", 327)


def test_single_domain_is_the_whole_chain(ubiquitin):
    automatic = classify(ubiquitin, task="cath")
    whole = classify(ubiquitin, task="cath", domains="chain")
    assert automatic.to_json() == whole.to_json()
    assert automatic.domains[0].chopping == ""


def test_residues_know_their_domain(methyltransferase):
    prediction = classify(methyltransferase)
    assert set(prediction.residues.domain) == {domain.id for domain in prediction.domains}
    rows = prediction.to_pandas().residues
    assert (rows["architecture"] != "").all()


def test_environments_alone_do_not_split_chains(methyltransferase, monkeypatch):
    monkeypatch.setattr(parts_module, "find_domains", lambda *_: pytest.fail("was split"))
    assert not classify(methyltransferase, task="environment").domains


def test_only_the_requested_chain_is_split(many_chains):
    second = many_chains.protein_chains[1]
    domains, _ = choose_domains(
        many_chains, "auto", second, many_chains.is_protein & (many_chains.chain == second)
    )
    assert {domain.chain for domain in domains} == {second}


def test_every_residue_is_in_one_domain(many_chains):
    domains, warnings = choose_domains(many_chains, "auto", None, many_chains.is_protein)
    assert warnings == []
    count = np.sum([domain.residues for domain in domains], axis=0)
    assert count.tolist() == many_chains.is_protein.astype(int).tolist()
    member = find_membership(many_chains, domains)
    assert set(member[many_chains.is_protein]) == {domain.id for domain in domains}
    assert set(member[~many_chains.is_protein]) <= {""}


def test_reason_for_not_splitting_is_reported(ubiquitin, monkeypatch):
    told = ChainDomains(warnings=("Chain A is too long.",))
    monkeypatch.setattr(parts_module, "find_domains", lambda *_: told)
    prediction = classify(ubiquitin, task="cath")
    assert "Chain A is too long." in prediction.warnings
    assert [domain.id for domain in prediction.domains] == ["A"]


def test_python_interface(data_dir):
    path = data_dir / "3mht.pdb.gz"
    split = protvox.classify(path, task="cath")
    assert json.loads(split.to_json()) == json.loads(
        protvox.load("cath").predict(path, domains="auto").to_json()
    )
    assert len(protvox.classify(path, task="cath", domains="chain").domains) == 1
    one = protvox.classify(path, task="cath", domains="A:1-90,120-150")
    assert [domain.id for domain in one.domains] == ["A:1-90,120-150"]
    with pytest.raises(UsageError):
        protvox.classify(path, domains=["auto", "A:1-90"])
