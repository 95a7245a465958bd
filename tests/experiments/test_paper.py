"""The parts of the CATH experiment that can be checked without training for long."""

from __future__ import annotations

import json
import lzma
from itertools import pairwise

import numpy as np
import pytest
import torch

from experiments.cath.paper import FRACTIONS, grid_of, read_schedule
from experiments.cath.paper_curve import (
    PUBLISHED,
    differences,
    draw,
    draw_validations,
    read_curves,
    read_whole_points,
)
from experiments.cath.paper_domains import (
    Traces,
    extract,
    nested_part,
    one_per_family,
    read_clusters,
    read_traces,
    traces_of,
)
from experiments.cath.paper_measures import UNANSWERED, measures
from experiments.cath.paper_training import NETWORKS, BestWeights, Drawer, Schedule, train_point
from protvox.chemistry import ATOM_TYPE_INDEX
from protvox.errors import InputError
from protvox.train.shard import Shard, join, write_shard
from protvox.voxel.grids.domain_grid import PAPER_GRID


def helix(length, rise=1.5, radius=2.3, turn=100.0):
    angle = np.deg2rad(turn) * np.arange(length)
    points = [radius * np.cos(angle), radius * np.sin(angle), rise * np.arange(length)]
    return np.stack(points, axis=1).astype(np.float32)


def strand(length):
    return helix(length, rise=3.3, radius=0.9, turn=180.0)


def some_traces(counts=(12, 8), length=14):
    """Helices as one architecture, strands as another, three domains per superfamily."""
    names, codes, labels, coordinates = [], [], [], []
    for label, (count, code, make) in enumerate(
        zip(counts, ("1.10", "1.20"), (helix, strand), strict=True)
    ):
        for index in range(count):
            names.append(f"{label}abc{index:02d}")
            codes.append(f"{code}.{index // 3 + 1}.10")
            labels.append(label)
            coordinates.append(make(length + index % 3))
    rows = np.arange(len(names))
    return Traces(tuple(names), tuple(codes), np.array(labels), tuple(coordinates), rows)


def pairs_of(traces):
    """Clusters of two domains each."""
    return {name: f"{name[0]}-{int(name[-2:]) // 2}" for name in traces.names}


def a_shard(codes):
    """Structures of two residues of N and CA."""
    types = [ATOM_TYPE_INDEX["backbone_N"], ATOM_TYPE_INDEX["backbone_CA"]] * 2
    parts = []
    for row, code in enumerate(codes):
        coordinates = 100 * (row + np.arange(12).reshape(4, 3))
        parts.append(
            Shard(
                coordinates=coordinates.astype(np.int16),
                atom_type=np.array(types, dtype=np.uint8),
                residue_start=np.array([0, 2, 4]),
                structure_start=np.array([0, 2]),
                residue_label=np.zeros(2, dtype=np.uint8),
                structure_label=np.array([code]),
                name=np.array([f"d{row}"]),
            )
        )
    return join(parts)


def test_traces_contain_the_ca_atoms_of_the_ten_architectures():
    traces = traces_of(a_shard(["1.10.8.10", "1.25.40.10", "3.90.80.10"]))
    assert traces.names == ("d0", "d2")
    assert traces.labels.tolist() == [0, 9]
    assert traces.rows.tolist() == [0, 2]
    np.testing.assert_allclose(traces.coordinates[1], [[5, 6, 7], [11, 12, 13]])


def test_shards_without_the_ten_architectures_are_refused():
    with pytest.raises(InputError, match="ten architectures"):
        traces_of(a_shard(["1.25.40.10"]))


def test_extracted_structures_are_the_requested_ones():
    shard = a_shard(["1.10.8.10", "1.25.40.10", "3.90.80.10"])
    back = join(extract(shard, [2, 0]))
    assert back.name.tolist() == ["d2", "d0"]
    np.testing.assert_array_equal(back.coordinates[:4], shard.coordinates[8:])
    assert back.residue_start.tolist() == [0, 2, 4, 6, 8]


def test_smaller_subsets_are_contained_in_larger_ones():
    traces = some_traces((32, 16))
    parts = [set(nested_part(traces, pairs_of(traces), f, 3).tolist()) for f in FRACTIONS]
    assert len(parts[0]) == len(traces)
    for larger, smaller in pairwise(parts):
        assert smaller < larger


def test_subsets_contain_whole_clusters_of_every_architecture():
    traces = some_traces((32, 16))
    clusters = pairs_of(traces)
    part = nested_part(traces, clusters, 4, 0)
    held = {clusters[traces.names[row]] for row in part}
    assert {row for row, name in enumerate(traces.names) if clusters[name] in held} == set(part)
    assert np.bincount(traces.labels[part]).tolist() == [8, 4]


def test_subset_needs_the_cluster_of_every_domain():
    with pytest.raises(InputError, match="no cluster"):
        nested_part(some_traces(), {}, 2, 0)


