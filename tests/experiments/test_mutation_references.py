from __future__ import annotations

from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


def test_lone_residues_have_the_geometry_of_a_peptide(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from experiments.mutations.references import lone_residues

    n, ca, c, o = lone_residues().backbone().transpose(1, 0, 2).astype(float)
    lengths = [np.linalg.norm(a - b, axis=1) for a, b in ((n, ca), (ca, c), (c, o))]
    np.testing.assert_allclose(lengths, np.tile([[1.458], [1.525], [1.231]], 36), atol=1e-3)
    normals = np.cross(ca - n, c - ca), np.cross(c - ca, o - c)
    axis = (c - ca) / np.linalg.norm(c - ca, axis=1, keepdims=True)
    sine = (np.cross(*normals) * axis).sum(axis=1)
    turn = np.degrees(np.arctan2(sine, (normals[0] * normals[1]).sum(axis=1)))
    # N-CA-C-O is 180 degrees from psi, so any 36 steps of 10 degrees are fine.
    np.testing.assert_allclose(np.diff(np.sort(turn % 360)), np.full(35, 10.0), atol=0.1)
    cosine = ((ca - c) * (o - c)).sum(axis=1) / (1.525 * 1.231)
    np.testing.assert_allclose(np.degrees(np.arccos(cosine)), np.full(36, 120.4), atol=0.1)
    assert np.linalg.norm(np.diff(ca, axis=0), axis=1).min() > 90
