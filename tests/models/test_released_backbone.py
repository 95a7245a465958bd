"""The backbone model as it ships: the same on every machine, in every pose, and quick."""

from __future__ import annotations

import copy
import dataclasses
import time

import numpy as np
import pytest
import torch

from protvox.networks.backbone.batches import run_batches
from protvox.networks.backbone.features import describe
from protvox.networks.backbone.residues import residues_of
from protvox.predict.mutations.score import score_mutations
from protvox.registry import installed
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module", autouse=True)
def shipped():
    """Look for models nowhere but where they ship."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROTVOX_MODEL_DIR", raising=False)
        yield


@pytest.fixture(scope="module")
def network(shipped):
    return installed.load("backbone")[1]


@pytest.fixture(scope="module")
def structure(example_path):
    return read_structure(example_path)


def log_probabilities(network, residues, precision=torch.float32):
    logits = [
        torch.from_numpy(part) for part in run_batches(network, residues, precision=precision)
    ]
    return torch.cat(logits).log_softmax(dim=1).numpy()


def test_float32_is_exact_enough(network, structure):
    """Rounding is all that machines differ in."""
    residues = residues_of(structure)
    exact = log_probabilities(copy.deepcopy(network).double(), residues, torch.float64)
    np.testing.assert_allclose(log_probabilities(network, residues), exact, atol=1e-4)


def test_features_are_those_of_the_definition(structure):
    """The compiled loops against plain numpy in float64."""
    residues = residues_of(structure)
    centre, neighbour = 150, 17
    batch = describe(residues, np.array([centre]))
    rows = residues.neighbours[centre]
    atoms = residues.atoms.astype(np.float64)
    own, other = atoms[rows[0]], atoms[rows[neighbour]]
    distance = np.linalg.norm(own[:, None] - other[None], axis=2).ravel()
    shells = np.exp(-(((distance[:, None] - np.arange(2, 18, 2)) / 2) ** 2)).ravel()
    token = batch.tokens[0, neighbour]
    np.testing.assert_allclose(token[:200], shells, atol=1e-5)

    def axes(five):
        x = five[2] - five[1]
        x /= np.linalg.norm(x)
        y = five[0] - five[1]
        y -= (y @ x) * x
        y /= np.linalg.norm(y)
        return np.stack([x, y, np.cross(x, y)])

    frame = axes(own)
    np.testing.assert_allclose(token[200:215], ((other - own[1]) @ frame.T / 8).ravel(), atol=1e-4)
    direction = frame @ (other[4] - own[4])
    np.testing.assert_allclose(token[215:218], direction / np.linalg.norm(direction), atol=1e-4)
    np.testing.assert_allclose(token[218:227], (frame @ axes(other).T).ravel(), atol=1e-4)
    second = atoms[rows[5]]
    apart = np.linalg.norm(other[4] - second[4])
    centres, widths = [4, 5.5, 7, 9, 11.5, 14.5, 18], [1.5, 1.5, 1.5, 2, 2.5, 3, 3.5]
    expected = np.exp(-(((apart - np.array(centres)) / np.array(widths)) ** 2))
    np.testing.assert_allclose(batch.pairs[0, neighbour, 5, :7], expected, atol=1e-5)


def test_scores_do_not_depend_on_the_pose(structure):
    rng = np.random.default_rng(0)
    here = score_mutations(structure, device="cpu").matrix
    moved = structure.coordinates @ random_rotations(1, rng)[0].T + rng.uniform(-30, 30, 3)
    turned = dataclasses.replace(structure, coordinates=moved.astype(np.float32))
    there = score_mutations(turned, device="cpu").matrix
    change = np.abs(here - there)
    # A residue at the edge of a radius may be counted in one pose and not in another.
    assert np.median(change) < 1e-3
    assert change.mean() < 0.01


def test_it_knows_the_example(network, structure):
    """A third of the residues at least, of a protein that was not trained on."""
    residues = residues_of(structure)
    found = log_probabilities(network, residues).argmax(axis=1)
    assert (found == residues.kind[residues.centre]).mean() > 0.33


@pytest.mark.slow
def test_a_scan_by_both_networks_takes_seconds(structure):
    score_mutations(structure, device="cpu")
    start = time.process_time()
    scores = score_mutations(structure, device="cpu")
    assert len(scores.residues) == 345
    assert time.process_time() - start < 4.0
