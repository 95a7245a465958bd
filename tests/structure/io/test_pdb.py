from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protvox.errors import InputError
from protvox.structure.io.pdb import parse_pdb

LINE = "ATOM      2  CA  MET A   1    {:24}  1.00  0.00           C\n"


def accepted(columns: str) -> bool:
    try:
        parse_pdb(LINE.format(columns).encode("latin-1"), where="x")
    except InputError as error:
        assert error.code == "input.coordinates"
        assert "line 1" in str(error)
        return False
    return True


def is_number(field: str) -> bool:
    """What Python takes for a plain decimal number, the oracle."""
    word = field.strip(" ")
    if not word or set(word) - set("+-.0123456789"):
        return False
    try:
        float(word)
    except ValueError:
        return False
    return True


@settings(deadline=None)  # The first call loads compiled code.
@given(st.text("0123456789.-+ *naif", min_size=24, max_size=24))
def test_columns_are_accepted_like_python_numbers(text: str) -> None:
    fields = (text[:8], text[8:16], text[16:])
    assert accepted(text) == all(map(is_number, fields))


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.floats(-999.999, 9999.998)] * 3))
def test_every_coordinate_of_the_format_is_accepted(xyz: tuple[float, float, float]) -> None:
    assert accepted("".join(f"{value:8.3f}" for value in xyz))


@pytest.mark.parametrize("record", ["ATOM  ", "HETATM", "atom  ", "Hetatm"])
def test_both_records_are_checked_in_any_case(record: str) -> None:
    line = record + LINE.format("********")[6:]
    with pytest.raises(InputError):
        parse_pdb(line.encode(), where="x")


def test_other_records_are_ignored() -> None:
    text = "REMARK  ATOM ****\nANISOU    1  N   MET A   1     nan\nTER\nEND"
    parse_pdb(text.encode(), where="x")
    parse_pdb(b"", where="x")


def test_line_numbers_count_all_lines() -> None:
    good = LINE.format("   1.000   2.000   3.000")
    text = "REMARK\n" + good + "TER\n" + good.replace("2.000", "  nan")
    with pytest.raises(InputError, match="line 4"):
        parse_pdb(text.encode(), where="x")


def test_chains_are_declared_in_the_order_of_dbref() -> None:
    head = (
        "DBREF  1ABC B    1     3  UNP    P12345   X_HUMAN          1      3             \n"
        "SEQRES   1 A    2  MET GLN                                                      \n"
        "SEQRES   1 B    3  GLY ALA SER                                                  \n"
    )
    line = LINE.format("   1.000   2.000   3.000")
    first, second = parse_pdb((head + line).encode(), where="x").declared
    assert (first.chains, first.residues) == (("B",), ("GLY", "ALA", "SER"))
    assert (second.chains, second.residues) == (("A",), ("MET", "GLN"))


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("9999", 9999),
        ("12340", 12_340),  # the fifth digit is in the column of the insertion code
        ("12349", 12_349),
        ("A000", 10_000),  # hybrid-36: capitals follow 9999, small letters follow ZZZZ
        ("ZZZZ", 10_000 + 26 * 36**3 - 1),
        ("a000", 10_000 + 26 * 36**3),
        ("zzzz", 10_000 + 52 * 36**3 - 1),
    ],
)
def test_residue_numbers_beyond_four_digits(field: str, number: int) -> None:
    line = f"ATOM      2  CA  MET A{field:5}   {0:8.3f}{0:8.3f}{0:8.3f}  1.00  0.00           C\n"
    assert parse_pdb(line.encode(), where="x").number.tolist() == [number]
