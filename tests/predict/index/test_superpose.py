"""The candidates that are aligned with a query."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.predict.index import superpose
from protvox.predict.index.index import Index
from protvox.predict.index.known_traces import KnownTraces
from protvox.predict.index.superpose import ALIGNED, SCREENED, align_hit, align_nearest
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.io.read import read_structure

LATE = ALIGNED + 5


@pytest.fixture(scope="module")
def query(data_dir) -> DomainTrace:
    return DomainTrace.of(read_structure(data_dir / "1ubi.pdb"))


@pytest.fixture(scope="module")
def index(query) -> Index:
    """Short random walks, and the query itself at `LATE`."""
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(SCREENED + 5, 40, 3))
    walks = list(np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=2, keepdims=True), axis=1))
    walks[LATE] = query.ca
    vectors = np.eye(len(walks), dtype=np.float32)
    names = [str(row) for row in range(len(walks))]
    traces = KnownTraces.build(walks, [None] * len(walks))
    return Index.build(vectors, names, names, name="i", model="m@1", head="x", traces=traces)


def aligned(query, index, **options):
    rows = np.arange(len(index))
    found = align_nearest(query, index, rows, **options)
    assert len(found) == len(rows)
    return {rank: hit.alignment for rank, hit in enumerate(found) if hit is not None}


def test_the_nearest_are_aligned(query, index):
    assert list(aligned(query, index)) == list(range(ALIGNED))


def test_screening_aligns_a_late_candidate_again_thoroughly(query, index, monkeypatch):
    efforts = []

    def noted(query, known, *, fast=False):
        if len(known.ca) == len(query.ca):  # the query itself, among shorter walks
            efforts.append(fast)
        return align_hit(query, known, fast=fast)

    monkeypatch.setattr(superpose, "align_hit", noted)
    found = aligned(query, index, screen=True)
    assert list(found) == list(range(SCREENED))
    assert max(found, key=lambda rank: found[rank].tm_mean) == LATE
    assert found[LATE].tm_mean > 0.99
    assert efforts == [True, False]
