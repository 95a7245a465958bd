from __future__ import annotations

import dataclasses
import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from protvox.chemistry import AMINO_ACID_INDEX
from protvox.predict.results.prediction import HitAlignment, Neighbour, Prediction, RankedLabel
from protvox.report.terminal.domain_name import wrap_ranges
from protvox.report.terminal.prediction import render
from protvox.report.terminal.search import render_search
from protvox.structure.structure import Dropped


def draw(prediction: Prediction, *, color: bool = False, width: int = 80) -> str:
    file = io.StringIO()
    system = "standard" if color else None
    Console(file=file, width=width, force_terminal=color, color_system=system).print(
        render(prediction, width=width)
    )
    return file.getvalue()


def test_fits_80_columns_whatever_the_names(prediction):
    assert max(map(len, draw(prediction).splitlines())) <= 80


def test_shows_what_was_read_and_what_was_ignored(prediction):
    text = draw(prediction)
    assert "mmcif, model 3, 121 residues, 999 atoms" in text
    assert "10 waters (chain 0 and 4 more)" in text


def test_the_reason_is_shown_where_the_count_says_little(prediction):
    dropped = (
        Dropped("7 atoms", "chain A", "twice"),
        Dropped("2 atoms", "chain A", "unknown"),
        Dropped("residue", "A:7 LYS", "no CA"),
        Dropped("5 models", "model 2", "one"),
    )
    info = dataclasses.replace(prediction.input, dropped=dropped)
    text = " ".join(draw(dataclasses.replace(prediction, input=info)).split())
    assert "7 atoms (chain A: twice); 2 atoms (chain A: unknown)" in text
    assert "1 residue (A:7 LYS: no CA); 5 models (model 2)" in text


def test_names_cannot_send_escapes(prediction):
    assert "\x1b" not in draw(prediction)
    assert "a\\x1b[31m.cif" in draw(prediction)


def test_strip_shows_the_favoured_amino_acid_below_the_suspect(prediction):
    lines = draw(prediction).splitlines()
    row = lines.index("    45  LKMFPSTWYV")  # the last residues of chain A
    assert lines[row + 1] == "               G"


def test_sequences_are_broken_to_a_narrow_terminal(prediction):
    lines = draw(prediction, width=50).splitlines()
    row = lines.index("    25  LKMFPSTWYV ARNDCQEGHI LKMFPSTWYV")  # three blocks of ten
    assert lines[row + 1].split() == ["G"]
    assert lines[row + 1].index("G") == lines[row].rindex("TWYV") + 1  # TRP


def test_suspects_are_listed_with_insertion_code_and_odds(prediction):
    text = draw(prediction)
    assert "A:52A TRP      0.0001  GLY 1.00" in text
    assert f"{0.999 / (0.001 / 19):,.0f} : 1" in text


def test_improbable_is_not_shown_as_zero(prediction):
    prediction.residues.probabilities[57, :] = 1e-9
    prediction.residues.probabilities[57, AMINO_ACID_INDEX["GLY"]] = 1
    assert "A:52A TRP     <0.0001  GLY 1.00" in draw(prediction)


def test_shows_how_many_suspects_are_not_listed(prediction):
    assert "residues  10 of" not in draw(prediction)
    prediction.residues.probabilities[:12] = np.roll(prediction.residues.probabilities[:12], 1, 1)
    assert "Most suspicious residues  10 of 13" in draw(prediction)


def test_chain_without_a_name_is_called_blank(prediction):
    table = dataclasses.replace(prediction.residues, chain=np.full(120, ""))
    assert "chain (blank)" in draw(dataclasses.replace(prediction, residues=table))


def test_out_of_range_domain_is_marked(prediction):
    assert draw(prediction).count("unlike domains") == 1


def test_colour_only_when_asked(prediction):
    assert "\x1b[" in draw(prediction, color=True)


def test_nearest_domains_are_named_with_their_codes(prediction):
    lines = [line.rstrip() for line in draw(prediction).splitlines()]
    row = lines.index("Nearest known domains")
    assert lines[row + 1].split() == ["domain", "nearest", "CATH", "similarity"]
    assert lines[row + 2].split()[-3:] == ["1abcA01", "3.40.50.300", "0.90"]
    bare = [dataclasses.replace(domain, nearest=()) for domain in prediction.domains]
    assert "Nearest" not in draw(dataclasses.replace(prediction, domains=tuple(bare)))


