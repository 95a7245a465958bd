"""Environments and domains of shards as batches."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from protvox.errors import InputError
from protvox.networks.cath import CathConfig, CathNet
from protvox.networks.config import ConvConfig
from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.structure.io.read import read_structure
from protvox.tasks.cath.data import UNKNOWN, DomainData
from protvox.tasks.cath.learner import predict_domains
from protvox.tasks.cath.task import TASK
from protvox.tasks.environment.data import EnvironmentData, predict_rows
from protvox.train.loop import LoopConfig
from protvox.train.shard import join, pack
from protvox.voxel.moments.moments import environment_moments
from protvox.voxel.moments.residue_frames import residue_frames

ENVIRONMENT = EnvironmentConfig(
    size=3,
    spacing=3.0,
    embedding="4x0e+1x1e",
    convolutions=(ConvConfig("4x0e+1x1e"),),
    hidden=(4,),
)
CATH = CathConfig(labels=("1.10", "3.10"), fine="4x0e+1x1e", coarse="4x0e+1x1e", features=4)
FILES = ("1ubi.pdb", "1a8o.pdb", "1lcd.pdb.gz")
CODES = ("3.10.20.90", "1.10.1200.30", "4.10.1.1")


@pytest.fixture(scope="module")
def structures(data_dir):
    return [read_structure(data_dir / name) for name in FILES]


@pytest.fixture(scope="module")
def environments(structures):
    shard = join([pack(s, s.is_protein, "") for s in structures])
    return EnvironmentData(shard, ENVIRONMENT.moments, ENVIRONMENT.cb_offset)


@pytest.fixture(scope="module")
def domains(structures):
    proteins = [s.select(s.is_protein) for s in structures]
    none = [np.zeros(s.n_residues, dtype=bool) for s in proteins]
    parts = [pack(*item) for item in zip(proteins, none, CODES, strict=True)]
    return DomainData(join(parts * 3), CATH)


def same(one, two):
    moments = [b.moments if hasattr(b, "moments") else b for b in (one[0], two[0])]
    alike = moments[0].shape == moments[1].shape and torch.equal(*moments)
    return alike and torch.equal(one[1], two[1])


def test_moments_of_a_shard_are_those_of_the_structure(environments, structures):
    """Coordinates, and frames with them, are rounded to 0.01 Å: a few per cent of a moment.

    Only where an atom lies on a grid point is the direction to it, and so a moment of l > 0,
    less certain than that.
    """
    offset = 0
    for structure in structures:
        frames = residue_frames(structure.backbone(), ENVIRONMENT.cb_offset)
        mine = (
            environments.rows[
                environments.structure[environments.rows] == structures.index(structure)
            ]
            - offset
        )
        rows = mine[:: max(len(mine) // 15, 1)]
        expected = environment_moments(
            structure.coordinates,
            structure.atom_type,
            structure.residue_index,
            np.tile(np.array([[0, structure.n_atoms]], dtype=np.int64), (len(rows), 1)),
            rows.astype(np.int32),
            frames.origin[rows],
            frames.axes[rows],
            ENVIRONMENT.moments,
        )
        found = environments.moments(rows + offset)
        error = np.abs(found - expected)
        assert error.mean() < 0.04 * np.abs(expected).mean()
        assert np.quantile(error, 0.999) < 0.1
        offset += structure.n_residues


@pytest.mark.parametrize("name", ["environments", "domains"])
def test_batches_follow_the_seed_and_can_start_anywhere(request, name):
    data = request.getfixturevalue(name)
    size = 8 if name == "environments" else 2
    first = list(islice(data.batches(size, seed=1), 30))
    again = list(islice(data.batches(size, seed=1), 30))
    assert all(map(same, first, again))
    for start in (1, 13, 27):
        later = islice(data.batches(size, seed=1, first_step=start), 30 - start)
        assert all(map(same, first[start:], later))
    other = list(islice(data.batches(size, seed=2), 30))
    assert not all(map(same, first, other))


def test_epoch_contains_each_residue_once(environments):
    per_epoch = len(environments.rows) // 8
    labels = torch.cat([y for _, y in islice(environments.batches(8, seed=0), per_epoch)])
    everything = np.bincount(environments.labels[environments.rows], minlength=20)
    found = np.bincount(labels.numpy(), minlength=20)
    assert (found <= everything).all()
    assert found.sum() == per_epoch * 8


def test_fewer_domains_than_a_batch(domains):
    inputs, labels = next(domains.batches(64, seed=0))
    assert len(labels) == len(domains.rows) == 6
    assert inputs.n_domains == 6


def test_domains_of_other_architectures_are_skipped(domains):
    assert domains.labels.tolist() == [1, 0, -1] * 3
    assert domains.rows.tolist() == [0, 1, 3, 4, 6, 7]


def test_topologies_with_two_domains_are_numbered(structures):
    codes = ("3.10.20.90", "3.10.20.10", "1.10.8.10", "3.10.30.10", "4.10.20.10", "1.10.8.10")
    part = structures[0].select(structures[0].is_protein)
    none = np.zeros(part.n_residues, dtype=bool)
    data = DomainData(join([pack(part, none, code) for code in codes]), CATH)
    # In the order of their names; one of a kind teaches nothing, nor does another architecture.
    assert data.topologies.tolist() == [1, 1, 0, UNKNOWN, UNKNOWN, 0]
    assert data.n_topologies == 2
    _, labels = data.batch(np.array([0, 3, 5]), np.random.default_rng(0))
    assert labels.tolist() == [[1, 1], [1, UNKNOWN], [0, 0]]


@pytest.mark.parametrize("balance", [0.4, 1.0])
def test_large_superfamilies_are_drawn_less_often(structures, balance):
    """Drawn by the size of the superfamily to the power of 1 - balance, seven against one."""
    part = structures[0].select(structures[0].is_protein)
    none = np.zeros(part.n_residues, dtype=bool)
    codes = ["3.10.20.90"] * 7 + ["3.10.20.80"]
    shard = join([pack(part, none, code) for code in codes])
    data = TASK.training_data(shard, CATH, LoopConfig(balance=balance))
    chosen = []
    data.batch = lambda rows, rng: chosen.extend(rows.tolist())
    list(islice(data.batches(8, seed=0), 600))
    share = np.mean(np.array(chosen) == 7)
    expected = 1 / (1 + 7 ** (1 - balance))
    # Five standard deviations of 4,800 draws.
    assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / len(chosen))


def test_ca_atoms_are_those_of_the_structure_in_order(domains, structures):
    for row, structure in enumerate(structures):
        ca = structure.select(structure.is_protein).backbone()[:, 1]
        ca = ca[np.isfinite(ca).all(axis=1)]
        # Shards hold hundredths of an Å, from the centre of all atoms.
        moved = domains.ca(row) - ca
        assert np.abs(moved - moved.mean(axis=0)).max() < 0.011


def test_domain_without_ca_atoms_is_skipped(structures):
    part = structures[0].select(structures[0].is_protein)
    named = np.where(part.atom_name == "CA", "CX", part.atom_name)
    kind = np.where(part.atom_name == "CA", 255, part.atom_type).astype(np.uint8)
    bare = replace(part, atom_name=named, atom_type=kind)
    none = np.zeros(part.n_residues, dtype=bool)
    data = DomainData(join([pack(bare, none, CODES[0]), pack(part, none, CODES[0])]), CATH)
    assert data.rows.tolist() == [1]


def test_poses_differ_in_training_only(domains):
    rows = np.array([0, 3])
    turned, _ = domains.batch(rows, np.random.default_rng(0))
    first = turned.moments[: len(turned.moments) // 2]
    assert not torch.allclose(turned.moments[-len(first) :], first, atol=0.1)
    torch.manual_seed(0)
    logits, _ = predict_domains(CathNet(CATH).eval(), domains, rows, torch.device("cpu"))
    assert np.allclose(logits[0], logits[1], atol=1e-5)


def test_predictions_keep_the_requested_order(domains, environments):
    torch.manual_seed(0)
    cath = CathNet(CATH).eval()
    rows = np.array([7, 0, 4, 1])
    logits, labels = predict_domains(cath, domains, rows, torch.device("cpu"), batch_size=1)
    assert labels.tolist() == domains.labels[rows].tolist()
    back, _ = predict_domains(cath, domains, rows[::-1], torch.device("cpu"), batch_size=1)
    assert np.allclose(logits, back[::-1], atol=1e-6)
    assert np.allclose(logits[0], logits[2], atol=1e-4)  # the same domain twice
    assert not np.allclose(logits[0], logits[1], atol=1e-3)
    network = EnvironmentNet(ENVIRONMENT).eval()
    chosen = environments.sample(20, seed=0)
    one, _ = predict_rows(network, environments, chosen, torch.device("cpu"), batch_size=3)
    two, found = predict_rows(network, environments, chosen, torch.device("cpu"))
    assert np.allclose(one, two, atol=1e-5)
    assert (found == environments.labels[chosen]).all()


def test_shard_without_labels_is_refused(structures):
    shard = pack(structures[0], np.zeros(structures[0].n_residues, dtype=bool), "6.20.1.1")
    with pytest.raises(InputError) as caught:
        EnvironmentData(shard, ENVIRONMENT.moments, ENVIRONMENT.cb_offset)
    assert caught.value.code == "input.no_labels"
    with pytest.raises(InputError):
        DomainData(shard, CATH)
