from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.results.prediction import (
    DomainPrediction,
    HitAlignment,
    InputInfo,
    Neighbour,
    Prediction,
    RankedLabel,
    ResidueTable,
    rounded,
)
from protvox.structure.structure import Dropped


@pytest.fixture
def table() -> ResidueTable:
    probabilities = np.full((4, 20), 0.01, dtype=np.float32)
    probabilities[:, 10] = 0.81  # LEU
    probabilities[3] = 0.05
    return ResidueTable(
        chain=np.array(["A", "A", "B", "B"]),
        number=np.array([-1, 52, 52, 7], dtype=np.int32),
        insertion_code=np.array(["", "A", "", ""]),
        wild_type=np.array(["LEU", "TRP", "", "GLY"]),
        probabilities=probabilities,
        domain=np.array(["d1", "d1", "", ""]),
    )


HIT = HitAlignment(
    0.75,
    0.5,
    2.1,
    30,
    0.2,
    "AC-",
    "ACD",
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    (0.0,) * 3,
)


@pytest.fixture
def prediction(table) -> Prediction:
    labels = (
        RankedLabel("3.40", "3-Layer(aba) Sandwich", 2 / 3),
        RankedLabel("3.30", "2-Layer Sandwich", 1 / 3),
    )
    domain = DomainPrediction(
        id="d1",
        chain="A",
        chopping="-1-90,120-150",
        n_residues=2,
        in_range=False,
        model="cath@1",
        cath_class=RankedLabel("3", "Alpha Beta", 1.0),
        architectures=labels,
        topologies=(RankedLabel("3.40.50", "Rossmann fold", 0.9),),
        superfamilies=(RankedLabel("3.40.50.300", "P-loop hydrolases", 0.4),),
        novel="superfamily",
        hits=(
            Neighbour("1abcA01", "3.40.50.300", 0.123456789, "P-loop hydrolases", 0.4, 0.9, HIT),
        ),
        nearest=(Neighbour("1abcA01", "3.40.50.300", 0.123456789),),
    )
    info = InputInfo("é.pdb", "pdb", "0" * 64, 1, 30, 5, (Dropped("2 waters", "chain A", "w"),))
    models = {"environment": "environment@1", "cath": "cath@1"}
    return Prediction(info, (domain,), table, models, ("Watch out.",))


def test_predicted_wild_type_probability_and_entropy(table):
    assert table.predicted.tolist()[:3] == ["LEU"] * 3
    assert table.p_wild_type[[0, 1, 3]] == pytest.approx([0.81, 0.01, 0.05])
    assert math.isnan(table.p_wild_type[2])
    one = -(0.81 * math.log(0.81) + 19 * 0.01 * math.log(0.01))
    assert table.entropy == pytest.approx([one, one, one, math.log(20)], rel=1e-6)


def test_entropy_of_certainty_is_zero():
    certain = np.zeros((1, 20), dtype=np.float32)
    certain[0, 3] = 1
    column = np.array(["A"])
    table = ResidueTable(column, np.array([1]), np.array([""]), np.array(["ASP"]), certain)
    assert table.entropy[0] == 0


def test_suspects_are_ordered_by_odds_and_need_a_wild_type(table):
    assert [(s.row, round(s.odds)) for s in table.suspects()] == [(1, 81)]
    assert table.suspects(odds=82) == ()
    assert [s.row for s in table.suspects(odds=1.0)] == [1, 0, 3]
    assert len(table.suspects(odds=1.0, limit=2)) == 2


def test_json_follows_the_schema_in_order(prediction):
    document = json.loads(prediction.to_json())
    assert list(document) == ["schema", "input", "models", "domains", "residues", "warnings"]
    assert list(document["input"]) == [
        "name",
        "format",
        "sha256",
        "model",
        "n_atoms",
        "n_residues",
        "dropped",
    ]
    assert document["input"]["dropped"] == [{"what": "2 waters", "where": "chain A", "why": "w"}]
    assert list(document["domains"][0]) == [
        "id",
        "chain",
        "chopping",
        "n_residues",
        "in_range",
        "flags",
        "model",
        "class",
        "architectures",
        "topologies",
        "superfamilies",
        "novel",
        "hits",
        "nearest",
    ]
    assert list(document["domains"][0]["hits"][0]) == [
        "domain",
        "cath",
        "similarity",
        "name",
        "p_superfamily",
        "p_topology",
        "alignment",
    ]
    assert document["domains"][0]["in_range"] is False
    assert list(document["residues"][0]) == [
        "chain",
        "number",
        "insertion_code",
        "wild_type",
        "predicted",
        "p_wild_type",
        "entropy",
        "probabilities",
    ]
    assert list(document["residues"][0]["probabilities"]) == list(AMINO_ACIDS)
    assert document["residues"][2]["p_wild_type"] is None


def test_floats_have_six_significant_digits_only_in_the_json(prediction):
    document = prediction.to_dict()
    assert document["domains"][0]["architectures"][0]["probability"] == 0.666667
    assert document["domains"][0]["nearest"][0]["similarity"] == 0.123457
    assert document["residues"][0]["probabilities"]["LEU"] == 0.81
    assert prediction.to_pandas().domains["architecture_probability"][0] == 2 / 3


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1 / 3, 0.333333),
        (1.23456789e-9, 1.23457e-9),
        (0.0, 0.0),
        (math.nan, None),
        (-math.inf, None),
    ],
)
def test_rounded(value, wanted):
    assert rounded(value) == wanted


def test_json_is_one_line_or_indented_with_the_same_content(prediction):
    assert "\n" not in prediction.to_json()
    assert json.loads(prediction.to_json(indent=1)) == json.loads(prediction.to_json())
    assert "é.pdb" in prediction.to_json()


def test_pandas_tables(prediction):
    tables = prediction.to_pandas()
    assert len(tables.residues) == 4
    assert tables.residues["id"].unique().tolist() == ["é.pdb"]
    assert tables.residues["architecture"].tolist() == ["3.40", "3.40", "", ""]
    assert tables.residues[[f"p_{a}" for a in AMINO_ACIDS]].to_numpy() == pytest.approx(
        prediction.residues.probabilities
    )
    row = tables.domains.iloc[0]
    assert (row["architecture"], row["architecture_2"], row["class"]) == ("3.40", "3.30", "3")


def test_empty_tables_keep_their_columns(prediction):
    full = prediction.to_pandas()
    empty = Prediction(prediction.input).to_pandas()
    assert len(empty.domains) == len(empty.residues) == 0
    assert list(empty.residues.columns) == list(full.residues.columns)
    assert set(empty.domains.columns) <= set(full.domains.columns)
    document = Prediction(prediction.input).to_dict()
    assert (document["domains"], document["residues"]) == ([], [])


def test_records_are_frozen(prediction):
    with pytest.raises(AttributeError):
        prediction.warnings = ()


def test_undecodable_file_name_is_written_in_every_format(prediction):
    class Named:
        name, format, sha256, model = "bad\udcff.pdb", "pdb", "0" * 64, 1
        title = ""
        n_atoms = n_residues = 0
        dropped = ()
        plddt = assembly = copies = same_as = None

    named = replace(prediction, input=InputInfo.of(Named))
    assert "bad\\\\udcff.pdb" in named.to_json().encode().decode()
    assert named.to_pandas().domains["id"].tolist() == ["bad\\udcff.pdb"]
