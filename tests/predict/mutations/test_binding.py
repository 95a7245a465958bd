"""Scores of mutations for binding."""

from __future__ import annotations

import numpy as np
import pytest

import protvox
from protvox.errors import ProtvoxError
from protvox.predict.mutations.score import score_mutations
from protvox.structure.io.read import read_structure

NAMES = ["A:W184A", "A-2:W184F", "A:K158A", "A:W184A+A-2:M185A", "A:Q155A+A:T188S"]


@pytest.fixture(autouse=True)
def models(tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))


@pytest.fixture(scope="module")
def dimer(data_dir):
    return read_structure(data_dir / "1a8o.cif", assembly="1")


@pytest.mark.parametrize("network", ["environment", "backbone"])
def test_binding_is_the_complex_less_its_partners(dimer, network):
    """One network has no level to subtract, so that the scores of structures compare."""
    options = {"device": "cpu", "networks": network}
    found = score_mutations(dimer, NAMES, binding="A | A-2", **options).to_pandas()
    first, second = (dimer.select(dimer.chain == name) for name in ("A", "A-2"))
    alone = score_mutations(first, [NAMES[0], NAMES[2], NAMES[4]], **options).table.score
    other = score_mutations(second, ["A-2:W184F", "A-2:M185A"], **options).table.score
    expected = found["score"] - [alone[0], other[0], alone[1], alone[0] + other[1], alone[2]]
    np.testing.assert_allclose(found["binding"], expected, atol=2e-5)
    # Trp 184 and Met 185 are in the interface (Worthylake et al. 1999), Lys 158 is not.
    assert (found["binding"][[0, 1, 3]].abs() > 0.005).all()
    assert abs(found["binding"][2]) < (0.005 if network == "backbone" else 1e-9)


def test_other_chains_are_not_seen_and_have_no_score(many_chains):
    assert many_chains.protein_chains == ("A", "B")
    names = ["A:10W", "B:10W"]
    whole = score_mutations(many_chains, names, binding="A|B", device="cpu", networks="backbone")
    assert np.isfinite(whole.table.binding).all()
    assert list(whole.to_dict()["mutations"][0])[-1] == "binding"


def test_rows_are_sorted_by_binding(many_chains):
    names = ["A:10W", "A:12G", "B:10W", "B:45A"]
    options = {"device": "cpu", "networks": "backbone"}
    scores = score_mutations(many_chains, names, binding="A|B", **options)
    ranked = scores.ranked("binding").table.binding
    assert ranked.tolist() == sorted(scores.table.binding.tolist())
    with pytest.raises(ProtvoxError) as caught:
        score_mutations(many_chains, names, **options).ranked("binding")
    assert caught.value.code == "usage.sort"


def test_a_tied_scan_has_binding_per_copy(dimer):
    options = {"device": "cpu", "networks": "backbone", "binding": "A|A-2"}
    tied = score_mutations(dimer, ["A:W184A"], tied=True, **options).table
    both = score_mutations(dimer, ["A:W184A+A-2:W184A"], **options).table
    assert tied.binding[0] == pytest.approx(both.binding[0] / 2, abs=2e-5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A", "usage.binding"),
        ("A|", "usage.binding"),
        ("", "usage.binding"),
        ("A|A-2,A", "usage.binding"),
        ("A|B", "mutation.chain"),
    ],
)
def test_invalid_partners_are_refused(dimer, text, code):
    with pytest.raises(ProtvoxError) as caught:
        protvox.mutations(dimer, binding=text)
    assert caught.value.code == code