def test_relatives_stand_in_place_of_the_nearest(prediction):
    alignment = HitAlignment(0.81, 0.7, 1.9, 58, 0.3, "A", "A", (), ())
    hit = Neighbour("2xyzA02", "3.40.50.300", 0.9, "P-loop", 0.97, 0.99, alignment)
    known = dataclasses.replace(
        prediction.domains[0],
        topologies=(RankedLabel("3.40.50", "Rossmann fold", 0.99),),
        superfamilies=(RankedLabel("3.40.50.300", "P-loop hydrolases", 0.97),),
        novel="",
        hits=(hit,),
    )
    new = dataclasses.replace(
        known, novel="superfamily", chain="B", chopping="1000A-1200B,1300-1400"
    )
    text = draw(dataclasses.replace(prediction, domains=(known, new), residues=None))
    assert "Nearest" not in text
    assert max(map(len, text.splitlines())) <= 80
    row = next(line for line in text.splitlines() if "2xyzA02" in line)
    assert row.split()[-4:] == ["2xyzA02", "0.81", "1.9", "58"]
    assert "3.40.50.300 P-loop hydrolases" in text
    assert "no known superfamily of" in text and "best: 3.40.50.300" in text
    assert "1000A-1200B" in text


def test_identical_domains_are_shown_once_where_their_answers_agree(prediction):
    first = dataclasses.replace(prediction.domains[0], in_range=True)
    copies = [
        dataclasses.replace(first, id=chain, chain=chain, same_as="A")
        for chain in ("B", "C", "D", "E", "F", "G")
    ]
    odd = dataclasses.replace(copies[-1], architectures=(RankedLabel("1.10", "Bundle", 0.5),))
    shown = draw(dataclasses.replace(prediction, domains=(first, *copies[:-1], odd), residues=None))
    assert "A, B, C, D, E, F" in shown and "identical" in shown
    assert shown.count("60 residues") == 2
    assert "B:-5" not in shown and "G:-5" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_without_residues_or_domains(prediction):
    cath = draw(dataclasses.replace(prediction, residues=None))
    assert "Amino-acid" not in cath
    environment = draw(dataclasses.replace(prediction, domains=()))
    assert "CATH" not in environment
    assert "chain Bc" in environment


@pytest.mark.parametrize("rows", [0, 3])
def test_a_structure_without_standard_residues(prediction, rows):
    table = prediction.residues
    fields = ("chain", "number", "insertion_code", "probabilities")
    empty = dataclasses.replace(
        table, **{f: getattr(table, f)[:rows] for f in fields}, wild_type=np.full(rows, "")
    )
    text = draw(dataclasses.replace(prediction, residues=empty))
    assert "no standard amino acid" in text


CHOPPINGS = [
    "163-359,545-567",
    "1-29,60-121",
    "-5-10,20-30,31-35",
    "163-359,545-567,570-1580,1600-1611",
]


@pytest.mark.parametrize("chopping", CHOPPINGS)
@pytest.mark.parametrize("chain", ["A", "AAAA"])
def test_domain_names_are_broken_only_after_commas(prediction, chain, chopping):
    domains = [dataclasses.replace(d, chain=chain, chopping=chopping) for d in prediction.domains]
    text = draw(dataclasses.replace(prediction, domains=tuple(domains)))
    ranges = {f"{chain}:{chopping}".split(",")[0], *chopping.split(",")[1:]}
    words = {part for word in text.split() for part in word.split(",")}
    assert ranges <= words
    assert max(map(len, text.splitlines())) <= 80


def test_names_are_wrapped_to_the_width():
    assert wrap_ranges("A:1-90,120-150", 14) == "A:1-90,120-150"
    assert wrap_ranges("A:1-90,120-150", 13) == "A:1-90,\n120-150"
    assert wrap_ranges("chain (blank)", 13) == "chain (blank)"
    assert wrap_ranges("abcdefgh:1-2,3", 5) == "abcdefgh:1-2,\n3"


def test_search_titles_are_broken_only_after_commas(prediction):
    chopping = ",".join(f"{100 * i + 11}-{100 * i + 77}" for i in range(1, 12))
    domain = dataclasses.replace(prediction.domains[0], chopping=chopping)
    facts = SimpleNamespace(n_domains=9, name="nine")
    result = SimpleNamespace(input=prediction.input, domains=(domain,), index=facts)
    file = io.StringIO()
    Console(file=file, width=80).print(render_search(result))
    words = {part for word in file.getvalue().split() for part in word.split(",")}
    assert set(chopping.split(",")[1:]) <= words
