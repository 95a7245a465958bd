from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protvox.errors import InputError
from protvox.structure.io.read import read_structure
from protvox.structure.selection import ResidueId, Segment, Selection, parse_selection
from protvox.structure.structure import Structure

CORPUS = Path(__file__).parents[1] / "corpus" / "files"


@pytest.fixture(scope="module")
def trypsin(data_dir: Path) -> Structure:
    """1GBT: chymotrypsin numbering with gaps and insertion codes 184A, 188A, 221A."""
    return read_structure(data_dir / "1gbt.cif.gz")


def labels(structure: Structure, text: str) -> list[str]:
    mask = parse_selection(text).mask(structure)
    return [f"{structure.number[i]}{structure.insertion_code[i]}" for i in np.flatnonzero(mask)]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("A", [("A", None, None)]),
        ("A:1-90", [("A", "1", "90")]),
        ("A:1-90,120-150", [("A", "1", "90"), ("A", "120", "150")]),
        ("A:1-90_120-150", [("A", "1", "90"), ("A", "120", "150")]),
        ("A:-5-10", [("A", "-5", "10")]),
        ("A:-10--5", [("A", "-10", "-5")]),
        ("A:1A-20B", [("A", "1A", "20B")]),
        ("A:45", [("A", "45", "45")]),
        ("A:45,47", [("A", "45", "45"), ("A", "47", "47")]),
        ("LA0:1-5", [("LA0", "1", "5")]),
        ("A-2:1-5", [("A-2", "1", "5")]),
        ("A-2", [("A-2", None, None)]),
        ("A_2", [("A_2", None, None)]),
        ("7:1-5", [("7", "1", "5")]),
        ("A,B", [("A", None, None), ("B", None, None)]),
        ("A:1-5,B:7-9", [("A", "1", "5"), ("B", "7", "9")]),
        ("1-90,120-150", [(None, "1", "90"), (None, "120", "150")]),
        (" A:1-90, 120-150 ", [("A", "1", "90"), ("A", "120", "150")]),
    ],
)
def test_grammar(text: str, segments: list[tuple[str | None, str | None, str | None]]) -> None:
    selection = parse_selection(text)
    found = [
        (
            s.chain,
            None if s.first is None else str(s.first),
            None if s.last is None else str(s.last),
        )
        for s in selection.segments
    ]
    assert found == segments
    assert parse_selection(str(selection)) == selection


numbers = st.tuples(st.integers(-999, 9999), st.sampled_from(["", "A", "B", "Z"]))
ranges = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)


@given(chain=st.text("ABCxyz0189", max_size=4), pairs=ranges)
def test_text_of_a_selection_parses_to_the_same_selection(chain: str, pairs) -> None:
    segments = tuple(Segment(chain, ResidueId(*min(a, b)), ResidueId(*max(a, b))) for a, b in pairs)
    assert parse_selection(str(Selection(segments))) == Selection(segments)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "input.selection"),
        ("A:", "input.selection"),
        ("A:,1-5", "input.selection"),
        ("A:x-y", "input.selection"),
        ("A:1-", "input.selection"),
        ("A:1-5,", "input.selection"),
        ("A,1-5", "input.selection"),
        ("A:1-5-9", "input.selection"),
        ("A:90-1", "input.range"),
        ("A:-1--5", "input.range"),
    ],
)
def test_invalid_text_is_rejected(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_selection(text)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.exit_code == 3


def test_chain_with_a_blank_name_is_selected_by_a_colon(trypsin: Structure) -> None:
    blank = replace(trypsin, chain=np.where(trypsin.number < 100, "", "B"))
    first = blank.is_protein & (blank.chain == "")
    assert (parse_selection(":").mask(blank) == first).all()
    assert (parse_selection(":1-99").mask(blank) == first).all()
    assert (parse_selection(":,B").mask(blank) == blank.is_protein).all()
    assert str(parse_selection(":,B,:16-20,30-40")) == ":,B,:16-20,30-40"


def test_whole_chain_selects_its_protein_residues(trypsin: Structure) -> None:
    mask = parse_selection("A").mask(trypsin)
    assert mask.sum() == 223
    assert (mask == trypsin.is_protein).all()


def test_residues_with_insertion_codes_are_inside_a_range(trypsin: Structure) -> None:
    found = labels(trypsin, "A:183-189")
    assert found == [n for n in labels(trypsin, "A") if 183 <= int(n.rstrip("A")) <= 189]
    assert "184A" in found
    assert "188A" in found


def test_ends_with_insertion_codes_are_exact(trypsin: Structure) -> None:
    everything = labels(trypsin, "A")
    start, stop = everything.index("184A"), everything.index("221A")
    assert labels(trypsin, "A:184A-221A") == everything[start : stop + 1]


def test_ends_that_do_not_exist_are_limits(trypsin: Structure) -> None:
    assert labels(trypsin, "A:-50-17") == ["16", "17"]
    assert labels(trypsin, "A:34-38") == ["34", "37", "38"]


def test_reversed_insertion_codes_follow_file_order() -> None:
    structure = read_structure(CORPUS / "accepted_insertion_backwards.pdb")
    assert labels(structure, "A") == ["1B", "1A", "1", "4", "5", "6"]
    assert labels(structure, "A:1A-4") == ["1A", "1", "4"]
    assert labels(structure, "A:1-5") == ["1", "4", "5"]


def test_ranges_without_chain_need_a_single_chain(trypsin: Structure) -> None:
    assert labels(trypsin, "16-18") == ["16", "17", "18"]
    two = read_structure(CORPUS / "accepted_two_chains.pdb")
    with pytest.raises(InputError) as caught:
        parse_selection("1-3").mask(two)
    assert caught.value.code == "input.chain"


def test_two_chains() -> None:
    two = read_structure(CORPUS / "accepted_two_chains.pdb")
    assert parse_selection("A:1-2,B:5-6").mask(two).tolist() == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
        False,
        False,
        False,
        True,
        True,
    ]


def test_unknown_chain_lists_the_chains() -> None:
    two = read_structure(CORPUS / "accepted_two_chains.pdb")
    with pytest.raises(InputError) as caught:
        parse_selection("Z:1-3").mask(two)
    assert caught.value.code == "input.chain"
    assert "A, B" in str(caught.value)


def test_chain_without_protein_is_reported() -> None:
    structure = read_structure(CORPUS / "accepted_with_dna.pdb")
    with pytest.raises(InputError, match="no protein"):
        parse_selection("B").mask(structure)


def test_empty_range_reports_the_ends_of_the_chain(trypsin: Structure) -> None:
    with pytest.raises(InputError) as caught:
        parse_selection("A:16-20,500-600").mask(trypsin)
    assert caught.value.code == "input.range"
    assert "A:16 ILE" in str(caught.value)


def test_ligands_in_a_range_are_not_selected() -> None:
    structure = read_structure(CORPUS / "accepted_ligand_same_number.cif")
    assert parse_selection("A:3").mask(structure).sum() == 1
