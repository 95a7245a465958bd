"""The TM-align baseline, on traces whose nearest neighbour is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("tmtools")

from experiments.cath.nearest import search, summary
from experiments.cath.nearest_search import Library, signature
from experiments.cath.paper_domains import Traces
from protvox.voxel.rotation import random_rotations


def walk(length, seed):
    """A random chain of steps of 3.8 Å."""
    steps = np.random.default_rng(seed).normal(size=(length, 3))
    steps *= 3.8 / np.linalg.norm(steps, axis=1, keepdims=True)
    return np.cumsum(steps, axis=0).astype(np.float32)


def traces(lengths, seeds):
    n = len(lengths)
    return Traces(
        tuple(f"d{seed}" for seed in seeds),
        tuple("1.10.1.1" if seed % 2 else "2.60.1.1" for seed in seeds),
        np.array([0 if seed % 2 else 4 for seed in seeds]),
        tuple(walk(length, seed) for length, seed in zip(lengths, seeds, strict=True)),
        np.arange(n),
    )


def moved(trace, seed):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.2, trace.shape)
    return (trace @ random_rotations(1, rng)[0].T + 30 + noise).astype(np.float32)


@pytest.fixture(scope="module")
def library():
    return Library(traces([40, 45, 50, 44, 200, 10], [1, 2, 3, 4, 5, 6]), keep=3)


def test_a_moved_copy_finds_its_original(library):
    hit = library.nearest(moved(walk(45, 2), 0))
    assert hit.row == 1
    assert 0.9 < hit.score <= 1
    assert 1 <= hit.alignments <= 3


def test_the_signature_does_not_change_with_the_pose():
    trace = walk(60, 1)
    turned = (trace @ random_rotations(1, np.random.default_rng(2))[0].T - 12).astype(np.float32)
    # A distance on the edge of a bin may fall to either side.
    assert np.abs(signature(trace) - signature(turned)).sum() < 0.05
    assert np.abs(signature(trace) - signature(walk(60, 3))).sum() > 0.2


def test_domains_of_other_lengths_are_not_candidates(library):
    assert sorted(library.candidates(walk(42, 9)).tolist()) != []
    everything = Library(library.traces, keep=None).candidates(walk(42, 9))
    assert sorted(everything.tolist()) == [0, 1, 2, 3]
    assert library.candidates(walk(1000, 9)).tolist() == []


def test_a_query_without_candidates_has_no_neighbour(library):
    hit = library.nearest(walk(1000, 9))
    assert (hit.row, hit.score, hit.alignments) == (-1, 0.0, 0)


def test_search_resumes_from_its_log(library, tmp_path):
    log = tmp_path / "nearest.jsonl"
    queries = traces([40, 50, 1000], [1, 3, 7])
    first = search(queries.take(np.array([0])), library, {"seed": 0}, log)
    every = search(queries, library, {"seed": 0}, log)
    assert every[0] == first[0]
    assert [json.loads(line)["query"] for line in log.read_text().splitlines()] == [
        "d1",
        "d3",
        "d7",
    ]
    search(queries, library, {"seed": 1}, log)
    assert len(log.read_text().splitlines()) == 6
    found = summary(every, queries)
    assert found["n"] == 3
    assert found["top1"] == pytest.approx(2 / 3)
    assert found["n_unanswered"] == 1
