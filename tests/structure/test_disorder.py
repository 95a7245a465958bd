"""Which residues of a predicted model are disordered, and which are kept out of domains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.errors import UsageError
from protvox.structure.disorder import DisorderOption, describe_runs
from protvox.structure.io.read import read_structure
from protvox.structure.splitting.find import describe_residues, find_domains


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


def with_low(structure, *ranges: tuple[int, int], value: float = 30.0):
    """Return the structure with a low pLDDT at some numbers, ends included."""
    plddt = np.full(structure.n_residues, 90, dtype=np.float32)
    for first, last in ranges:
        plddt[(structure.number >= first) & (structure.number <= last)] = value
    return replace(structure, plddt=plddt)


def numbers(structure, mask) -> list[int]:
    return structure.number[mask].tolist()


def test_the_limit_itself_is_not_below(ubiquitin):
    model = with_low(ubiquitin, (1, 4), value=50)
    assert not model.is_disordered(50).any()
    assert numbers(model, model.is_disordered(50.01)) == [1, 2, 3, 4]
    assert not model.is_disordered(0).any()


@pytest.mark.parametrize("limit", [-1, 100.5, float("nan")])
def test_limits_beyond_the_scale_are_refused(limit):
    with pytest.raises(UsageError) as caught:
        DisorderOption(limit)
    assert caught.value.code == "usage.plddt"


@pytest.mark.parametrize(
    ("low", "islands"),
    [
        ([(1, 8), (12, 20)], [9, 10, 11]),  # three residues between longer stretches
        ([(1, 8), (12, 13)], []),  # a loop of two residues makes no island
        ([(4, 12)], [1, 2, 3]),  # the end of the chain
        ([(1, 15), (27, 45)], []),  # eleven residues may be a helix
        ([(1, 76)], []),
    ],
)
def test_islands_are_kept_out_of_domains(ubiquitin, low, islands):
    model = with_low(ubiquitin, *low)
    option = DisorderOption()
    disordered = model.is_disordered(50)
    assert numbers(model, option.outside_domains(model) & ~disordered) == islands


def test_structures_without_plddt_have_none(ubiquitin):
    assert not DisorderOption().outside_domains(ubiquitin).any()
    assert DisorderOption(hide=True).hidden(ubiquitin) is None
    assert DisorderOption(hide=True).hidden(with_low(ubiquitin)) is None


def test_runs(ubiquitin):
    model = with_low(ubiquitin, (1, 4), (30, 30), (73, 76))
    assert describe_runs(model, model.is_disordered(50)) == ("A:1-4", "A:30-30", "A:73-76")


def test_domains_of_a_chain_leave_them_out(data_dir):
    """Enolase has two domains; a low tail and a low loop belong to neither."""
    model = with_low(read_structure(data_dir / "3enl.pdb.gz"), (1, 12), (250, 262))
    outside = DisorderOption().outside_domains(model)
    found = find_domains(model, "A", outside).selections
    assert len(found) == 2
    members = [selection.mask(model) for selection in found]
    assert not (members[0] & members[1]).any()
    expected = model.is_protein & ~outside
    np.testing.assert_array_equal(members[0] | members[1], expected)


def test_a_single_domain_is_named_by_its_ranges(ubiquitin):
    model = with_low(ubiquitin, (1, 4), (30, 33), (73, 76))
    found = find_domains(model, "A", model.is_disordered(50)).selections
    assert [str(selection) for selection in found] == ["A:5-29,34-72"]
    described = describe_residues(model, "A", model.is_protein & ~model.is_disordered(50))
    assert described == found[0]
    assert find_domains(ubiquitin, "A", np.zeros(ubiquitin.n_residues, bool)).selections == ()