def test_clusters_and_domains_are_read_from_several_places(tmp_path):
    plain, packed = tmp_path / "domains.csv", tmp_path / "traces.csv.xz"
    plain.write_text("domain,cath,s35\n1abcA01,1.10.8.10,1.10.8.10.1\n")
    packed.write_bytes(lzma.compress(b"domain,s35\n2abcA01,1.10.8.10.2\n"))
    found = read_clusters(plain, packed)
    assert found == {"1abcA01": "1.10.8.10.1", "2abcA01": "1.10.8.10.2"}
    for name, code in (("a", "1.10.8.10"), ("b", "3.90.80.10")):
        (tmp_path / name).mkdir()
        write_shard(a_shard([code]), tmp_path / name / "0.npz")
    assert read_traces(tmp_path / "a", tmp_path / "b").codes == ("1.10.8.10", "3.90.80.10")


def test_one_domain_is_chosen_of_every_superfamily():
    traces = some_traces()
    chosen = traces.take(one_per_family(traces, 0))
    assert sorted(set(traces.codes)) == sorted(chosen.codes)
    other = one_per_family(traces, 1).tolist()
    assert chosen.rows.tolist() != other


def test_every_domain_of_an_epoch_occurs_once_and_is_drawn_completely():
    drawer = Drawer(some_traces(), crop=False)
    epoch = drawer.epoch(4, np.random.default_rng(0))
    assert sorted(np.concatenate(epoch).tolist()) == list(range(20))
    field = drawer.draw(epoch[0], np.random.default_rng(1))
    assert tuple(field.shape) == (4, 1, *PAPER_GRID.shape)
    lengths = [len(some_traces().coordinates[row]) for row in epoch[0]]
    np.testing.assert_allclose(field.sum(dim=(1, 2, 3, 4)), lengths, rtol=1e-3)


