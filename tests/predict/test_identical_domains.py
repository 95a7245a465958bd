"""Copies of a domain in identical chains."""

import pytest

from protvox.predict.choose_domains import Domain
from protvox.predict.identical_domains import mark_identical
from protvox.predict.results.records import DomainPrediction, RankedLabel
from protvox.structure.io.read import read_structure

LABEL = RankedLabel("3.10", "Roll", 1.0)


@pytest.fixture
def structure_of(data_dir, tmp_path):
    """Ubiquitin as chains A and B of CA atoms; B changed by a function."""
    lines = (data_dir / "1ubi.pdb").read_text().splitlines()
    declared = [line for line in lines if line.startswith("SEQRES")]
    declared += [f"{line[:11]}B{line[12:]}" for line in declared]
    first = [line for line in lines if line[:4] == "ATOM" and line[12:16] == " CA "]

    def build(change, full_sequence):
        second = change([f"{line[:21]}B{line[22:]}" for line in first])
        path = tmp_path / "two.pdb"
        head = declared if full_sequence else []
        path.write_text("\n".join([*head, *first, *second, "END"]))
        return read_structure(path)

    return build


@pytest.mark.parametrize(
    ("change", "full_sequence", "expected"),
    [
        (lambda lines: lines[:-3], False, "A"),
        (lambda lines: lines[:-20], False, None),
        (lambda lines: lines[:-20], True, "A"),
        (lambda lines: [*lines[:9], lines[9].replace("GLY", "ALA"), *lines[10:]], False, None),
    ],
    ids=["lacks three residues", "lacks a quarter", "the same with SEQRES", "mutant"],
)
def test_copies_are_found_although_residues_are_missing(
    structure_of, change, full_sequence, expected
):
    structure = structure_of(change, full_sequence)
    common = {"chopping": "", "n_residues": 76, "in_range": True, "model": "cath@5"}
    domains = [Domain(c, c, "", structure.chain == c) for c in "AB"]
    predicted = [
        DomainPrediction(id=c, chain=c, cath_class=LABEL, architectures=(LABEL,), **common)
        for c in "AB"
    ]
    marked = mark_identical(structure, domains, predicted)
    assert [one.same_as for one in marked] == [None, expected]
