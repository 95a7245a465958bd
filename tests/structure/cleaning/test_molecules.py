"""Where one chain name stands for several molecules."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from protvox.structure.cleaning.molecules import separate_molecules
from protvox.structure.io.pdb import parse_pdb

sys.path.insert(0, str(Path(__file__).parents[2] / "corpus"))
from parts import Atom, change, pdb, peptide, shift

FIVE = [atom for atom in peptide(5) if atom.name in ("N", "CA", "C", "O")]


def chains(text: str) -> tuple[list[str], list[str]]:
    """Return the chain names in file order, and the warnings."""
    table, warnings = separate_molecules(parse_pdb(text.encode(), where="x"))
    return list(dict.fromkeys(table.chain.tolist())), warnings


def renumbered(by: int) -> list[Atom]:
    return [replace(atom, number=atom.number + by) for atom in FIVE]


def ended(atoms: list[Atom]) -> list[Atom]:
    """Return the atoms with a terminal oxygen."""
    return [*atoms, replace(atoms[-1], name="OXT", x=atoms[-1].x + 1.2)]


def test_every_copy_is_named_in_the_warning() -> None:
    text = pdb(FIVE, end="TER\n") + pdb(shift(FIVE, 30), end="TER\n") + pdb(shift(FIVE, 60))
    names, (warning,) = chains(text)
    assert names == ["A", "A_2", "A_3"]
    assert "used for 3 chains" in warning
    assert "called A_2, A_3." in warning


def test_two_chain_names_may_both_be_used_twice() -> None:
    other = [replace(atom, chain="B") for atom in shift(FIVE, 15)]
    copies = (FIVE, other, shift(FIVE, 30), shift(other, 30))
    names, warnings = chains("".join(pdb(atoms, end="TER\n") for atoms in copies))
    assert names == ["A", "B", "A_2", "B_2"]
    assert len(warnings) == 2


def test_gap_of_numbers_behind_a_terminal_oxygen_and_ter_is_a_new_molecule() -> None:
    # Far enough away and numbered on: only both marks together say that the chain has ended.
    later = shift(renumbered(200), 40)
    assert chains(pdb(ended(FIVE), end="TER\n") + pdb(later))[0] == ["A", "A_2"]
    assert chains(pdb(FIVE, end="TER\n") + pdb(later))[0] == ["A"]
    assert chains(pdb(ended(FIVE) + later))[0] == ["A"]


@pytest.mark.parametrize(("number", "expected"), [(200, ["A"]), (2, ["A", "A_2"])])
def test_numbers_behind_ter_must_leave_room_for_the_distance(
    number: int, expected: list[str]
) -> None:
    text = pdb(FIVE, end="TER\n") + pdb(shift(renumbered(5 + number), 40))
    assert chains(text)[0] == expected


def test_another_segment_is_a_new_molecule() -> None:
    later = shift(renumbered(200), 40)
    for segment, expected in (("PROA", ["A"]), ("PROB", ["A", "A_2"])):
        atoms = [*change(FIVE, segment="PROA"), *change(later, segment=segment)]
        assert chains(pdb(atoms))[0] == expected


def test_bonded_residues_are_one_molecule_whatever_lies_between() -> None:
    first, rest = ([a for a in FIVE if (a.number <= 2) == early] for early in (True, False))
    assert chains(pdb(first, end="TER\n") + pdb(rest))[0] == ["A"]


def test_alternative_positions_are_not_copies() -> None:
    both = [
        position
        for atom in FIVE
        for position in (replace(atom, alt="A"), replace(atom, alt="B", y=atom.y + 5))
    ]
    table = parse_pdb(pdb(both).encode(), where="x")
    assert separate_molecules(table)[1] == []
    assert np.unique(table.chain).tolist() == ["A"]
