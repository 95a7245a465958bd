"""The loss of architectures and topologies, and a whole small training."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from protvox.networks.cath import CathConfig, CathNet
from protvox.networks.sse import SSEBatch, SSEConfig
from protvox.registry.weights import save_weights
from protvox.structure.geometry.sse import find_sses
from protvox.structure.io.read import read_structure
from protvox.tasks.cath import data as data_module
from protvox.tasks.cath import learner as learner_module
from protvox.tasks.cath.augment import augment_domain, drop_sses
from protvox.tasks.cath.data import UNKNOWN, DomainData
from protvox.tasks.cath.learner import TOPOLOGY_WEIGHT, CathLearner
from protvox.tasks.cath.task import TASK
from protvox.train.checkpoint import load_checkpoint
from protvox.train.loop import LoopConfig
from protvox.train.run import train_task
from protvox.train.shard import join, pack, write_shard

CONFIG = CathConfig(labels=("1.10", "2.40", "3.10"), fine="4x0e+1x1e", coarse="4x0e", features=4)
CPU = torch.device("cpu")


@pytest.fixture
def learner():
    torch.manual_seed(0)
    return CathLearner(CathNet(CONFIG), 4)


def nats(logits, target):
    """Cross-entropy of one sample in float64, by hand."""
    logits = logits.detach().numpy().astype(np.float64)
    return np.log(np.exp(logits).sum()) - logits @ np.asarray(target, dtype=np.float64)


def test_loss_adds_architectures_and_known_topologies(learner):
    logits = torch.randn(3, 7)
    labels = torch.tensor([[2, 1], [0, UNKNOWN], [1, 3]])
    smoothing = 0.1
    first = np.mean(
        [
            nats(row[:3], (1 - smoothing) * np.eye(3)[k] + smoothing / 3)
            for row, k in zip(logits, (2, 0, 1), strict=True)
        ]
    )
    second = np.mean([nats(logits[0, 3:], np.eye(4)[1]), nats(logits[2, 3:], np.eye(4)[3])])
    got = learner.loss(logits[:, None], labels, smoothing)
    assert float(got) == pytest.approx(first + TOPOLOGY_WEIGHT * second, abs=1e-5)
    assert TOPOLOGY_WEIGHT * second > 1e-2


def test_batch_without_known_topologies_has_the_loss_of_architectures(learner):
    logits = torch.randn(3, 7, requires_grad=True)
    labels = torch.tensor([[2, UNKNOWN], [0, UNKNOWN], [1, UNKNOWN]])
    loss = learner.loss(logits[:, None], labels, 0.0)
    expected = np.mean(
        [nats(row[:3], np.eye(3)[k]) for row, k in zip(logits, (2, 0, 1), strict=True)]
    )
    assert loss.item() == pytest.approx(expected, abs=1e-5)
    loss.backward()
    assert torch.isfinite(logits.grad).all()
    assert not logits.grad[:, 3:].any()
    assert logits.grad[:, :3].abs().min() > 0


@pytest.fixture(scope="module")
def shard(data_dir):
    parts = []
    for name, code in (("1ubi.pdb", "3.10.20.90"), ("1a8o.pdb", "1.10.1200.30")) * 2:
        structure = read_structure(data_dir / name)
        structure = structure.select(structure.is_protein)
        parts.append(pack(structure, np.zeros(structure.n_residues, dtype=bool), code))
    return join(parts)


def test_topology_loss_trains_the_shared_features(shard, learner):
    data = DomainData(shard, CONFIG)
    learner = CathLearner(CathNet(CONFIG), data.n_topologies)
    inputs, labels = data.batch(data.rows, np.random.default_rng(0))
    logits = learner(inputs)
    assert logits.shape == (4, 1, 3 + 2)
    features = learner.network.embed(inputs)
    assert features.shape == (4, 2 * CONFIG.features + 1)
    learner.loss(logits, labels, 0.0).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in learner.parameters())
    assert all(p.grad.abs().max() > 0 for p in learner.topology.parameters())


def test_networks_of_elements_and_lattice_are_trained_independently(shard):
    torch.manual_seed(0)
    config = replace(CONFIG, sse=SSEConfig(members=2, width=6, layers=1, features=4))
    data = DomainData(shard, config)
    learner = CathLearner(CathNet(config), data.n_topologies).eval()
    inputs, labels = data.batch(data.rows, np.random.default_rng(0))
    logits = learner(inputs)
    assert logits.shape == (4, 3, 3 + 2)
    total = learner.loss(logits, labels, 0.05)
    alone = [learner.loss(logits[:, [reader]], labels, 0.05) for reader in range(3)]
    assert total.item() == pytest.approx(np.mean([one.item() for one in alone]), abs=1e-5)
    # Every reader has weights of its own: the loss of one moves no other.
    alone[1].backward()
    moved = {
        name.split("members.")[-1][0]
        for name, p in learner.named_parameters()
        if "members." in name and p.grad is not None and p.grad.abs().max() > 0
    }
    assert moved == {"0"}
    moved = {name for name, p in learner.named_parameters() if p.grad is not None and p.grad.any()}
    read = {name.rpartition(".")[0] for name in moved if "members." not in name}
    assert read == {"network.elements.classifiers.0", "element_topologies.0"}
    with pytest.raises(ValueError, match="elements as well"):
        learner(replace(inputs, sses=None))
    sites = [
        p for n, p in learner.named_parameters() if "elements" not in n and "element_" not in n
    ]
    assert not any(p.grad is not None and p.grad.any() for p in sites)


def test_batches_hold_the_elements_of_the_augmented_domains(shard, monkeypatch):
    config = replace(CONFIG, sse=SSEConfig(members=1, width=4, layers=1, features=3))
    data = DomainData(shard, config)
    traces, thinned = [], []

    def vary(ca, rng):
        traces.append(augment_domain(ca, rng))
        return traces[-1]

    def thin(elements, rng):
        thinned.append(drop_sses(elements, rng))
        return thinned[-1]

    monkeypatch.setattr(data_module, "augment_domain", vary)
    monkeypatch.setattr(data_module, "drop_sses", thin)
    inputs, _ = data.batch(data.rows, np.random.default_rng(3))
    assert len(traces) == len(thinned) == 4
    expected = SSEBatch.join(thinned)
    assert torch.equal(inputs.sses.pairs, expected.pairs)
    assert torch.equal(inputs.sses.each, expected.each)
    chains = [find_sses(trace).chain for trace in traces]
    assert np.array_equal(inputs.sses.chain.numpy(), np.stack(chains))
    assert inputs.sses.pairs.abs().max() > 1


def test_training_resumes_with_both_readouts(shard, tmp_path, monkeypatch):
    monkeypatch.setattr(learner_module, "SETTLING_BATCHES", 2)
    write_shard(shard, tmp_path / "shard-000.npz")
    paths = [tmp_path / "shard-000.npz"]
    seen = []

    def run(steps):
        loop = LoopConfig(steps=steps, batch_size=2, warmup=1, evaluate_every=2)
        return train_task(
            TASK,
            paths,
            paths,
            tmp_path / "run",
            architecture=CONFIG,
            loop=loop,
            device=CPU,
            report=seen.append,
        )

    assert run(2)
    assert run(4)
    assert [progress.step for progress in seen] == [2, 4]
    assert {"top1", "balanced", "nll"} <= set(seen[-1].metrics)
    assert 0 < seen[-1].metrics["nll"] < 20
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4]
    again = CathLearner(CathNet(CONFIG), 2)
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors", again)["step"] == 4


def test_training_begins_with_given_weights(shard, tmp_path, monkeypatch):
    monkeypatch.setattr(learner_module, "SETTLING_BATCHES", 2)
    write_shard(shard, tmp_path / "shard-000.npz")
    torch.manual_seed(7)
    given = CathNet(CONFIG)
    save_weights(given, tmp_path / "model.safetensors")
    loop = LoopConfig(steps=1, batch_size=2, warmup=0, learning_rate=1e-9, evaluate_every=1)
    train_task(
        TASK,
        [tmp_path / "shard-000.npz"],
        [tmp_path / "shard-000.npz"],
        tmp_path / "run",
        architecture=CONFIG,
        loop=loop,
        device=CPU,
        report=lambda _: None,
        start=tmp_path / "model.safetensors",
    )
    learner = CathLearner(CathNet(CONFIG), 2)
    load_checkpoint(tmp_path / "run" / "checkpoint.safetensors", learner)
    for trained, weight in zip(learner.network.parameters(), given.parameters(), strict=True):
        torch.testing.assert_close(trained, weight, atol=1e-6, rtol=1e-5)


def test_without_validation_the_training_is_the_same_and_nothing_is_measured(
    shard, tmp_path, monkeypatch
):
    monkeypatch.setattr(learner_module, "SETTLING_BATCHES", 2)
    write_shard(shard, tmp_path / "shard-000.npz")
    paths = [tmp_path / "shard-000.npz"]
    loop = LoopConfig(steps=3, batch_size=2, warmup=1, evaluate_every=1)
    learned, metrics = [], []
    for name, validation in (("checked", paths), ("blind", [])):
        seen = []
        assert train_task(
            TASK,
            paths,
            validation,
            tmp_path / name,
            architecture=CONFIG,
            loop=loop,
            device=CPU,
            report=seen.append,
        )
        learner = CathLearner(CathNet(CONFIG), 2)
        load_checkpoint(tmp_path / name / "checkpoint.safetensors", learner)
        learned.append(list(learner.parameters()))
        metrics.append(seen[-1].metrics)
    assert all(torch.equal(a, b) for a, b in zip(*learned, strict=True))
    assert metrics[0] and not metrics[1]
