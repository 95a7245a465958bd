"""Varied domains keep what makes an architecture, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.structure.geometry.ca_trace import trace_chain
from protvox.structure.geometry.secondary_structure import SecondaryStructure, secondary_structure
from protvox.structure.geometry.sse import find_sses
from protvox.structure.io.read import read_structure
from protvox.tasks.cath import augment
from protvox.tasks.cath.augment import CUT, LEAST_CUT, LEAST_LEFT, LOST, augment_domain, drop_sses


@pytest.fixture(scope="module")
def ca(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    points = structure.backbone()[:, 1]
    return points[np.isfinite(points).all(axis=1)]


def many(ca, n=60):
    return [augment_domain(ca, np.random.default_rng(seed)) for seed in range(n)]


def superposed(points, onto):
    """Root-mean-square distance after the best proper rotation (Kabsch)."""
    points, onto = points - points.mean(axis=0), onto - onto.mean(axis=0)
    u, _, v = np.linalg.svd(points.T.astype(np.float64) @ onto)
    sign = np.sign(np.linalg.det(u @ v))
    rotation = u @ np.diag([1, 1, sign]) @ v
    return np.sqrt(((points @ rotation - onto) ** 2).sum(axis=1).mean())


def still(monkeypatch, *names):
    for name in names:
        monkeypatch.setattr(augment, name, 0.0)


def test_random_generator_determines_the_result(ca):
    one, two, other = (augment_domain(ca, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(one.coordinates, two.coordinates)
    assert one.coordinates.dtype == np.float32
    same = one.coordinates.shape == other.coordinates.shape
    assert not (same and np.allclose(one.coordinates, other.coordinates))


def test_without_noise_and_bending_a_domain_is_only_rotated(ca, monkeypatch):
    still(monkeypatch, "NOISE", "STRETCH", "WAVE_HEIGHT")
    monkeypatch.setattr(augment, "LEAST_CUT", len(ca))
    traces = many(ca, 8)
    for trace in traces:
        assert superposed(trace.coordinates, ca) < 1e-3
        assert (trace.secondary == secondary_structure(ca)).all()
    # In poses that differ.
    first = np.stack([trace.coordinates[0] for trace in traces])
    assert np.linalg.norm(np.diff(first, axis=0), axis=1).min() > 1


def test_bent_domains_stay_close_and_keep_their_handedness(ca, monkeypatch):
    monkeypatch.setattr(augment, "LEAST_CUT", len(ca))
    distances = [superposed(trace.coordinates, ca) for trace in many(ca, 40)]
    assert min(distances) > 0.3
    assert max(distances) < 4
    # The mirror image is further away than any variation.
    assert superposed(ca * [1, 1, -1], ca) > max(distances)
    bonds = np.concatenate(
        [np.linalg.norm(np.diff(trace.coordinates, axis=0), axis=1) for trace in many(ca, 20)]
    )
    assert np.quantile(bonds, 0.01) > 2.5
    assert np.quantile(bonds, 0.99) < 5.1


def test_secondary_structure_is_that_before_bending(ca, monkeypatch):
    monkeypatch.setattr(augment, "LEAST_CUT", len(ca))
    states = np.stack([trace.secondary for trace in many(ca, 30)])
    true = secondary_structure(ca)
    # Noise of up to 0.25 Å takes some residues out of the narrow limits.
    for state in (SecondaryStructure.HELIX, SecondaryStructure.STRAND):
        assert (states[:, true == state] == state).mean() > 0.5


def test_at_most_a_quarter_is_cut_and_often_nothing(ca, monkeypatch):
    still(monkeypatch, "NOISE", "STRETCH", "WAVE_HEIGHT")
    lengths = np.array([len(trace.coordinates) for trace in many(ca, 100)])
    assert lengths.max() == len(ca)
    assert lengths.min() >= len(ca) * (1 - 2 * CUT) - 1
    assert 0.1 < (lengths == len(ca)).mean() < 0.45
    # A cut out of the middle leaves a gap, and no direction beside it.
    assert any((~trace.directed[1:-1]).any() for trace in many(ca, 20))


@pytest.mark.parametrize("n", [1, 2, 5, LEAST_CUT, LEAST_CUT + 1])
def test_short_domains_are_not_cut(ca, n):
    lengths = {len(trace.coordinates) for trace in many(ca[:n], 30)}
    assert max(lengths) == n
    assert (len(lengths) == 1) == (n <= LEAST_CUT)
    assert all(np.isfinite(trace.coordinates).all() for trace in many(ca[:n], 5))


def test_some_elements_are_dropped(ca):
    whole = find_sses(trace_chain(ca))
    rng = np.random.default_rng(0)
    left = [len(drop_sses(whole, rng)) for _ in range(2000)]
    assert min(left) >= LEAST_LEFT
    # Half of the time a tenth of them; the few cases with too few left are kept whole.
    assert np.mean(left) == pytest.approx(len(whole) * (1 - LOST / 2), rel=0.01)
    few = whole.take(np.arange(LEAST_LEFT))
    assert all(len(drop_sses(few, rng)) == LEAST_LEFT for _ in range(50))
