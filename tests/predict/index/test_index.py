"""The index: exact search, and files that tell when they cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.errors import InputError, ModelError, UsageError
from protvox.predict.index import product_loops
from protvox.predict.index.head import Block, EmbeddingHead
from protvox.predict.index.index import Index, read_facts
from protvox.predict.index.product_loops import products


def unit(rows: int, axes: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, axes)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def index_of(vectors: np.ndarray, head: str = "x") -> Index:
    names = [f"d{row}" for row in range(len(vectors))]
    return Index.build(vectors, names, [""] * len(names), name="all", model="m@1", head=head)


def head_of(sha256: str) -> EmbeddingHead:
    block = Block(*np.zeros((3, 1), dtype=np.float32), 1.0)
    return EmbeddingHead(block, block, "m@1", "w", sha256)


@pytest.mark.parametrize("small", [0, 1 << 22])
def test_products_are_exact(small, monkeypatch):
    monkeypatch.setattr(product_loops, "_SMALL", small)
    rng = np.random.default_rng(0)
    codes = rng.integers(-127, 128, (1000, 128)).astype(np.int8)
    query = rng.integers(-127, 128, 128).astype(np.int8)
    np.testing.assert_array_equal(products(codes, query), codes.astype(int) @ query.astype(int))


@pytest.mark.parametrize("axes", [5, 128])
def test_neighbours_are_those_of_all_cosines(axes):
    vectors, queries = unit(3000, axes), unit(20, axes, seed=1)
    index = index_of(vectors)
    stored = index.vectors(np.arange(3000)).astype(np.float64)
    for query in queries:
        found = index.search(query, 10)
        cosines = stored @ query
        best = np.sort(cosines)[::-1][:10]
        np.testing.assert_allclose([near.similarity for near in found], best, atol=1e-6)
        assert [near.domain for near in found] == [f"d{i}" for i in np.argsort(-cosines)[:10]]
        exact = np.sort(vectors.astype(np.float64) @ query)[::-1][:10]
        np.testing.assert_allclose(best, exact, atol=5e-3)  # 8 bits a component


def test_known_domain_finds_itself():
    vectors = unit(500, 64)
    index = index_of(vectors)
    for row in (0, 250, 499):
        near = index.search(vectors[row], 1)[0]
        assert near.domain == f"d{row}"
        assert 0.9998 < near.similarity <= 1.0


def test_ties_and_more_neighbours_than_domains():
    vectors = np.repeat(unit(1, 16), 4, axis=0)
    assert [n.domain for n in index_of(vectors).search(vectors[0], 9)] == ["d0", "d1", "d2", "d3"]


def test_invalid_queries_are_refused():
    with pytest.raises(UsageError) as caught:
        index_of(unit(3, 4)).search(unit(1, 4)[0], 0)
    assert caught.value.code == "usage.top"
    with pytest.raises(InputError) as empty:
        index_of(unit(1, 4)[:0])
    assert empty.value.code == "index.empty"


def test_file_round_trip(tmp_path):
    index = Index.build(
        unit(7, 8),
        ["Å/é\n.pdb A", *"bcdefg"],
        ["1.10.8.10", *[""] * 6],
        name="sieben",
        model="m@1",
        head="x",
    )
    index.save(tmp_path / "i")
    back = Index.load(tmp_path / "i", head_of("x"))
    np.testing.assert_array_equal(back.codes, index.codes)
    np.testing.assert_array_equal(back.scales, index.scales)
    assert (tuple(back.domains), tuple(back.cath)) == (index.domains, index.cath)
    assert read_facts(tmp_path / "i") == ("sieben", 7, "m@1")
    assert [p.name for p in tmp_path.iterdir()] == ["i"]


def test_another_embedding_is_refused(tmp_path):
    index_of(unit(3, 4)).save(tmp_path / "i")
    with pytest.raises(ModelError) as caught:
        Index.load(tmp_path / "i", head_of("y"))
    assert caught.value.code == "index.model"
    assert "m@1" in str(caught.value)


@pytest.mark.parametrize("place", [-1, -200])
def test_flipped_bit_is_detected(tmp_path, place):
    path = tmp_path / "i"
    index_of(unit(50, 16)).save(path)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Index.load(path, head_of("x"))
    assert caught.value.code == "index.hash"


def test_other_files_are_refused(tmp_path, data_dir):
    (tmp_path / "text").write_text("hello")
    EmbeddingHead.save(head_of(""), tmp_path / "head")
    for path in (tmp_path / "text", tmp_path / "head", tmp_path / "absent", tmp_path):
        with pytest.raises(ModelError) as caught:
            Index.load(path, head_of("x"))
        assert caught.value.code == "index.file", path


def test_failed_write_leaves_no_file(tmp_path):
    with pytest.raises(UsageError) as caught:
        index_of(unit(3, 4)).save(tmp_path / "absent" / "i")
    assert caught.value.code == "output.write"
