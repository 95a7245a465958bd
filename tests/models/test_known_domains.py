"""Known domains of the released index help to split chains."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.networks import cath
from protvox.predict.classify import classify
from protvox.predict.model_cache import load_domain_predictor
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.io.read import read_structure
from protvox.tasks.cath import predictor as predictor_module

KNOWN = {
    # Single domains of CATH that contacts alone cut in two, and two that they leave together.
    "1dja__1dja.pdb": (("A", "3.40.710.10"),),
    "1acj__1acj.pdb": (("A", "3.40.50.1820"),),
    "1prw__1PRW.pdb": (("A:1-74", "1.10.238.10"), ("A:75-148", "1.10.238.10")),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_domains_help_to_split_chains(name, raw_files):
    path = next(path for path in raw_files if path.name == name)
    found = classify(read_structure(path), task="cath").domains
    assert [(d.id, d.superfamilies[0].label) for d in found] == list(KNOWN[name])
    assert all(d.superfamilies[0].probability > 0.9 for d in found)
    assert not any("several" in d.flags for d in found)


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


@pytest.fixture
def cath_model():
    return load_domain_predictor("cath", "cpu")


def test_recognised_domains(cath_model, ubiquitin):
    ca = ubiquitin.backbone()[:76, 1]
    assert cath_model.recognise(ca) > 0.9
    assert cath_model.recognise(ca[:20]) == 0
    mirrored = ca * np.array([1, 1, -1])
    assert cath_model.recognise(mirrored) < 0.1
    two = np.concatenate([ca, ca + np.array([45, 0, 0])])
    assert cath_model.recognise(two) < 0.5


def test_nothing_is_recognised_without_an_index(cath_model, ubiquitin, monkeypatch):
    monkeypatch.setattr(cath_model.released, "describe", lambda *_: None)
    assert cath_model.recognise(ubiquitin.backbone()[:76, 1]) == 0


def test_a_chain_too_wide_for_the_network_is_not_recognised(cath_model, ubiquitin, monkeypatch):
    monkeypatch.setattr(cath, "MAX_POINTS", 50)
    assert cath_model.recognise(ubiquitin.backbone()[:76, 1] + 1.0) == 0


def test_a_recognised_chain_is_not_computed_again(cath_model, ubiquitin, monkeypatch):
    moved = ubiquitin.backbone()[:76, 1] + np.float32(2.0)
    cath_model.recognise(moved)
    monkeypatch.setattr(predictor_module, "domain_features", None)
    assert cath_model.predict_trace(DomainTrace(moved)).relatives is not None
