"""Evidence for superfamilies and topologies: probabilities by hand, and files that are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from protvox.errors import ModelError
from protvox.predict.index.find_relatives import SURE, find_relatives, with_probabilities
from protvox.predict.index.index import Index
from protvox.predict.index.known_traces import KnownTraces
from protvox.predict.index.relatives import (
    PER_SUPERFAMILY,
    RelativeProbabilities,
    RelativesModel,
    choose_candidates,
)
from protvox.structure.alignment.domain_trace import DomainTrace

MODEL = RelativesModel((-10.0, 20.0, 0.0), (-5.0, 10.0, 0.0), head="x")
CODES = ("3.40.50.300", "3.40.50.300", "3.40.50.720", "1.10.8.10", "")


def test_probabilities_by_hand():
    scores = np.array([[1, 0.3, 1], [1, 0.6, 1], [1, 0.5, 1], [1, 0.4, 1], [1, 0.9, 1]])
    found = MODEL.probabilities(scores, CODES)
    odds = np.exp([2.0, 0.0, -2.0])  # of the best hit of each superfamily
    expected = odds / (1 + odds.sum())
    assert list(found.superfamilies) == ["3.40.50.300", "3.40.50.720", "1.10.8.10"]
    np.testing.assert_allclose(list(found.superfamilies.values()), expected)
    odds = np.exp([1.0, -1.0])
    shares = odds / (1 + odds.sum())
    np.testing.assert_allclose(list(found.new_topologies.values()), shares)
    assert found.none == pytest.approx(1 - expected.sum())
    assert found.unknown == pytest.approx(found.none * (1 - shares.sum()))
    assert found.topologies()["3.40.50"] == pytest.approx(
        expected[0] + expected[1] + found.none * shares[0]
    )


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_levels_are_consistent(parts):
    found = RelativeProbabilities(
        {"3.40.50.300": 0.3, "3.40.50.720": 0.2, "3.30.70.100": 0.1, "1.10.8.10": 0.05},
        {"3.40.50": 0.5, "1.10.8": 0.2},
    )
    nodes = found.nodes(parts)
    assert sum(nodes.values()) == pytest.approx(1 - found.unknown)
    for node, p in nodes.items():
        below = [q for code, q in found.superfamilies.items() if code.startswith(f"{node}.")]
        assert p >= sum(below) - 1e-12


def test_without_hits_nothing_is_known():
    found = MODEL.probabilities(np.empty((0, 3)), ())
    assert (found.none, found.unknown, found.topologies()) == (1.0, 1.0, {})


def test_a_large_superfamily_does_not_hide_the_others():
    codes = ["3.40.50.300"] * 100 + ["1.10.8.10"] * 100
    chosen = choose_candidates(codes, 30)
    assert chosen == [0, 1, 2, 100, 101, 102]
    assert len(choose_candidates([f"1.10.8.{n}" for n in range(50)], 30)) == 30
    assert PER_SUPERFAMILY == 3


def helix(n: int, rise: float = 1.5) -> np.ndarray:
    angle = np.radians(100) * np.arange(n)
    return np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), rise * np.arange(n)], axis=1)


def hairpin(n: int) -> np.ndarray:
    return np.concatenate([helix(n), helix(n)[::-1] + np.array([9.0, 0, 0])])


def test_the_same_structure_is_a_certain_relative_and_its_mirror_image_is_not():
    trace = hairpin(25)
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 2.2, (50, 3)), axis=0)
    index = Index.build(
        np.eye(2, dtype=np.float32),
        ["1abcA00", "2xyzA00"],
        ["1.10.8.10", "3.40.50.300"],
        name="two",
        model="m@1",
        head="x",
        traces=KnownTraces.build([trace, walk], [None, None]),
        names={"1.10.8.10": "hairpins", "3.40.50": "Rossmann fold"},
    )
    model = RelativesModel((-12.0, 20.0, 0.0), (-5.0, 2.0, 0.0), head="x")
    rows, similarities = np.array([0, 1]), np.array([0.9, 0.8], dtype=np.float32)
    found = find_relatives(DomainTrace(trace), index, rows, similarities, model)
    assert found is not None
    assert found.probabilities.superfamilies["1.10.8.10"] > SURE
    (hit,) = found.hits
    assert (hit.domain, hit.name) == ("1abcA00", "hairpins")
    assert hit.alignment.tm_query > 0.99
    assert np.isnan(hit.alignment.identity)
    assert hit.p_superfamily == found.probabilities.superfamilies["1.10.8.10"]
    other = with_probabilities(index.neighbour(1, 0.8), found.probabilities)
    # The first one decides, so that the others are not aligned.
    assert (other.name, other.p_superfamily) == ("Rossmann fold", None)
    mirrored = find_relatives(DomainTrace(trace * [1, 1, -1]), index, rows, similarities, model)
    assert mirrored is not None
    assert max(mirrored.probabilities.superfamilies.values()) < 0.5
    assert find_relatives(DomainTrace(trace[:2]), index, rows, similarities, model) is None


def test_files_round_trip_and_are_checked(tmp_path):
    path = tmp_path / "relatives.json"
    MODEL.save(path)
    assert RelativesModel.load(path, "x") == MODEL
    with pytest.raises(ModelError) as caught:
        RelativesModel.load(path, "y")
    assert caught.value.code == "index.model"
    values = json.loads(path.read_text())
    for change in ({"schema": "other"}, {"topology": [1, 2]}, {"superfamily": ["a", 1, 1]}):
        path.write_text(json.dumps({**values, **change}))
        with pytest.raises(ModelError) as caught:
            RelativesModel.load(path, "x")
        assert caught.value.code == "index.file"
