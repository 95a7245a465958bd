"""CA traces of curves whose directions are known."""

from __future__ import annotations

import numpy as np
import pytest

from protvox.structure.geometry.ca_trace import trace_chain
from protvox.structure.geometry.secondary_structure import SecondaryStructure, secondary_structure
from protvox.structure.io.read import read_structure

# For float32 coordinates of tens of Å.
TOLERANCE = 2e-5


def helix(n):
    """Return the CA atoms of an ideal helix along z, and the directions from its axis."""
    angle = np.radians(100) * np.arange(n)
    outward = np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], axis=1)
    return 2.3 * outward + np.outer(1.5 * np.arange(n), [0, 0, 1]), outward


def strand(n):
    """Return the CA atoms of a flat zigzag along x, 3.8 Å apart."""
    rise = np.sqrt(3.8**2 - 1.8**2)
    return np.stack([rise * np.arange(n), 0.9 * (-1.0) ** np.arange(n), np.zeros(n)], axis=1)


def test_helix_has_its_tangent_along_the_curve_and_its_normal_outward():
    ca, outward = helix(12)
    trace = trace_chain(ca)
    # The chord over two steps is parallel to the curve at its midpoint, and rises by 3 Å.
    along = np.cross([0, 0, 1], outward) * 2 * 2.3 * np.sin(np.radians(100)) + [0, 0, 3.0]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    assert np.abs(trace.tangent - along)[1:-1].max() < TOLERANCE
    assert np.abs(trace.normal - outward)[1:-1].max() < TOLERANCE
    assert set(trace.secondary.tolist()) == {SecondaryStructure.HELIX}


def test_strand_is_straight_and_its_normal_alternates():
    trace = trace_chain(strand(8))
    assert np.abs(trace.tangent - [1, 0, 0])[1:-1].max() < TOLERANCE
    signs = (-1.0) ** np.arange(8)[:, None]
    assert np.abs(trace.normal - signs * [0, 1, 0])[1:-1].max() < TOLERANCE
    # Reversing the chain reverses the tangents but not the normals.
    back = trace_chain(strand(8)[::-1])
    assert np.abs(back.tangent[::-1] + trace.tangent)[1:-1].max() < TOLERANCE
    assert np.abs(back.normal[::-1] - trace.normal)[1:-1].max() < TOLERANCE


def test_ends_and_breaks_have_no_direction():
    ca, _ = helix(10)
    ca[6:] += [20, 0, 0]
    assert trace_chain(ca).directed.tolist() == [0, 1, 1, 1, 1, 0, 0, 1, 1, 0]


@pytest.mark.parametrize(("length", "bonded"), [(4.4, True), (4.6, False)])
def test_longest_bond(length, bonded):
    line = np.cumsum([[0, 0, 0], [3.8, 0, 0], [length, 0, 0]], axis=0)
    assert trace_chain(line).directed[1] == bonded


@pytest.mark.parametrize("n", [0, 1, 2])
def test_very_short_chains_have_no_direction(n):
    trace = trace_chain(helix(n)[0].reshape(n, 3))
    assert not trace.directed.any()
    for name in ("coordinates", "tangent", "normal"):
        assert getattr(trace, name).shape == (n, 3)
    for name in ("secondary", "directed"):
        assert getattr(trace, name).shape == (n,)


def test_collinear_residues_have_no_normal_and_no_nan():
    trace = trace_chain(np.outer(np.arange(4), [3.8, 0, 0]))
    assert np.isfinite(trace.normal).all()
    assert np.linalg.norm(trace.normal, axis=1).max() < 1e-6
    coincident = trace_chain(np.zeros((4, 3)))
    assert np.isfinite(coincident.tangent).all()
    assert not coincident.tangent.any()


def test_directions_of_a_real_chain_are_unit_vectors_that_rotate_with_it(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    ca = structure.backbone()[:, 1]
    ca = ca[np.isfinite(ca).all(axis=1)]
    trace = trace_chain(ca)
    assert trace.directed.sum() == len(ca) - 2
    for name in ("tangent", "normal"):
        lengths = np.linalg.norm(getattr(trace, name)[trace.directed], axis=1)
        assert np.abs(lengths - 1).max() < 1e-5
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    rotation *= np.linalg.det(rotation)
    rotated = trace_chain(ca @ rotation.T)
    # Coordinates of 50 Å in float32.
    assert np.abs(rotated.tangent - trace.tangent @ rotation.T).max() < 1e-4
    assert np.abs(rotated.normal - trace.normal @ rotation.T).max() < 1e-4
    assert (trace.secondary == secondary_structure(ca)).all()
    assert {*SecondaryStructure} == set(trace.secondary.tolist())


def test_rotated_trace_is_the_trace_of_rotated_coordinates(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    ca = structure.backbone()[structure.is_protein, 1]
    ca -= ca.mean(axis=0)
    signs = np.array([-1, 1, -1], dtype=np.float32)
    rotated, expected = trace_chain(ca).rotated(signs), trace_chain(ca * signs)
    for name in ("coordinates", "secondary", "tangent", "normal", "directed"):
        np.testing.assert_array_equal(getattr(rotated, name), getattr(expected, name))
