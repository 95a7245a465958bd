from __future__ import annotations

import pytest

from protvox.errors import InputError
from protvox.predict.mutations.mutation_list import Mutation
from protvox.predict.mutations.notation import parse_mutation, parse_variant


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
        ("F45A:50W", Mutation("F45A", 50, "", "", "TRP")),
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
    ("text", "told"),
    [
        ("LA45W", "A:L45W"),  # FoldX, EvoEF, SKEMPI
        ("LA45W;", "A:L45W"),
        ("LA45aW", "A:L45aW"),  # SKEMPI, insertion code
        ("LEUA45W", "A:L45W"),  # results of FoldX
        ("A L45W", "A:L45W"),  # mCSM
        ("A_L45W", "A:L45W"),
        ("L45.A{W}", "A:L45W"),  # MAESTRO
        ("p.Leu45Trp", "L45W"),
        ("p.(Leu45Trp)", "L45W"),
        ("A:p.L45W", "A:L45W"),
        ("NP_000537.3:p.Leu45Trp", "L45W"),
    ],
)
def test_notations_of_other_programs_are_read(text, told):
    assert str(parse_mutation(text)) == told


@pytest.mark.parametrize(
    "text",
    [
        "A:F45A+A:L50A",
        "A:F45A+L50A",
        "A:F45A;A:L50A",
        "FA45A,LA50A;",
        "A F45A;A L50A",
        "A:F45A,50A",
        "A:F45A & A:L50A",
        "A:Phe45Ala/Leu50Ala",
    ],
)
def test_several_at_once_are_read(text):
    variant = parse_variant(text)
    assert [(m.chain, m.number, m.mutant) for m in variant.mutations] == [
        ("A", 45, "ALA"),
        ("A", 50, "ALA"),
    ]
    assert parse_variant(str(variant)) == variant


@pytest.mark.parametrize(
    "text", ["F45A:L50A", "F45A,L50A", "F45A_L50A", "F45A L50A", "p.[Phe45Ala;Leu50Ala]"]
)
def test_several_at_once_need_no_chain(text):
    assert str(parse_variant(text)) == "F45A+L50A"


def test_several_are_not_a_single_mutation():
    with pytest.raises(InputError, match="several mutations") as caught:
        parse_mutation("F45A+L50A")
    assert caught.value.code == "mutation.several"


@pytest.mark.parametrize(
    "text", ["", "+", "A", "A:45", "A:W", "A:4.5W", "A:45 W", "A:45ABCDW", "A F45A A", "A " * 9999]
)
def test_other_texts_are_refused_with_the_grammar(text):
    with pytest.raises(InputError, match="A:L45W") as caught:
        parse_variant(text)
    assert caught.value.code == "mutation.syntax"


@pytest.mark.parametrize(
    "text",
    ["p.Arg97fs", "p.Phe45=", "p.Trp24*", "p.Lys2_Val5del", "p.Val7del", "p.", "c.76A>T:p.?"],
)
def test_other_changes_of_hgvs_are_refused(text):
    with pytest.raises(InputError, match=r"p\.Phe45Trp") as caught:
        parse_variant(text)
    assert caught.value.code == "mutation.hgvs"


@pytest.mark.parametrize("text", ["A:45X", "A:B45W", "A:45MSE", "A:45Z", "p.Trp24Ter", "SA45p"])
def test_other_amino_acid_names_are_refused(text):
    with pytest.raises(InputError, match="not one of the 20") as caught:
        parse_variant(text)
    assert caught.value.code == "mutation.amino_acid"
