"""The description of a chain's path, against its definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from protvox.predict.index.trace_descriptor import WINDOWS, describe_trace
from protvox.structure.io.read import read_structure

PAIRS = WINDOWS * (WINDOWS - 1) // 2


@pytest.fixture(scope="module")
def ca(data_dir: Path) -> np.ndarray:
    structure = read_structure(data_dir / "1ubi.pdb")
    return structure.backbone()[structure.is_protein, 1]


def test_numbers_of_a_pair_follow_their_definition(ca: np.ndarray) -> None:
    points = (ca - ca.mean(axis=0)).astype(np.float64)
    steps = np.gradient(points, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    # Gaussian windows of 0.6 window widths along the chain.
    place = (np.arange(len(points)) + 0.5) * WINDOWS / len(points)
    weights = np.exp(-(((place - np.arange(WINDOWS)[:, None] - 0.5) / 0.6) ** 2) / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    middle, tangent = weights @ points, weights @ steps
    found = describe_trace(ca)
    for row, (i, j) in enumerate(zip(*np.triu_indices(WINDOWS, 1), strict=True)):
        apart = middle[i] - middle[j]
        distance = np.linalg.norm(apart)
        expected = (
            np.exp(-distance / 12),
            tangent[i] @ tangent[j],
            np.cross(tangent[i], tangent[j]) @ apart / (distance + 4),
        )
        np.testing.assert_allclose(found[row : 3 * PAIRS : PAIRS], expected, atol=1e-4)


def test_only_handedness_changes_in_the_mirror_image(ca: np.ndarray) -> None:
    found, mirrored = describe_trace(ca), describe_trace(ca * [-1, 1, 1])
    np.testing.assert_allclose(mirrored[: 2 * PAIRS], found[: 2 * PAIRS], atol=1e-4)
    handed = slice(2 * PAIRS, 3 * PAIRS)
    np.testing.assert_allclose(mirrored[handed], -found[handed], atol=1e-4)
