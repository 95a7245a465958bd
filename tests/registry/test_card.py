from __future__ import annotations

import json

import pytest

from protvox.errors import ModelError
from protvox.registry.card import Card, Vote, read_card, write_card

CARD = Card("cath", "2", "cath", "words", {"labels": ["3.40"]}, "model.safetensors", "ab", 1.2)


def test_round_trip(tmp_path):
    for limits in (None, (40, 300)):
        card = Card(**{**CARD.__dict__, "n_residues": limits, "metrics": {"val": {"top1": 0.5}}})
        write_card(card, tmp_path)
        assert read_card(tmp_path) == card
    assert card.reference == "cath@2"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "protvox.card/99"},
        {"schema": None},
        {"sha256": None},
        {"vote": {"superfamilies": 0, "temperature": 0.2, "weight": 0.5}},
        {"vote": {"superfamilies": 5, "temperature": 0.2}},
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": "warm"},
        {"weights": "../model.safetensors"},
        {"n_residues": [40]},
        {"architecture": []},
        {"unheard_of": 1},
    ],
)
def test_invalid_cards_give_one_error(tmp_path, change):
    write_card(CARD, tmp_path)
    path = tmp_path / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ModelError) as caught:
        read_card(tmp_path)
    assert caught.value.code == "model.card"


@pytest.mark.parametrize("missing", ["schema", "name", "architecture", "sha256"])
def test_missing_keys(tmp_path, missing):
    write_card(CARD, tmp_path)
    values = json.loads((tmp_path / "card.json").read_text())
    del values[missing]
    (tmp_path / "card.json").write_text(json.dumps(values))
    with pytest.raises(ModelError) as caught:
        read_card(tmp_path)
    assert caught.value.code == "model.card"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe{}"])
def test_missing_card(tmp_path, content):
    with pytest.raises(ModelError):
        read_card(tmp_path)
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(ModelError):
        read_card(tmp_path)


def test_vote_round_trip(tmp_path):
    card = Card("cath", "1", "cath", "words", {}, "w", "0" * 64, vote=Vote(5, 0.2, 0.5))
    write_card(card, tmp_path)
    assert read_card(tmp_path) == card
