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
from protvox.predict.search.search import search
from protvox.registry import installed
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
