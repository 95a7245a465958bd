"""Splitting chains into domains: real chains, artificial fusions and unusual input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.structure.splitting import find as domains_module
from protvox.structure.splitting.cut_model import load_cut_model
from protvox.structure.splitting.find import find_domains, several_probability, split_chain
from protvox.voxel.rotation import random_rotations

CATH = {
    # Chain and domains of CATH 4.3.
    "3mht.pdb.gz": ("A", ("1-186,285-327", "187-284")),
    "3enl.pdb.gz": ("A", ("1-126", "127-436")),
    "3hsy.pdb.gz": ("A", ("4-109,245-349", "110-244,350-377")),
}


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


@pytest.fixture(scope="module")
def methyltransferase(data_dir):
    return read_structure(data_dir / "3mht.pdb.gz")


def trace(structure, chain="A"):
    rows = structure.is_protein & (structure.chain == chain)
    ca = structure.backbone()[rows, 1]
    return ca[np.isfinite(ca).all(axis=1)]


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("name", CATH)
def test_cath_domains_are_found(name, data_dir):
    structure = read_structure(data_dir / name)
    chain, choppings = CATH[name]
    found = find_domains(structure, chain).selections
    assert len(found) == len(choppings)
    for chopping in choppings:
        true = parse_selection(f"{chain}:{chopping}").mask(structure)
        assert max(overlap(true, domain.mask(structure)) for domain in found) > 0.75


def test_probability_of_several_domains(ubiquitin, methyltransferase):
    assert several_probability(trace(ubiquitin)) < 0.1
    assert several_probability(trace(methyltransferase)) > 0.5
    assert several_probability(trace(ubiquitin)[:40]) == 0


@pytest.mark.parametrize("name", ["1ubi.pdb", "1a8o.pdb", "1ejg.pdb.gz"])
def test_single_domains_are_not_split(name, data_dir):
    structure = read_structure(data_dir / name)
    assert find_domains(structure, "A").selections == ()


def test_example_is_not_split(example_path):
    assert find_domains(read_structure(example_path), "A").selections == ()


def test_known_domain_is_not_cut(methyltransferase):
    """Contacts cut it; a whole that is known outweighs them, one that is probably not does not."""
    ca = trace(methyltransferase)
    assert split_chain(ca).max() == 1
    assert split_chain(ca, recognise=lambda part: float(len(part) == len(ca))).max() == 0
    assert split_chain(ca, recognise=lambda part: 0.2 * (len(part) == len(ca))).max() == 1


def test_known_sides_are_cut_apart(methyltransferase):
    """An improbable cut is made where both sides are known and the whole is not."""
    ca = trace(methyltransferase)
    model = load_cut_model()
    strict = replace(model, threshold=0.97)
    assert split_chain(ca, strict).max() == 0
    size = len(ca)
    assert split_chain(ca, strict, lambda part: float(len(part) < size)).max() == 1
    one_side = split_chain(ca, strict, lambda part: float(len(part) < 150))
    assert one_side.max() == 0


def test_whole_and_sides_that_are_known_leave_it_to_the_contacts(methyltransferase):
    ca = trace(methyltransferase)
    assert split_chain(ca, recognise=lambda _: 1.0).tolist() == split_chain(ca).tolist()
    assert split_chain(ca, recognise=lambda _: 0.0).tolist() == split_chain(ca).tolist()


def test_known_domains_are_looked_for_only_where_they_can_matter(ubiquitin):
    """A cut that is certain, or out of the question, is decided by contacts alone."""
    asked: list[int] = []

    def recognise(part):
        asked.append(len(part))
        return 1.0

    ca = trace(ubiquitin)
    assert split_chain(ca, recognise=recognise).max() == 0
    two = np.concatenate([ca, ca + np.array([45, 0, 0])])
    readily = replace(load_cut_model(), threshold=0.01)
    assert split_chain(two, readily, recognise).max() == 1
    assert asked == []


def test_two_proteins_in_one_chain(ubiquitin):
    ca = trace(ubiquitin)
    labels = split_chain(np.concatenate([ca, ca + np.array([45, 0, 0])]))
    assert labels.tolist() == [0] * 76 + [1] * 76


def test_inserted_domain(ubiquitin):
    """The outer domain has two segments."""
    ca = trace(ubiquitin)
    inner = (
        ca
        - ca.mean(axis=0)
        + ca[46]
        + 24 * (ca[46] - ca.mean(axis=0)) / np.linalg.norm(ca[46] - ca.mean(axis=0))
    )
    labels = split_chain(np.concatenate([ca[:47], inner, ca[47:]]))
    expected = np.repeat([0, 1, 0], [47, 76, 29])
    assert (labels != expected).sum() <= 6


@pytest.mark.parametrize("seed", range(3))
def test_domains_do_not_depend_on_the_pose(methyltransferase, seed):
    ca = trace(methyltransferase).astype(np.float64)
    rotation = random_rotations(1, np.random.default_rng(seed))[0]
    moved = ca @ rotation.T + np.array([40.0, -3.0, 7.0])
    assert split_chain(moved).tolist() == split_chain(ca).tolist()


def test_splitting_is_deterministic(methyltransferase):
    ca = trace(methyltransferase)
    first = split_chain(ca)
    assert all(split_chain(ca).tolist() == first.tolist() for _ in range(3))


def test_labels_are_in_order_of_the_first_residues(methyltransferase):
    labels = split_chain(trace(methyltransferase))
    _, first = np.unique(labels, return_index=True)
    assert first.tolist() == sorted(first.tolist())
    assert labels[0] == 0


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 12, 59])
def test_tiny_chains_are_one_domain(n):
    points = np.cumsum(np.random.default_rng(n).normal(0, 2.2, (n, 3)), axis=0)
    assert split_chain(points).tolist() == [0] * n


@pytest.mark.parametrize("kind", ["line", "point", "noise", "helix"])
def test_unphysical_chains_are_split_without_error(kind):
    n = np.arange(150)
    angle = np.radians(100) * n
    points = {
        "line": np.stack([3.8 * n, 0 * n, 0 * n], axis=1),
        "point": np.zeros((150, 3)),
        "noise": np.random.default_rng(0).normal(0, 20, (150, 3)),
        "helix": np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * n], axis=1),
    }[kind]
    labels = split_chain(points)
    assert labels.shape == (150,)
    assert np.bincount(labels).min() >= 30


def test_missing_loops_barely_change_the_domains(methyltransferase):
    ca = trace(methyltransferase)
    present = np.ones(len(ca), dtype=bool)
    present[[*range(80, 90), *range(200, 206)]] = False
    whole, broken = split_chain(ca)[present], split_chain(ca[present])
    assert (whole == broken).mean() > 0.95


def test_ca_atoms_are_sufficient(methyltransferase):
    bare = methyltransferase.select(methyltransferase.is_protein)
    only_ca = replace(
        bare,
        coordinates=bare.coordinates[bare.atom_name == "CA"],
        element=bare.element[bare.atom_name == "CA"],
        atom_name=bare.atom_name[bare.atom_name == "CA"],
        atom_type=bare.atom_type[bare.atom_name == "CA"],
        residue_index=bare.residue_index[bare.atom_name == "CA"],
    )
    assert find_domains(only_ca, "A") == find_domains(methyltransferase, "A")


def renumbered(structure, number, insertion_code=None):
    """Return the structure with other author numbers for the protein residues."""
    numbers, codes = structure.number.copy(), structure.insertion_code.copy().astype("<U1")
    numbers[structure.is_protein] = number
    if insertion_code is not None:
        codes[structure.is_protein] = insertion_code
    return replace(structure, number=numbers, insertion_code=codes)


def selected(structure):
    """Return the domain of every protein residue, by parsing the choppings as text."""
    found = find_domains(structure, "A").selections
    masks = [parse_selection(str(s)).mask(structure)[structure.is_protein] for s in found]
    assert len(masks) > 1
    assert (np.sum(masks, axis=0) == 1).all()
    return np.argmax(masks, axis=0)


def test_choppings_select_exactly_their_residues(methyltransferase):
    assert selected(methyltransferase).tolist() == split_chain(trace(methyltransferase)).tolist()


@pytest.mark.parametrize("kind", ["negative", "codes", "gaps", "jump back", "codes backwards"])
def test_unusual_numbering_is_selected_exactly(methyltransferase, kind):
    row = np.arange(int(methyltransferase.is_protein.sum()))
    letters = np.array(list("ABCDEFGH"))
    number, codes = {
        "negative": (row - 150, None),
        "codes": (row // 4, np.where(row % 4, letters[row % 4], "")),
        "gaps": (row + 100 * (row // 50), None),
        "jump back": (np.where(row < 120, row + 1000, row), None),
        "codes backwards": (row // 4, letters[3 - row % 4]),
    }[kind]
    structure = renumbered(methyltransferase, number, codes)
    assert selected(structure).tolist() == split_chain(trace(structure)).tolist()


def test_chain_with_repeated_numbers_is_not_split(methyltransferase):
    n = int(methyltransferase.is_protein.sum())
    found = find_domains(renumbered(methyltransferase, np.arange(n) % 60), "A")
    assert found.selections == ()
    (warning,) = found.warnings
    assert warning.startswith("Chain A has 2 domains, but its residue numbers")


def test_residues_without_ca_join_the_domain_before(methyltransferase):
    """Remove the CA of the first residue of the chain and of its second domain."""
    labels = selected(methyltransferase)
    rows = np.flatnonzero(methyltransferase.is_protein)
    lost = {int(rows[0]), int(rows[np.flatnonzero(np.diff(labels))[0] + 1])}
    keep = ~(
        np.isin(methyltransferase.residue_index, list(lost)) & (methyltransferase.atom_name == "CA")
    )
    incomplete = replace(
        methyltransferase,
        coordinates=methyltransferase.coordinates[keep],
        element=methyltransferase.element[keep],
        atom_name=methyltransferase.atom_name[keep],
        atom_type=methyltransferase.atom_type[keep],
        residue_index=methyltransferase.residue_index[keep],
    )
    assert (selected(incomplete) != labels).sum() <= 8


def test_chain_without_ca_is_not_split(ubiquitin):
    keep = ubiquitin.atom_name != "CA"
    bare = replace(
        ubiquitin,
        coordinates=ubiquitin.coordinates[keep],
        element=ubiquitin.element[keep],
        atom_name=ubiquitin.atom_name[keep],
        atom_type=ubiquitin.atom_type[keep],
        residue_index=ubiquitin.residue_index[keep],
    )
    assert find_domains(bare, "A").selections == ()


def test_very_long_chain_is_reported(ubiquitin, monkeypatch):
    monkeypatch.setattr(domains_module, "LONGEST", 70)
    found = find_domains(ubiquitin, "A")
    assert found.selections == ()
    assert found.warnings == (
        "Chain A has 76 residues and was not split into domains, the limit is 70.",
    )