def test_cropped_grids_contain_the_same_domain_in_less_space():
    drawer = Drawer(some_traces(), crop=True)
    field = drawer.draw(np.array([0, 15]), np.random.default_rng(1))
    whole = Drawer(some_traces(), crop=False).draw(np.array([0, 15]), np.random.default_rng(1))
    edges = [slice((50 - n) // 2, (50 + n) // 2) for n in field.shape[2:]]
    assert max(field.shape[2:]) < 50
    torch.testing.assert_close(field, whole[:, :, *edges], rtol=1e-4, atol=1e-6)


def test_batches_resume_where_they_stopped():
    drawer = Drawer(some_traces(), crop=True)
    source = drawer.batches(4, 7)
    before = [next(source) for _ in range(8)]
    again = next(drawer.batches(4, 7, first_step=7))
    torch.testing.assert_close(again[0], before[7][0], rtol=0, atol=0)
    assert torch.equal(again[1], before[7][1])


def test_a_pose_is_new_at_every_access():
    drawer = Drawer(some_traces(), crop=False)
    rng = np.random.default_rng(0)
    first, second = (drawer.draw(np.array([0]), rng) for _ in range(2))
    assert (first - second).abs().max() > 0.01


@pytest.mark.parametrize("name", ["steerable", "resnet34", "resnet34-half"])
def test_every_network_has_a_schedule(name):
    loop = read_schedule(name).loop(7248)
    assert (loop.batch_size, loop.evaluate_every, loop.steps) == (16, 453, 45300)


class Mean(torch.nn.Module):
    """Two numbers of the density, one layer: enough to distinguish helices from strands."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 10)

    def forward(self, field):
        values = [field.amax(dim=(1, 2, 3, 4)), field.square().sum(dim=(1, 2, 3, 4))]
        return self.layer(torch.stack(values, dim=1))


def test_point_is_trained_in_sessions_and_ends_with_its_best_weights(tmp_path):
    drawer = Drawer(some_traces(), crop=True)
    schedule = Schedule(learning_rate=0.3, epochs=2, batch_size=4, cooldown=0.5)

    def go(limit):
        torch.manual_seed(0)
        network = Mean()
        done = train_point(
            network,
            drawer,
            drawer,
            schedule,
            tmp_path,
            device=torch.device("cpu"),
            report=lambda progress: None,
            time_limit=limit,
        )
        return network, done

    pieces = 0
    while not (outcome := go(0.0))[1]:
        pieces += 1
        assert pieces < 40
    assert pieces > 5
    best = BestWeights(tmp_path).measures()
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert best["top1"] == max(line["top1"] for line in log)
    logits = drawer.logits(outcome[0], torch.device("cpu"), schedule.seed)
    assert (logits.argmax(axis=1) == drawer.labels).mean() == best["top1"]


def test_the_weights_of_the_best_validation_are_kept(tmp_path):
    network = Mean()
    for value, top1 in ((1.0, 0.3), (2.0, 0.5), (3.0, 0.5), (4.0, 0.4)):
        torch.nn.init.constant_(network.layer.weight, value)
        BestWeights(tmp_path).offer(network, {"top1": top1})
    BestWeights(tmp_path).restore(network)
    assert float(network.layer.weight.detach().mean()) == 2.0
    assert BestWeights(tmp_path).measures() == {"top1": 0.5}


def test_logits_are_in_the_order_of_the_domains():
    drawer = Drawer(some_traces(), crop=False)

    class Mass(torch.nn.Module):
        def forward(self, field):
            return field.sum(dim=(2, 3, 4))

    logits = drawer.logits(Mass(), torch.device("cpu"), 0, batch_size=3)
    lengths = [len(trace) for trace in some_traces().coordinates]
    np.testing.assert_allclose(logits[:, 0], lengths, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "spacing"), [("steerable", 2.0), ("resnet34-half", 4.0)])
def test_the_networks_of_the_paper_train_on_cropped_grids(name, spacing, tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.cath.paper_training.SETTLING_BATCHES", 2)
    drawer = Drawer(some_traces((2, 2)), crop=True, grid=grid_of(spacing))
    schedule = Schedule(learning_rate=1e-3, epochs=1, batch_size=2)
    done = train_point(
        NETWORKS[name](),
        drawer,
        drawer,
        schedule,
        tmp_path,
        device=torch.device("cpu"),
        report=lambda progress: None,
        time_limit=None,
    )
    assert done
    assert 0 <= BestWeights(tmp_path).measures()["top1"] <= 1


def test_measures_count_correct_predictions():
    labels = np.array([0, 0, 0, 1, 1, 9])
    predicted = np.array([0, 0, 1, 1, UNANSWERED, 9])
    found = measures(predicted, labels, np.arange(6))
    assert found["top1"] == pytest.approx(4 / 6)
    assert found["balanced"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert found["n_unanswered"] == 1
    assert np.array(found["confusion"]).shape == (10, 10)
    low, high = found["intervals"]["top1"]
    assert 0 <= low < found["top1"] < high <= 1


def test_a_coarser_grid_is_the_same_cube():
    assert grid_of(2.0) == PAPER_GRID
    coarse = grid_of(4.0)
    assert coarse.extent == PAPER_GRID.extent
    assert coarse.sigma / coarse.spacing == PAPER_GRID.sigma / PAPER_GRID.spacing
    drawer = Drawer(some_traces((2, 2)), crop=False, grid=coarse)
    field = drawer.draw(np.array([0, 3]), np.random.default_rng(0))
    assert field.shape == (2, 1, 25, 25, 25)


def a_point(network, fraction, top1, crop=False, spacing=2.0, epochs=100):
    test = {"top1": top1, "intervals": {"top1": [top1 - 0.03, top1 + 0.03]}}
    return {
        "schema": "protvox.paper/1",
        "network": network,
        "fraction": fraction,
        "crop": crop,
        "n_train": 7248 // fraction,
        "test": test,
        "spacing": spacing,
        "schedule": {"epochs": epochs},
    }


def test_curves_are_read_from_the_metrics(tmp_path):
    points = [
        a_point("steerable", 16, 0.5),
        a_point("steerable", 2, 0.6),
        a_point("resnet34-half", 1, 0.55, crop=True),
        a_point("steerable", 16, 0.4, crop=True, spacing=4.0),
        a_point("resnet34-half", 16, 0.3, crop=True, spacing=4.0, epochs=30),
        a_point("steerable", 16, 0.3, crop=True, spacing=4.0, epochs=30),
        a_point("steerable", 1, 0.4, crop=True, spacing=4.0, epochs=4),
    ]
    for index, point in enumerate(points):
        (tmp_path / f"{index}.json").write_text(json.dumps(point))
    (tmp_path / "other.json").write_text("{}")
    curves = read_curves(tmp_path)
    assert {name: [p.fraction for p in found] for name, found in curves.items()} == {
        "steerable": [2, 16],
        "resnet34-half-crop": [1],
        "steerable-crop-4A": [16],
        "resnet34-half-crop-4A, 30 epochs": [16],
        "steerable-crop-4A, 4 to 30 epochs": [1, 16],
    }
    assert curves["steerable"][0].low == pytest.approx(0.57)
    draw(curves, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 10_000


def test_networks_are_compared_on_the_same_domains(tmp_path):
    right = {"steerable": [1, 1, 1, 0], "resnet34-half": [1, 0, 0, 0]}
    for network, correct in right.items():
        point = a_point(network, 16, np.mean(correct), crop=True, spacing=4.0) | {
            "correct": correct,
            "superfamily": [0, 1, 1, 2],
            "validations": [{"step": step, "top1": 0.3 + step / 100} for step in (5, 10)],
        }
        (tmp_path / f"{network}.json").write_text(json.dumps(point))
    (tmp_path / "old.json").write_text(json.dumps(a_point("steerable", 1, 0.5)))
    points = read_whole_points(tmp_path)
    assert sorted(points) == [(16, "resnet34-half"), (16, "steerable")]
    found = differences(points)
    assert list(found) == ["16 resnet34-half"]
    assert found["16 resnet34-half"]["top1"] == 0.5
    assert found["16 resnet34-half"]["interval"][0] >= 0
    draw_validations(points, tmp_path / "validations.png")
    assert (tmp_path / "validations.png").stat().st_size > 10_000


def test_the_published_curves_are_those_of_the_paper():
    assert PUBLISHED == {
        "steerable": (0.657, 0.642, 0.618, 0.598, 0.544),
        "resnet34": (0.609, 0.603, 0.573, 0.546, 0.489),
    }
