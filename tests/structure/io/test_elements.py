"""Elements of atoms without an element column, one rule at a time."""

from __future__ import annotations

import pytest

from protvox.structure.io.elements import infer_element


@pytest.mark.parametrize(
    ("padded", "residue", "element"),
    [
        (" CA ", "ALA", "C"),
        ("CA  ", "CA", "CA"),
        ("FE  ", "HEM", "FE"),
        ("1HB1", "LIG", "H"),
        ("C1  ", "LIG", "C"),
        ("HO5'", "LIG", "H"),  # four letters, not holmium
        ("HG11", "LIG", "H"),  # four letters, not mercury
        ("HG  ", "LIG", "HG"),
        ("DB12", "LIG", "D"),
        ("CL1 ", "LIG", "CL"),
        ("CLA1", "LIG", "CL"),  # only H and D fill the columns without being two letters
        ("BR12", "LIG", "BR"),
        ("SE  ", "MSE", "SE"),
        ("NZ  ", "LYS", "N"),
    ],
)
def test_names_in_columns(padded: str, residue: str, element: str) -> None:
    assert infer_element(padded, residue, left=False, alone=False) == element


@pytest.mark.parametrize(
    ("padded", "residue", "alone", "element"),
    [
        ("FE  ", "HEM", False, "FE"),
        ("CL1 ", "LIG", False, "CL"),
        ("CA  ", "LIG", False, "C"),
        ("HG  ", "LIG", False, "H"),
        ("HG  ", "LIG", True, "HG"),
        ("CD  ", "LIG", False, "C"),
        ("CD  ", "LIG", True, "CD"),
        ("SOD ", "SOD", True, "NA"),
    ],
)
def test_names_from_the_first_column(padded: str, residue: str, alone: bool, element: str) -> None:
    assert infer_element(padded, residue, left=True, alone=alone) == element
