"""The embedding and the index that ship belong to the model that ships."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.index.head import EmbeddingHead
from protvox.predict.index.index import Index
from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, ReleasedIndex
from protvox.predict.model_cache import load_domain_predictor
from protvox.predict.search.search import search
from protvox.registry import installed
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations


@pytest.fixture(autouse=True)
def released(monkeypatch) -> ReleasedIndex:
    monkeypatch.delenv("PROTVOX_MODEL_DIR", raising=False)
    model = installed.find("cath")
    return ReleasedIndex(model.folder, model.card)


def test_they_fit_the_weights(released):
    folder = released.folder
    head = EmbeddingHead.load(folder / HEAD_FILE, released.card)
    index = Index.load(folder / INDEX_FILE, head)
    # The version says when they were made; what must be the same are the weights.
    assert head.model_sha256 == released.card.sha256
    assert index.model.split("@")[0] == released.card.name
    assert len(index) > 8000
    assert index.codes.shape[1] == head.width


def test_the_files_are_small(released):
    size = sum(path.stat().st_size for path in released.folder.iterdir())
    assert size < 20e6


def test_every_known_domain_is_a_unit_vector_with_a_code(released):
    index = released.index()
    lengths = np.linalg.norm(index.vectors(np.arange(len(index))), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    assert all(code.count(".") == 3 for code in index.cath)
    assert len(set(index.domains)) == len(index)


def test_ubiquitin_finds_its_fold(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    (domain,) = search(structure, device="cpu", top_k=5).domains
    assert sum(near.cath.startswith("3.10.20.") for near in domain.nearest) >= 3
    (classified,) = classify(structure, task="cath", device="cpu").domains
    near = [(one.domain, one.similarity) for one in domain.nearest]
    assert [(one.domain, one.similarity) for one in classified.nearest] == near[:3]


def test_turning_changes_nothing(data_dir):
    structure = read_structure(data_dir / "1a8o.cif")
    here = embed(structure, device="cpu").vectors
    for rotation in random_rotations(3, np.random.default_rng(0)):
        moved = (structure.coordinates @ rotation.T + 40).astype(np.float32)
        there = embed(dataclasses.replace(structure, coordinates=moved), device="cpu").vectors
        assert np.abs(here - there).max() < 1e-4


def no_proteins(ca):
    """Yield traces of as many residues that no protein has."""
    rng = np.random.default_rng(0)
    parts = np.array_split(ca, 6)
    steps = rng.normal(size=ca.shape)
    yield "mirrored", ca * [-1, 1, 1]
    yield "reversed", ca[::-1].copy()
    yield "shuffled", np.concatenate([parts[part] for part in (3, 0, 4, 2, 5, 1)])
    yield "walk", np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


def test_what_is_no_protein_has_no_probable_superfamily(data_dir):
    predictor = load_domain_predictor("cath", "cpu")
    trace = DomainTrace.of(read_structure(data_dir / "1ubi.pdb"))

    def best(ca):
        found = predictor.predict_trace(DomainTrace(ca)).relatives
        return max(found.probabilities.superfamilies.values(), default=0.0)

    assert best(trace.ca) > 0.9
    for kind, ca in no_proteins(trace.ca):
        assert best(ca) < 0.5, kind
