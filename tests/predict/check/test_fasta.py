from __future__ import annotations

import pytest

from protvox.errors import InputError
from protvox.predict.check.fasta import parse_fasta, read_fasta


def test_names_and_sequences():
    text = ">sp|P1 first chain\nACDE\nFGH\n\n>b\nac-d*\n>b\nWW\n"
    assert parse_fasta(text, where="x") == {"sp|P1": "ACDEFGH", "b": "ACD", "b-2": "WW"}


def test_many_sequences_of_one_name_take_no_longer():
    sequences = parse_fasta(">a\nAC\n" * 20_000, where="x")
    assert len(sequences) == 20_000


def test_a_bare_sequence():
    assert parse_fasta("ACD\nEFG\n", where="x") == {"sequence": "ACDEFG"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "sequence.fasta"), (">a\n", "sequence.fasta"), (">a\nAC1", "sequence.fasta")],
)
def test_what_is_not_fasta(text, code):
    with pytest.raises(InputError) as error:
        parse_fasta(text, where="x")
    assert error.value.code == code


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError) as error:
        read_fasta(tmp_path / "none.fasta")
    assert error.value.code == "sequence.read"
