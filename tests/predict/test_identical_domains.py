"""Copies of a domain in identical chains."""

import pytest

from protvox.predict.choose_domains import Domain
from protvox.predict.identical_domains import mark_identical
from protvox.predict.results.records import DomainPrediction, RankedLabel
from protvox.structure.io.read import read_structure

LABEL = RankedLabel("3.10", "Roll", 1.0)


@pytest.fixture
def structure_of(data_dir, tmp_path):
    """Ubiquitin as chains A and B of CA atoms, without SEQRES; B changed by a function."""
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    first = [line for line in lines if line[:4] == "ATOM" and line[12:16] == " CA "]

    def build(change):
        second = change([f"{line[:21]}B{line[22:]}" for line in first])
        path = tmp_path / "two.pdb"
        path.write_text("\n".join([*first, *second, "END"]))
        return read_structure(path)

    return build


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lines: lines[:-3], "A"),
        (lambda lines: lines[:-20], None),
        (lambda lines: [*lines[:9], lines[9].replace("GLY", "ALA"), *lines[10:]], None),
    ],
    ids=["lacks three residues", "lacks a quarter", "mutant"],
)
def test_copies_without_a_full_sequence_are_found_by_their_residues(structure_of, change, expected):
    structure = structure_of(change)
    common = {"chopping": "", "n_residues": 76, "in_range": True, "model": "cath@5"}
    domains = [Domain(c, c, "", structure.chain == c) for c in "AB"]
    predicted = [
        DomainPrediction(id=c, chain=c, cath_class=LABEL, architectures=(LABEL,), **common)
        for c in "AB"
    ]
    marked = mark_identical(structure, domains, predicted)
    assert [one.same_as for one in marked] == [None, expected]
