"""Predictions of assemblies and of identical chains."""

import json

import numpy as np
import pytest

import protvox
from protvox.errors import UsageError
from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.mutations.score import score_mutations
from protvox.structure.io.read import read_structure

KEYS = {"assembly", "copies", "same_as"}


@pytest.fixture(scope="module")
def dimer(data_dir):
    return read_structure(data_dir / "1a8o.cif", assembly="1", unique=True)


def test_one_chain_of_an_assembly_is_scored_like_all(data_dir, dimer):
    unique = classify(dimer, device="cpu")
    every = classify(read_structure(data_dir / "1a8o.cif", assembly="1"), device="cpu")
    assert set(unique.residues.chain) == {"A"}
    assert {domain.chain for domain in unique.domains} == {"A"}
    assert [domain.chain for domain in every.domains] == ["A", "A-2"]
    first, second = (every.residues.chain == name for name in ("A", "A-2"))
    p = every.residues.probabilities
    assert np.abs(p[first] - unique.residues.probabilities).max() < 1e-6
    # Symmetric copies have the same environments.
    assert np.abs(p[first] - p[second]).max() < 1e-3


def test_json_says_where_chains_come_from(dimer):
    info = json.loads(classify(dimer, device="cpu").to_json())["input"]
    assert info["assembly"] == "1"
    assert info["copies"] == [
        {"chain": "A", "copy_of": "A", "operator": "1"},
        {"chain": "A-2", "copy_of": "A", "operator": "2"},
    ]
    assert info["same_as"] == {"A-2": "A"}


def test_without_the_options_nothing_is_added(data_dir):
    prediction = classify(read_structure(data_dir / "1a8o.cif"), device="cpu")
    assert not KEYS & set(prediction.to_dict()["input"])
    tables = prediction.to_pandas()
    assert "same_as" not in tables.residues
    assert "same_as" not in tables.domains
    assert tables.residues["number"].dtype == np.int32


def test_tables_refer_to_the_chain_that_was_scored(dimer):
    tables = classify(dimer, device="cpu").to_pandas()
    for table, n in ((tables.residues, 70), (tables.domains, 1)):
        assert list(table["same_as"]) == [""] * n + ["A"]
        last = table.iloc[-1]
        assert (last["id"], last["chain"]) == (dimer.name, "A-2")
    assert tables.residues["number"].iloc[0] == 151
    assert np.isnan(tables.residues["p_wild_type"].iloc[-1])
    scan = score_mutations(dimer, device="cpu").to_pandas()
    assert list(scan["same_as"].iloc[-2:]) == ["", "A"]
    assert len(scan) == 70 * 19 + 1


def test_named_chains_are_scored_in_any_case(dimer):
    assert set(classify(dimer, chain="A-2", device="cpu").residues.chain) == {"A-2"}
    listed = score_mutations(dimer, ["A-2:184A", "A:184A"], device="cpu")
    assert not listed.failures
    assert np.ptp(listed.table.score) < 1e-2
    from protvox.structure.domain_option import parse_domain_option

    domains = parse_domain_option(["A-2:151-180"])
    assert [d.id for d in classify(dimer, domains=domains, device="cpu").domains] == ["A-2:151-180"]
    residues = embed(dimer, per="residue", domains=domains, device="cpu").residues
    assert set(residues.chain) == {"A-2"}


def test_options_for_a_structure_that_was_read_are_refused(dimer):
    with pytest.raises(UsageError, match="read_structure"):
        protvox.classify(dimer, assembly="1")


def test_the_partner_makes_tryptophan_184_probable(data_dir, monkeypatch):
    """The numbers in docs/how-to/assemblies.md."""
    monkeypatch.delenv("PROTVOX_MODEL_DIR")
    path = data_dir / "1a8o.cif"
    found = []
    for assembly in (None, "1"):
        table = protvox.classify(path, task="environment", assembly=assembly, unique=True).residues
        found.append(float(table.p_wild_type[table.number.tolist().index(184)]))
    assert [f"{p:.2f}" for p in found] == ["0.02", "0.98"]
