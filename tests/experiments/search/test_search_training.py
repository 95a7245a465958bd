"""The training of the embedding and its measures, on made-up features."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.search.contrast import Schedule, refine
from experiments.search.discriminant import Recipe, fit_block
from experiments.search.features import LabelledFeatures, nodes
from experiments.search.measures import across, measure, within
from experiments.search.tm_align import Others
from experiments.search.vote import measures as vote_measures
from experiments.search.vote import near_ones
from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.predict.index.head import EmbeddingHead

CODES = np.array([f"1.{a}.{t}.{s}" for a in (10, 20) for t in (1, 2, 3) for s in (1, 2)])


def made_up(seed: int, each: int = 8) -> LabelledFeatures:
    """Features in which few directions separate topologies and strong ones are uninformative."""
    layout, noise = np.random.default_rng(0), np.random.default_rng(seed)
    codes = np.repeat(CODES, each)
    topology = np.unique(nodes(codes, 3), return_inverse=True)[1]
    means = layout.normal(size=(6, 4))

    def draw(width: int) -> np.ndarray:
        quiet = means[topology] + 0.3 * noise.normal(size=(len(codes), 4))
        loud = 5 * noise.normal(size=(len(codes), width - 4))
        return np.concatenate([quiet, loud], axis=1).astype(np.float32)

    plain, traces = draw(20), draw(12)
    return LabelledFeatures(
        np.array([f"d{i}" for i in range(len(codes))]),
        codes,
        plain,
        plain[None] + 0.1,
        np.zeros((len(codes), 2), np.float32),
        traces,
        traces[None] + 0.1,
    )


@pytest.fixture(scope="module")
def head() -> EmbeddingHead:
    training = made_up(1)
    parts = [
        fit_block(plain, varied, training.level(3), training.level(4), Recipe(4, 3, 0.1), 1.0)
        for plain, varied in (
            (training.plain, training.varied),
            (training.traces, training.varied_traces),
        )
    ]
    return EmbeddingHead(*parts, "m@1", "w")


def at_first(head: EmbeddingHead) -> float:
    new, known = made_up(2), made_up(1)
    found = across(
        head.embed(new.plain, new.traces),
        new.codes,
        head.embed(known.plain, known.traces),
        known.codes,
    )
    return found["topology"]["precision_at_1"]


def test_discriminants_find_the_discriminating_directions(head):
    new, known = made_up(2), made_up(1)
    bare = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (new.plain, known.plain)]
    blind = across(bare[0], new.codes, bare[1], known.codes)["topology"]["precision_at_1"]
    assert at_first(head) > 0.9 > 0.5 > blind


def test_discriminants_agree_with_an_oracle():
    from scipy.linalg import eigh, subspace_angles

    data = made_up(1)
    x, classes = data.plain.astype(float), data.level(3)
    x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
    middle = np.stack([x[classes == c].mean(axis=0) for c in range(6)])
    inside = (x - middle[classes]).T @ (x - middle[classes]) / len(x) + 0.1 * np.eye(20)
    between = (middle - middle.mean(axis=0)).T @ (middle - middle.mean(axis=0)) / 6
    directions = eigh(between, inside)[1][:, ::-1][:, :4]
    block = fit_block(data.plain, data.varied[:0], classes, data.level(4), Recipe(4, 3, 0.1), 1.0)
    assert subspace_angles(directions, block.matrix.T.astype(float)).max() < 1e-3


def test_contrast_keeps_good_embeddings_and_improves_poor_ones(head):
    training = made_up(1)
    schedule = Schedule(steps=150, batch=64, rate=1e-2, dropout=0.0)
    assert at_first(refine(head, training, schedule, seed=0)) > 0.9
    rng = np.random.default_rng(0)
    from dataclasses import replace

    poor = replace(
        head,
        features=replace(
            head.features, matrix=rng.normal(size=head.features.matrix.shape).astype(np.float32)
        ),
        trace=replace(
            head.trace, matrix=rng.normal(size=head.trace.matrix.shape).astype(np.float32)
        ),
    )
    refined = refine(poor, training, schedule, seed=0)
    assert at_first(refined) > at_first(poor) + 0.2
    again = refine(poor, training, schedule, seed=0)
    np.testing.assert_array_equal(refined.features.matrix, again.features.matrix)


def test_measures_by_hand():
    right = np.array([[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]], dtype=bool)
    possible = np.ones_like(right)
    possible[3, 3] = False
    found = measure(right, possible, np.arange(4))
    assert (found["n"], found["n_alone"]) == (3, 1)
    assert found["precision_at_1"] == pytest.approx(2 / 3)
    precision = [(1 + 2 / 3 + 3 / 4) / 3, 1 / 2, 1]
    assert found["mean_average_precision"] == pytest.approx(np.mean(precision))
    assert found["sensitivity"] == pytest.approx((1 / 3 + 0 + 1) / 3)
    low, high = found["intervals"]["precision_at_1"]
    assert 0 <= low <= 2 / 3 <= high <= 1


def test_domains_do_not_find_themselves():
    codes = np.array(["1.10.1.1", "1.10.1.1", "2.60.1.1", "2.60.1.2"])
    vectors = np.eye(4, dtype=np.float32) + 0.1
    vectors[0, 1] = vectors[2, 3] = 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = within(vectors, codes)
    assert found["superfamily"]["n"] == 2
    assert found["topology"]["n"] == 4
    assert found["topology"]["precision_at_1"] == 1.0


def test_the_nearest_known_domains_come_first():
    similarity = np.array([0.1, 0.9, 0.5, 0.9], dtype=np.float32)
    near = near_ones(similarity, list("abcd"), ["1.10.1.1", "2.40.1.1", "3.40.1.1", "1.20.1.1"])
    assert [one.domain for one in near] == list("bdca")
    assert near[0].cath == "2.40.1.1" and near[0].similarity == pytest.approx(0.9)


def test_predictions_among_the_ten_are_measured_among_the_ten():
    labels = ["1.25", *PAPER_ARCHITECTURES]
    answers = np.full((2, 11), 0.01)
    answers[:, 0] = 0.6
    answers[:, 3] = 0.31
    found = vote_measures(answers, np.array([3, 1]), labels, np.array([0, 1]))
    assert found["top1"] == 0.0
    assert found["paper_top1"] == 0.5
    assert found["nll"] == pytest.approx(-(np.log(0.31) + np.log(0.01)) / 2)


def test_queries_are_aligned_with_other_domains_only():
    from experiments.cath.paper_domains import Traces

    rng = np.random.default_rng(0)
    chains = tuple(np.cumsum(rng.normal(size=(30, 3)), axis=0).astype(np.float32) for _ in "abc")
    traces = Traces(tuple("abc"), ("1.10.1.1",) * 3, np.zeros(3, int), chains, np.arange(3))
    library = Others(traces, None)
    assert sorted(library.candidates(chains[1]).tolist()) == [0, 2]
