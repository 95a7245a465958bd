"""The JSON that is written, against the JSON Schema that is published for it."""

from __future__ import annotations

import json

import jsonschema_rs
import numpy as np
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.mutations.score import score_mutations
from protvox.predict.results.json_documents import DOCUMENTS, Mutation, Residue
from protvox.predict.results.publish_schema import describe_documents, document_schema
from protvox.predict.results.residue_table import ResidueTable
from protvox.predict.results.rows import residue_rows
from protvox.predict.search.search import search
from protvox.structure.selection import parse_selection


@pytest.fixture(autouse=True)
def searchable(searchable_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(searchable_models))


PLDDT = ("plddt", "disordered")
"""Fields that only predicted models have."""

RESULTS = {
    "classify": lambda s: classify(s, domains=[parse_selection("A:1-40")]),
    "mutations": lambda s: score_mutations(s, ["A:8W", "A:900W"]),
    "embed": embed,
    "embed residues": lambda s: embed(s, per="residue"),
    "search": lambda s: search(s, top_k=3),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_fit_the_published_schema(ubiquitin, name):
    command = name.split()[0]
    result = RESULTS[name](ubiquitin)
    document = json.loads(result.to_json())
    assert document == result.to_dict()
    schema = document_schema(command)
    validator = jsonschema_rs.validator_for(schema)
    validator.validate(document)
    assert list(document) == schema["required"]
    optional = {"others"} if command == "classify" else set()
    assert schema["properties"].keys() - document.keys() == optional
    assert any(document[key] for key in ("domains", "residues", "mutations") if key in document)
    for key in document:
        assert not validator.is_valid({k: v for k, v in document.items() if k != key})


@pytest.mark.parametrize("name", RESULTS)
def test_nested_objects_have_exactly_the_keys_of_the_schema_in_order(ubiquitin, name):
    command = name.split()[0]
    schema = document_schema(command)
    document = RESULTS[name](ubiquitin).to_dict()
    checked = 0
    for key, described in schema["properties"].items():
        name = described.get("items", {}).get("$ref", "").rpartition("/")[2]
        for row in document.get(key, ()) if name else ():
            assert list(row) == schema["$defs"][name]["required"]
            checked += 1
    assert checked


def test_documents_can_be_read_back(ubiquitin):
    text = classify(ubiquitin).to_json()
    document = DOCUMENTS["classify"].model_validate_json(text)
    assert document.input.n_residues == 76
    assert document.domains[0].cath_class.label == json.loads(text)["domains"][0]["class"]["label"]


def test_missing_numbers_are_null():
    table = ResidueTable(
        chain=np.array(["A"]),
        number=np.array([1], dtype=np.int32),
        insertion_code=np.array([""]),
        wild_type=np.array([""]),
        probabilities=np.full((1, 20), 0.05, dtype=np.float32),
    )
    (row,) = residue_rows(table)
    assert row["p_wild_type"] is None
    assert list(row) == [name for name in Residue.model_fields if name not in PLDDT]
    assert row["probabilities"] == dict.fromkeys(AMINO_ACIDS, 0.05)
    schema = {"$ref": "#/$defs/Residue", "$defs": describe_documents()}
    jsonschema_rs.validate(schema, row)


def test_every_field_is_described():
    """`Dropped` belongs to another package and has no field descriptions."""
    undescribed = {
        (name, field)
        for name, schema in describe_documents().items()
        for field, described in schema["properties"].items()
        if "description" not in described and name not in ("AminoAcidProbabilities", "Dropped")
    }
    assert undescribed == set()


def test_row_models_share_the_residue_address():
    address = ["chain", "number", "insertion_code", "wild_type"]
    assert [list(model.model_fields)[:4] for model in (Residue, Mutation)] == [address] * 2
