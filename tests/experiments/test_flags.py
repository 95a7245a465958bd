"""Flags of chains that are domains and of chains that are not are counted."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.cath.flags import judge
from experiments.cath.flags_cases import Case, domain_cases, files_of, peptide_cases
from protvox.registry.card import Card
from protvox.structure.io.read import read_structure
from protvox.train.shard import pack

CARD = Card(
    "cath",
    "9",
    "cath",
    "",
    {},
    "w",
    "0",
    n_residues=(40, 300),
    shape={
        "bonded_fraction": (0.95, None),
        "contact_density": (2.2, None),
        "relative_rg": (None, 3.4),
    },
)


@pytest.fixture(scope="module")
def cases(data_dir):
    whole = read_structure(data_dir / "1ubi.pdb")
    protein = whole.select(whole.is_protein)
    shard = pack(protein, np.zeros(protein.n_residues, dtype=bool), "3.10.20.90")
    return {case.kind: case for case in domain_cases(shard, 0)}


def test_domains_are_also_given_in_parts_and_damaged(cases):
    whole = cases["domain"].ca
    assert len(whole) == cases["domain"].n_residues == 76
    joined = np.concatenate([cases["first half"].ca, cases["last half"].ca])
    assert np.array_equal(joined, whole)
    # 76 residues are too few for a window of 40 that is a part of them.
    assert "window of 40 residues" not in cases
    permuted = cases["order permuted"].ca
    assert not np.array_equal(permuted, whole)
    assert np.array_equal(np.sort(permuted, axis=0), np.sort(whole, axis=0))
    noise = cases["noise of 0.5 Å"].ca - whole
    assert 0.4 < noise.std() < 0.6
    assert np.array_equal(cases["mirrored"].ca[:, 0], -whole[:, 0])


def test_shares_count_flagged_chains_and_their_flags(cases):
    ca = cases["domain"].ca
    judged = judge(
        [
            Case("mixed", "a", ca, 76),
            Case("mixed", "a", ca[:30], 30),
            Case("mixed", "b", cases["order permuted"].ca, 76),
            Case("mixed", "c", ca, 76),
        ],
        CARD,
    )["mixed"]
    assert (judged["n"], judged["n_groups"]) == (4, 3)
    assert judged["flagged"] == 0.5
    assert judged["flags"]["too_short"] == 0.25
    assert judged["flags"]["broken"] == 0.25
    assert judged["flagged_by_shape"] in (0.25, 0.5)  # thirty residues may be loose as well
    low, high = judged["intervals"]["flagged"]
    assert low <= 0.5 <= high


@pytest.fixture
def data(tmp_path, data_dir):
    (tmp_path / "entries").mkdir()
    source = (data_dir / "1ubi.pdb").read_text().splitlines(keepends=True)
    for name, last in (("a", 20), ("b", 20), ("c", 76), ("d", 8), ("e", 25)):
        atoms = [line for line in source if line.startswith("ATOM") and int(line[22:26]) <= last]
        (tmp_path / "entries" / f"{name}.pdb").write_text("".join(atoms) + "END\n")
    rows = "".join(
        f"entries/{name}.pdb,{split}\n"
        for name, split in zip("abcde", ("val", "val", "val", "val", "train"), strict=True)
    )
    (tmp_path / "chains.csv").write_text("file,split\n" + rows)
    (tmp_path / "domains.csv").write_text("file,split\nentries/e.pdb,test\ndomains/f.pdb,val\n")
    return tmp_path


def test_files_belong_to_the_most_held_out_split_of_their_chains(data):
    assert files_of(data, "test") == ["entries/e.pdb"]
    assert files_of(data, "val") == [f"entries/{name}.pdb" for name in "abcd"]
    assert files_of(data, "train") == []


def test_peptides_are_short_chains_and_each_sequence_counts_once(data):
    # a and b are the same peptide, c is a protein, d has too few residues for a shape.
    (found,) = peptide_cases(data, "val")
    assert (found.kind, found.group, found.n_residues) == ("other peptide", "entries/a.pdb", 20)
