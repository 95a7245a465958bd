from __future__ import annotations

import pytest

from protvox.errors import InputError
from protvox.predict.mutations.mutation_list import (
    Mutation,
    collect_mutations,
    join_lists,
    parse_mutation,
    read_mutations,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A:45W", Mutation("A", 45, "", "", "TRP")),
        ("A:L45W", Mutation("A", 45, "", "LEU", "TRP")),
        ("A:45AW", Mutation("A", 45, "A", "", "TRP")),
        ("A:L45AW", Mutation("A", 45, "A", "LEU", "TRP")),
        ("A:45aW", Mutation("A", 45, "a", "", "TRP")),
        (" a:l45w ", Mutation("a", 45, "", "LEU", "TRP")),
        ("A:-5W", Mutation("A", -5, "", "", "TRP")),
        ("A:L-5AW", Mutation("A", -5, "A", "LEU", "TRP")),
        ("45W", Mutation(None, 45, "", "", "TRP")),
        ("1:45A", Mutation("1", 45, "", "", "ALA")),
        ("A:45ALA", Mutation("A", 45, "", "", "ALA")),
        ("A:45AALA", Mutation("A", 45, "A", "", "ALA")),
        ("A:LEU45Trp", Mutation("A", 45, "", "LEU", "TRP")),
        ("x:y:45W", Mutation("x:y", 45, "", "", "TRP")),
        (":45W", Mutation("", 45, "", "", "TRP")),
        ("1A:45W", Mutation("1A", 45, "", "", "TRP")),
    ],
)
def test_mutations_are_read(text, expected):
    assert parse_mutation(text) == expected
    assert parse_mutation(str(expected)) == expected


@pytest.mark.parametrize(
    ("typed", "told"),
    [("A:45ATRP", "A:45AW"), ("a:leu45w", "a:L45W"), ("45Ala", "45A"), ("A:L-5AW", "A:L-5AW")],
)
def test_mutations_are_printed_in_one_form(typed, told):
    assert str(parse_mutation(typed)) == told


@pytest.mark.parametrize(
    "text", ["F45A:L50A", "F45A,L50A", "A:F45A;A:L50A", "A:45W/46W", "F45A L50A", "Phe45Ala+L50A"]
)
def test_several_mutations_in_one_text_are_refused(text):
    with pytest.raises(InputError, match="several mutations") as caught:
        parse_mutation(text)
    assert caught.value.code == "mutation.several"


@pytest.mark.parametrize("text", ["", "A", "A:45", "A:W", "A:4.5W", "A:45 W", "A:45ABCDW"])
def test_other_texts_are_refused_with_the_grammar(text):
    with pytest.raises(InputError, match="A:L45W") as caught:
        parse_mutation(text)
    assert caught.value.code == "mutation.syntax"


@pytest.mark.parametrize("text", ["A:45X", "A:B45W", "A:45MSE", "A:45Z"])
def test_other_amino_acid_names_are_refused(text):
    with pytest.raises(InputError, match="not one of the 20") as caught:
        parse_mutation(text)
    assert caught.value.code == "mutation.amino_acid"


def listed(tmp_path, text: str | bytes):
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_mutations(path)


EXPECTED = {0: Mutation("A", 45, "", "LEU", "TRP"), 1: Mutation("B", 7, "C", "", "GLY")}


@pytest.mark.parametrize(
    "text",
    [
        "chain,number,insertion_code,wild_type,mutant\nA,45,,LEU,TRP\nB,7,C,,GLY\n",
        "chain,number,insertion_code,wild_type,mutant\r\nA,45,,L,w\r\nB,7,C,,gly\r\n",
        "chain,number,insertion_code,wild_type,mutant\rA,45,,L,W\rB,7,C,,G",
        "\ufeffchain;number;wild_type;mutant\nA;45;L;W\nB;7C;;G\n",
        "Mutant\tNumber\tChain\tWild_Type\tddG\nW\t45\tA\tL\t1.5\nG\t7C\tB\t\t\n",
        "mutation\nA:L45W\nB:7CG\n",
        "\n\nid,mutation\n1,A:L45W\n\n,\n2,B:7CG\n\n",
        'chain,number,wild_type,mutant\n"A", 45 ,LEU, TRP\nB,7C,,G\n',
    ],
)
def test_lists_in_all_formats_are_read_alike(tmp_path, text):
    found = listed(tmp_path, text)
    assert dict(found.mutations) == EXPECTED
    assert found.failures == ()


def test_invalid_rows_become_failures(tmp_path):
    text = "chain,number,insertion_code,mutant\nA,45,,W\nA,x,,W\nA,46,,Z\nA,47\nA,48,,G\nA,4A,B,G\n"
    found = listed(tmp_path, text)
    assert list(found.mutations) == [0, 4]
    assert [(f.row, f.code) for f in found.failures] == [
        (1, "mutation.syntax"),
        (2, "mutation.amino_acid"),
        (3, "mutation.amino_acid"),
        (5, "mutation.syntax"),
    ]
    assert found.failures[0].mutation == "A,x,,W"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "mutations.empty"),
        ("\n \n,,\n", "mutations.empty"),
        ("chain,number,mutant\n", "mutations.empty"),
        ("A,45,W\nA,46,W\n", "mutations.columns"),
        ("chain,position,mutant\nA,45,W\n", "mutations.columns"),
        (b"chain,number,mutant\nA,45,\xff\xfe\n", "mutations.read"),
        (b"\0\1\2\3", "mutations.read"),
        ('chain,number,mutant\n"' + "A" * 200_000 + '",1,W\n', "mutations.read"),
    ],
)
def test_invalid_lists_are_refused(tmp_path, text, code):
    with pytest.raises(InputError, match=r"list\.csv") as caught:
        listed(tmp_path, text)
    assert caught.value.code == code


def test_missing_file_is_reported(tmp_path):
    with pytest.raises(InputError, match="No such file") as caught:
        read_mutations(tmp_path / "none.csv")
    assert caught.value.code == "mutations.read"


def test_joined_lists_have_consecutive_rows(tmp_path):
    first = listed(tmp_path, "mutation\nA:45W\nA:46Z\n")
    joined = join_lists([first, collect_mutations(["A:47G"]), first])
    assert list(joined.mutations) == [0, 2, 3]
    assert [failure.row for failure in joined.failures] == [1, 4]
