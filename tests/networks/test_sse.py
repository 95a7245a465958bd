"""The networks on SSEs, and their share in the prediction for a domain."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
import torch

from protvox.errors import ModelError
from protvox.networks import sse as sse_module
from protvox.networks.cath import CathConfig, CathNet, DomainBatch
from protvox.networks.config import from_mapping
from protvox.networks.layers import PlainLayers
from protvox.networks.poses import describe_sses, domain_features, domain_logits, featurize_poses
from protvox.networks.sse import SSEBatch, SSEConfig, SSENet
from protvox.registry.inference_weights import INFERENCE_FILE, save_inference_weights
from protvox.registry.weights import load_weights
from protvox.structure.geometry.ca_trace import trace_chain
from protvox.structure.geometry.sse import PAIR, find_sses
from protvox.structure.io.read import read_structure
from protvox.voxel.rotation import random_rotations

CPU = torch.device("cpu")
SHAPE = SSEConfig(members=2, width=8, layers=2, features=6, share=0.3)
CATH = CathConfig(
    labels=("1.10", "2.40", "3.40"),
    fine="4x0e+2x1e",
    coarse="6x0e+2x1e",
    features=8,
    sse=SHAPE,
)
STRAIGHT = np.cumsum(np.full((8, 3), 2.0), axis=0)
"""A chain without SSEs."""


@pytest.fixture(scope="module")
def chains(data_dir):
    found = []
    for name in ("1ubi.pdb", "1a8o.pdb"):
        structure = read_structure(data_dir / name)
        ca = structure.select(structure.is_protein).backbone()[:, 1].astype(np.float64)
        found.append(ca[np.isfinite(ca).all(axis=1)])
    return found


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return CathNet(CATH).eval().requires_grad_(False)


def sses_of(chains):
    return [find_sses(trace_chain(ca)) for ca in chains]


def test_domains_of_a_batch_are_independent(chains, network):
    domains = sses_of([chains[0], STRAIGHT, chains[1]])
    together = network.elements.embed(SSEBatch.join(domains))
    assert together.shape == (2, 3, 3 * 6 + 5)
    alone = torch.cat([network.elements.embed(SSEBatch.join([one])) for one in domains], dim=1)
    assert torch.allclose(together, alone, atol=1e-5)
    assert (together[:, 0] - together[:, 2]).abs().max() > 1e-2
    assert torch.isfinite(together).all()


def test_order_of_sses_does_not_matter(chains, network):
    (domain,) = sses_of(chains[:1])
    shuffled = domain.take(np.random.default_rng(0).permutation(len(domain)))
    expected = network.elements.embed(SSEBatch.join([domain]))
    assert torch.allclose(network.elements.embed(SSEBatch.join([shuffled])), expected, atol=1e-5)


def test_relative_positions_matter(chains, network):
    """The networks use pairs of SSEs, not only single SSEs."""
    (domain,) = sses_of(chains[:1])
    apart = SSEBatch.join([domain])
    far = apart.pairs.clone()
    far[:, :8] += 50
    moved = SSEBatch(apart.chain, apart.each, far, apart.first, apart.second, apart.domain)
    difference = network.elements.embed(moved) - network.elements.embed(apart)
    assert difference.abs().max() > 1e-3


def test_every_member_has_its_own_classifier(chains, network):
    features = network.elements.embed(SSEBatch.join(sses_of(chains)))
    logits = network.elements.classify(features)
    for row, layer in enumerate(network.elements.classifiers):
        assert torch.allclose(logits[row], features[row] @ layer.weight.T + layer.bias, atol=1e-6)


def test_pairs_are_encoded_as_gaussians_and_numbers():
    raw = torch.zeros(1, len(PAIR))
    values = {
        "distance": 10.0,
        "closest": 4.5,
        "near": 3.0,
        "far": 7.0,
        "angle": -0.5,
        "lean": 0.1,
        "other_lean": 0.2,
        "cosine": -0.6,
        "sine": 0.8,
        "faces": 0.9,
        "face": 0.3,
        "other_face": 0.4,
        "start_start": 5.0,
        "start_end": 15.0,
        "end_start": 20.0,
        "end_end": 0.0,
        "order": -1.0,
        "gap": 10.0,
    }
    for name, value in values.items():
        raw[0, PAIR.index(name)] = value
    (encoded,) = sse_module._encode_pairs(raw).double().numpy()
    assert encoded.shape == (46,)
    middles = np.exp(-(((10.0 - np.linspace(4, 36, 17)) / 2.0) ** 2) / 2)
    closest = np.exp(-(((4.5 - np.linspace(3, 15, 9)) / 1.2) ** 2) / 2)
    numbers = [
        np.log(4),
        np.log(8),
        -0.5,
        0.25,
        0.1,
        0.2,
        -0.6,
        0.8,
        0.9,
        0.3,
        0.4,
        -0.5 * np.log(4),
        1.0,
        0.5,
        0.4,
        2.0,
        0,
        0,
        1,
        np.exp(-1.0),
    ]
    np.testing.assert_allclose(encoded, np.concatenate([middles, closest, numbers]), atol=1e-6)


def test_sses_are_pooled_by_mean_sum_and_maximum(chains):
    batch = SSEBatch.join(sses_of([chains[0], STRAIGHT, chains[1]]))
    numbers = torch.randn(len(batch.each), 5).sigmoid()
    pooled = sse_module._pool(numbers, batch).numpy()
    for row in (0, 2):
        own = numbers[batch.domain == row].numpy()
        expected = [own.mean(axis=0), own.sum(axis=0) / 10, own.max(axis=0), batch.chain[row]]
        np.testing.assert_allclose(pooled[row], np.concatenate(expected), atol=1e-6)
    assert not pooled[1, :10].any()
    assert (pooled[1, 10:15] == -1).all()


def test_different_numbers_of_domains_are_rejected(chains, network):
    poses, (sses,) = featurize_poses(chains[0], CATH), sses_of(chains[:1])
    with pytest.raises(ValueError, match="1 domains have SSEs, but 4 have points"):
        DomainBatch.join(poses, [sses])
    with pytest.raises(ValueError, match="4 domains, but SSEs of 1"):
        network.combine(torch.zeros(4, 3), SSEBatch.join([sses]))


@pytest.mark.parametrize("values", [{"members": 0}, {"layers": 0}, {"share": 5.0}, {"dropout": -1}])
def test_invalid_configurations_are_rejected(values):
    with pytest.raises(ModelError, match=next(iter(values))):
        SSEConfig(**values)


def test_number_instead_of_a_table_is_rejected():
    with pytest.raises(ModelError, match="4 is not a table"):
        from_mapping(CathConfig, {"labels": ["1.10"], "sse": 4}, "card")


def test_prediction_is_the_mean_of_different_members(chains, network):
    batch = SSEBatch.join(sses_of(chains))
    logits = network.elements.classify(network.elements.embed(batch))
    assert logits.shape == (2, 2, 3)
    assert (logits[0] - logits[1]).abs().max() > 1e-3
    shares = np.exp(logits.double().numpy())
    expected = np.log(shares / shares.sum(axis=2, keepdims=True))
    assert np.abs(network.elements(batch).numpy() - expected.mean(axis=0)).max() < 1e-5


def test_prediction_is_the_weighted_mean_of_both_networks(chains, network):
    own = torch.stack(
        [
            network.classifier(network.embed(DomainBatch.join([pose])))[0]
            for pose in featurize_poses(chains[0], CATH)
        ]
    ).mean(dim=0)
    second = network.elements(SSEBatch.join([describe_sses(chains[0])]))[0]
    expected = 0.7 * own.log_softmax(dim=0) + 0.3 * second
    assert torch.allclose(domain_logits(network, chains[:1], CPU)[0], expected, atol=1e-5)
    assert (expected - own.log_softmax(dim=0)).abs().max() > 1e-2


def test_batch_with_sses_gives_the_same_prediction(chains, network):
    pose = featurize_poses(chains[0], CATH)[0]
    batch = DomainBatch.join([pose], [describe_sses(chains[0])]).to(CPU)
    expected = network.combine(network.classifier(network.embed(batch)), batch.sses)
    assert torch.equal(network(batch), expected)
    with pytest.raises(ValueError, match="also reads SSEs"):
        network(DomainBatch.join([pose]))


def test_prediction_does_not_depend_on_the_pose(chains, network):
    # The lattice is tested in tests/networks/test_poses.py.
    expected = network.elements(SSEBatch.join([describe_sses(chains[0])]))
    for rotation in random_rotations(3, np.random.default_rng(0)):
        rotated = describe_sses(chains[0] @ rotation.T + 1000.0)
        got = network.elements(SSEBatch.join([rotated]))
        assert torch.allclose(got, expected, atol=1e-3)
    mirrored = network.elements(SSEBatch.join([describe_sses(chains[0] * [1, 1, -1])]))
    assert (mirrored - expected).abs().max() > 1e-3


def test_features_are_those_of_the_lattice_points(chains, network):
    torch.manual_seed(0)
    plain = CathNet(CathConfig(**{**asdict(CATH), "sse": None})).eval()
    plain.load_state_dict({k: v for k, v in network.state_dict().items() if "elements" not in k})
    expected, logits = domain_features(plain, chains, CPU)
    features, both = domain_features(network, chains, CPU)
    assert torch.equal(features, expected)
    assert (both - logits.log_softmax(dim=1)).abs().max() > 1e-2


def test_domain_without_sses_has_finite_logits(network):
    (logits,) = domain_logits(network, [STRAIGHT], CPU)
    assert torch.isfinite(logits).all()


def test_exported_network_gives_the_same_prediction(chains, network, tmp_path):
    expected = domain_logits(network, chains, CPU)
    save_inference_weights(network, tmp_path / INFERENCE_FILE)
    exported = CathNet(CATH, PlainLayers())
    load_weights(exported, tmp_path / INFERENCE_FILE)
    assert torch.allclose(domain_logits(exported.eval(), chains, CPU), expected, atol=1e-4)


def test_dropout_is_used_only_in_training(chains):
    torch.manual_seed(0)
    network = SSENet(SHAPE, 3)
    batch = SSEBatch.join(sses_of(chains))
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))


def test_configurations_survive_a_round_trip():
    assert from_mapping(CathConfig, asdict(CATH), "card") == CATH
    without = CathConfig(labels=("1.10",))
    assert from_mapping(CathConfig, asdict(without), "card") == without


def test_pair_features_are_never_subnormal(chains):
    """Subnormal numbers make matrix products twice as slow; what is dropped is below 1e-17."""
    spread = np.concatenate([chains[0], chains[1] + 25.0])
    pairs = SSEBatch.join(sses_of([spread])).pairs
    features = sse_module._encode_pairs(pairs)
    distance = pairs[:, PAIR.index("distance")][:, None]
    exact = torch.exp(-(((distance - torch.linspace(4.0, 36.0, 17)) / 2.0) ** 2) / 2)
    least = torch.finfo(torch.float32).tiny
    assert ((exact > 0) & (exact < least)).any()
    assert not ((features != 0) & (features.abs() < least)).any()
    assert (features[:, :17] - exact).abs().max() < 1e-17
