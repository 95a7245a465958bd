"""The models as they ship: what a user may rely on whatever the pose and format of a file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from protvox.predict.classify import classify
from protvox.predict.model_cache import load_predictor
from protvox.registry.card import Vote
from protvox.structure.alignment.domain_trace import DomainTrace
from protvox.structure.io.read import read_structure
from protvox.tasks.cath.predictor import CathPredictor
from protvox.voxel.rotation import random_rotations

# One structure in several formats, and others of different kinds.
SAME = (("1gbt.bcif.gz", "1gbt.cif.gz"), ("3jqh.bcif.gz", "3jqh.cif"), ("1a8o.cif", "1a8o.pdb"))
PROTEINS = ("1ubi.pdb", "1gbt.cif.gz", "1ejg.pdb.gz")


def turned(structure, seed):
    rng = np.random.default_rng(seed)
    rotation = random_rotations(1, rng)[0]
    moved = structure.coordinates @ rotation.T + rng.uniform(-30, 30, 3)
    return dataclasses.replace(structure, coordinates=moved.astype(np.float32))


def architectures(prediction):
    return [{a.label: a.probability for a in d.architectures} for d in prediction.domains]


@pytest.fixture(scope="module", autouse=True)
def shipped():
    """Look for models nowhere but where they ship."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROTVOX_MODEL_DIR", raising=False)
        yield


@pytest.fixture(scope="module")
def answers(data_dir, shipped):
    """Return the answers for each protein as it lies and in four other poses."""
    out = []
    for name in PROTEINS:
        structure = read_structure(data_dir / name)
        poses = [structure] + [turned(structure, seed) for seed in range(4)]
        out.append([classify(pose, top_k=100, device="cpu") for pose in poses])
    return out


def test_environments_do_not_depend_on_the_pose(answers):
    for first, *others in answers:
        for other in others:
            same = first.residues.predicted == other.residues.predicted
            assert same.mean() >= 0.95
            change = np.abs(first.residues.probabilities - other.residues.probabilities)
            assert change.mean() <= 1e-4


def test_architectures_do_not_depend_on_the_pose(answers):
    kept, changes = [], []
    for first, *others in answers:
        for other in others:
            for a, b in zip(architectures(first), architectures(other), strict=True):
                kept.append(max(a, key=a.get) == max(b, key=b.get))
                changes.append(np.mean([abs(a[label] - b[label]) for label in a]))
    assert np.mean(kept) >= 0.95
    assert np.mean(changes) <= 0.02


def test_a_mirrored_protein_gets_another_answer(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    mirrored = dataclasses.replace(structure, coordinates=structure.coordinates * [1, 1, -1])
    mirrored = dataclasses.replace(mirrored, coordinates=mirrored.coordinates.astype(np.float32))
    here, there = (classify(s, top_k=100, device="cpu") for s in (structure, mirrored))
    change = np.abs(here.residues.probabilities - there.residues.probabilities)
    assert change.mean() > 0.02
    a, b = architectures(here)[0], architectures(there)[0]
    assert max(abs(a[label] - b[label]) for label in a) > 0.02


@pytest.mark.parametrize("names", SAME, ids=lambda names: names[0].split(".")[0])
def test_formats_get_the_same_answer(names, data_dir):
    here, there = (
        classify(read_structure(data_dir / name), top_k=100, device="cpu") for name in names
    )
    np.testing.assert_allclose(here.residues.probabilities, there.residues.probabilities, atol=1e-5)
    for a, b in zip(architectures(here), architectures(there), strict=True):
        assert all(abs(a[label] - b[label]) < 1e-5 for label in a)


def test_natural_residues_are_likelier_than_chance(answers):
    shares = [
        (first.residues.predicted == first.residues.wild_type).mean() for first, *_ in answers
    ]
    # 1 in 20 by chance, about 1 in 10 by always answering leucine.
    assert min(shares) > 0.3


def test_the_nearest_superfamilies_share_in_the_answer(data_dir, monkeypatch):
    predictor = load_predictor("cath", "cpu")
    structure = read_structure(data_dir / "1ubi.pdb")
    trace = DomainTrace.of(structure.select(structure.is_protein))
    monkeypatch.setattr(predictor.released, "relatives", lambda: None)
    answers = []
    for vote in (None, Vote(1, 0.2, 0.0), Vote(1, 0.2, 1.0)):
        card = dataclasses.replace(predictor.card, vote=vote)
        voting = CathPredictor(card, predictor._network, predictor.device, predictor.released)
        answers.append(voting.predict_trace(trace))
    own, same, voted = (answer.architectures for answer in answers)
    assert own == pytest.approx(same, abs=1e-12)
    near = next(answers[0].known.neighbours())
    assert voted[".".join(near.cath.split(".")[:2])] > 0.99
    assert sum(own.values()) == pytest.approx(1)
