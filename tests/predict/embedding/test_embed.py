"""Embeddings and searches of structures, with small random networks."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from protvox.errors import InputError, ModelError, UsageError
from protvox.networks.poses import domain_features, domain_logits
from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, NEAREST
from protvox.predict.index.trace_descriptor import WINDOWS, describe_trace
from protvox.predict.model_cache import load_predictor
from protvox.predict.search.build_index import IndexBuilder
from protvox.predict.search.search import search
from protvox.registry.card import Vote, read_card, write_card
from protvox.structure.selection import parse_selection
from protvox.voxel.rotation import random_rotations

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def searchable(searchable_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(searchable_models))


def rotated(structure, seed=0):
    rotation = random_rotations(1, np.random.default_rng(seed))[0]
    moved = structure.coordinates @ rotation.T + np.array([30.0, -20.0, 55.0])
    return dataclasses.replace(structure, coordinates=moved.astype(np.float32))


def test_features_do_not_depend_on_the_batch(many_chains):
    predictor = load_predictor("cath", "cpu")
    network = predictor._network
    chains = [many_chains.chain == name for name in many_chains.protein_chains]
    traces = [many_chains.select(mask).backbone()[:, 1] for mask in chains]
    traces = [ca[np.isfinite(ca).all(axis=1)] for ca in traces] * 2
    together, logits = domain_features(network, traces, CPU)
    alone = torch.cat([domain_features(network, [ca], CPU)[0] for ca in traces])
    assert len(together) >= 4
    assert (together - alone).abs().max() < 1e-5
    torch.testing.assert_close(logits, domain_logits(network, traces, CPU), rtol=0, atol=0)


@pytest.mark.parametrize("per", ["domain", "residue"])
def test_rotated_structure_has_the_same_embeddings(repressor, ubiquitin, per):
    for structure in (ubiquitin, repressor):
        here, there = (embed(s, per=per) for s in (structure, rotated(structure)))
        assert np.abs(here.vectors - there.vectors).max() < 1e-4
        assert here.vectors.std() > 0.01


def test_domain_vectors_have_length_one(ubiquitin):
    found = embed(ubiquitin)
    assert found.vectors.shape == (1, 10)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    (domain,) = found.domains
    assert (domain.chain, domain.n_residues) == ("A", 76)
    frame = found.to_pandas()
    assert frame.loc[0, "head"] == found.head
    np.testing.assert_array_equal(frame.loc[0, "embedding"], found.vectors[0])
    plain = json.loads(found.to_json())
    assert plain["schema"] == "protvox.embed/1"
    np.testing.assert_allclose(plain["domains"][0]["embedding"], found.vectors[0], rtol=1e-5)


def test_a_residue_has_the_features_of_the_network(ubiquitin):
    network = load_predictor("environment", "cpu")._network
    seen = []
    handle = network.features.register_forward_hook(lambda _m, _i, out: seen.append(out))
    classify(ubiquitin, task="environment", device="cpu")
    handle.remove()
    found = embed(ubiquitin, per="residue")
    np.testing.assert_allclose(found.vectors, torch.cat(seen).numpy(), atol=1e-6)
    assert found.residues.number.tolist() == list(range(1, 77))
    assert found.to_pandas().shape == (76, 6)
    assert json.loads(found.to_json())["residues"][0]["wild_type"] == "MET"


def test_residues_of_a_domain_see_the_whole_structure(ubiquitin):
    whole = embed(ubiquitin, per="residue").vectors
    part = embed(ubiquitin, per="residue", domains=[parse_selection("A:1-40")])
    assert len(part.residues) == 40
    np.testing.assert_allclose(part.vectors, whole[:40], atol=1e-5)


def test_traces_of_any_length(ubiquitin):
    ca = ubiquitin.backbone()[:, 1]
    for n in (3, 5, WINDOWS - 1, WINDOWS, 76):
        assert np.isfinite(describe_trace(ca[:n])).all()
    pairs = WINDOWS * (WINDOWS - 1) // 2
    mirrored = describe_trace(ca * [1, 1, -1])
    here = describe_trace(ca)
    np.testing.assert_allclose(mirrored[: 2 * pairs], here[: 2 * pairs], atol=1e-5)
    handed = slice(2 * pairs, 3 * pairs)
    np.testing.assert_allclose(mirrored[handed], -here[handed], atol=1e-5)
    assert np.abs(here[handed]).max() > 0.5


def test_classification_includes_the_nearest_domains(ubiquitin):
    (domain,) = classify(ubiquitin, task="cath").domains
    (searched,) = search(ubiquitin, top_k=NEAREST).domains
    near = [(one.domain, one.similarity) for one in searched.nearest]
    assert [(one.domain, one.similarity) for one in domain.nearest] == near
    assert len(domain.nearest) == NEAREST
    assert domain.nearest[0].cath == "3.40.50.300"
    similar = [near.similarity for near in domain.nearest]
    assert similar == sorted(similar, reverse=True)


def test_similarity_is_the_cosine_of_embeddings(ubiquitin, searchable_models):
    index = load_predictor("cath", "cpu").released.index()
    result = search(ubiquitin, top_k=40)
    cosines = index.vectors(np.arange(40)) @ embed(ubiquitin).vectors[0]
    found = result.to_pandas()
    assert found["rank"].tolist() == list(range(1, 41))
    np.testing.assert_allclose(found.similarity, np.sort(cosines)[::-1], atol=1e-6)
    assert result.to_dict()["index"] == {"name": "forty domains", "n_domains": 40}


def test_user_index(ubiquitin, repressor, data_dir, tmp_path):
    files = IndexBuilder("mine")
    for name in ("1ubi.pdb", "1lcd.pdb.gz"):
        files.add_file(data_dir / name, name)
    index = files.build()
    (domain,) = search(ubiquitin, index=index, top_k=2).domains
    assert [near.domain for near in domain.nearest] == ["1ubi.pdb A", "1lcd.pdb.gz A"]
    assert domain.nearest[0].similarity > 0.999
    table = tmp_path / "table.parquet"
    frame = embed(ubiquitin).to_pandas()
    frame.assign(cath="3.10.20.90").to_parquet(table)
    again = IndexBuilder("again")
    again.add_table(table)
    again.build().save(tmp_path / "index")
    (domain,) = search(ubiquitin, index=tmp_path / "index", top_k=5).domains
    assert [(near.domain, near.cath) for near in domain.nearest] == [("1ubi.pdb A", "3.10.20.90")]


def test_invalid_tables_are_refused(tmp_path, ubiquitin):
    frame = embed(ubiquitin).to_pandas()
    nothing = frame.assign(embedding=[np.zeros(10, dtype=np.float32)])
    wrong = {
        "index.table": [
            frame.drop(columns="embedding"),
            nothing,
            frame.assign(embedding=[np.ones(3, dtype=np.float32)]),
        ],
        "index.model": [frame.assign(head="other")],
    }
    for code, frames in wrong.items():
        for item in frames:
            item.to_parquet(tmp_path / "t.parquet")
            with pytest.raises((InputError, ModelError)) as caught:
                IndexBuilder("x").add_table(tmp_path / "t.parquet")
            assert caught.value.code == code
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputError) as caught:
        IndexBuilder("x").add_table(tmp_path / "text")
    assert caught.value.code == "index.table"


def test_without_an_embedding_domains_are_still_classified(tiny_models, ubiquitin, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    result = classify(ubiquitin, task="cath")
    (domain,) = result.domains
    assert (domain.nearest, domain.embedding) == ((), None)
    assert not [text for text in result.warnings if "network alone" in text]
    for ask in (embed, search):
        with pytest.raises(ModelError) as caught:
            ask(ubiquitin)
        assert caught.value.code == "index.missing"


@pytest.mark.parametrize("exists", [False, True])
def test_missing_vote_is_reported_once(searchable_models, ubiquitin, tmp_path, monkeypatch, exists):
    root = tmp_path / "models"
    shutil.copytree(searchable_models, root)
    card = dataclasses.replace(read_card(root / "cath"), vote=Vote(5, 0.2, 0.5))
    write_card(card, root / "cath")
    if not exists:
        shutil.rmtree(root / "cath-index")
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(root))
    two = ("A:1-40", "A:41-76")
    result = classify(ubiquitin, task="cath", domains=[parse_selection(t) for t in two])
    assert len(result.domains) == 2
    reported = [warning for warning in result.warnings if "network alone" in warning]
    assert len(reported) == (0 if exists else 1)
    assert not exists or all(domain.nearest for domain in result.domains)


def test_an_embedding_of_other_weights_is_refused(
    searchable_models, ubiquitin, tmp_path, monkeypatch
):
    root = tmp_path / "models"
    shutil.copytree(searchable_models, root)
    card = read_card(root / "cath")
    other = root / "cath" / "model.safetensors"
    from safetensors.torch import load_file, save_file

    weights = load_file(other)
    save_file({name: value + 1e-3 for name, value in weights.items()}, other)
    from protvox.registry.weights import weights_digest

    write_card(dataclasses.replace(card, sha256=weights_digest(other)), root / "cath")
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(root))
    (domain,) = classify(ubiquitin, task="cath").domains
    assert domain.nearest == ()
    with pytest.raises(ModelError) as caught:
        search(ubiquitin)
    assert caught.value.code == "index.model"


@pytest.mark.parametrize("name", [HEAD_FILE, INDEX_FILE])
def test_damaged_files_are_reported(searchable_models, ubiquitin, tmp_path, monkeypatch, name):
    root = tmp_path / "models"
    shutil.copytree(searchable_models, root)
    path = root / "cath-index" / name
    content = bytearray(path.read_bytes())
    content[-3] ^= 4
    path.write_bytes(content)
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(root))
    with pytest.raises(ModelError) as caught:
        classify(ubiquitin, task="cath")
    assert caught.value.code == "index.hash"


@pytest.mark.parametrize(
    ("options", "kind", "code"),
    [
        ({"per": "atom"}, UsageError, "usage.per"),
        ({"chain": "Z"}, InputError, "input.chain"),
        ({"model": "environment"}, ModelError, "model.task"),
        ({"per": "residue", "model": "cath"}, ModelError, "model.task"),
        ({"per": "residue", "chain": "Z"}, InputError, "input.chain"),
    ],
)
def test_invalid_requests_are_refused(ubiquitin, options, kind, code):
    with pytest.raises(kind) as caught:
        embed(ubiquitin, **options)
    assert caught.value.code == code
