"""The comparison of steerable and conventional networks, at the smallest scale."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from experiments.environments.compare import CONFIG, draw, finished, lines, read_comparison
from experiments.environments.compare_data import EnvironmentGrids
from experiments.environments.compare_networks import KINDS, SETTINGS, Compared
from experiments.environments.compare_runs import RESULT, Clock, compare_poses, read_curve, run
from protvox.nn import cube_rotations, rotate_field
from protvox.structure.io.read import read_structure
from protvox.train.shard import pack
from protvox.voxel.grids.environment_grid import environment_densities
from protvox.voxel.moments.residue_frames import N_ENVIRONMENT_TYPES, residue_frames
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module")
def full():
    return read_comparison(CONFIG)


@pytest.fixture(scope="module")
def small(full):
    network = dataclasses.replace(full.network, layers=("4x0e+1x1e",) * 3, hidden=8)
    loop = dataclasses.replace(full.loop, steps=2, batch_size=8, evaluate_every=1, warmup=0)
    return dataclasses.replace(full, network=network, loop=loop)


@pytest.fixture(scope="module")
def structure(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


@pytest.fixture(scope="module")
def shard(structure):
    return pack(structure, np.ones(structure.n_residues, dtype=bool), "")


def test_environments_agree_with_those_of_protvox(shard, structure, full):
    data = EnvironmentGrids(shard, full.grid, in_frame=True)
    rows = np.array([3, 40, 70])
    # Shards round coordinates to 0.01 Å, which rotates a frame noticeably.
    rounded = dataclasses.replace(structure, coordinates=shard.positions())
    frames = residue_frames(rounded.backbone(), full.grid.cb_offset)
    expected = environment_densities(rounded, rows, frames, full.grid.spec())
    np.testing.assert_allclose(data.draw(rows).numpy(), expected, atol=1e-4)


def test_side_chain_to_be_predicted_is_not_drawn(shard, full):
    row = int(np.argmax(np.diff(shard.residue_start)))
    moved = shard.coordinates.copy()
    own = slice(*shard.residue_start[row : row + 2])
    moved[own][shard.atom_type[own] > 3] += 150
    other = dataclasses.replace(shard, coordinates=moved)
    assert not np.array_equal(moved, shard.coordinates)
    fields = [
        EnvironmentGrids(each, full.grid, in_frame=True).draw(np.array([row]))
        for each in (shard, other)
    ]
    torch.testing.assert_close(fields[0], fields[1], rtol=0, atol=0)


@pytest.mark.parametrize("in_frame", [True, False])
def test_only_grids_in_the_frame_ignore_the_pose_of_the_file(shard, full, in_frame):
    rotation = random_rotations(1, np.random.default_rng(0))[0]
    before = EnvironmentGrids(shard, full.grid, in_frame=in_frame)
    after = EnvironmentGrids(shard, full.grid, in_frame=in_frame, rotation=rotation)
    rows = before.rows[:4]
    change = float((before.draw(rows) - after.draw(rows)).abs().max())
    assert change < 1e-3 if in_frame else change > 0.1


def test_batches_resume_where_they_stopped(shard, full):
    data = EnvironmentGrids(shard, full.grid, in_frame=False)
    source = data.batches(8, 5)
    before = [next(source) for _ in range(len(data.rows) // 8 + 3)]
    again = next(data.batches(8, 5, first_step=len(before) - 1))
    torch.testing.assert_close(again[0], before[-1][0], rtol=0, atol=0)
    assert torch.equal(again[1], before[-1][1])


@pytest.mark.parametrize("setting", SETTINGS)
def test_both_networks_have_the_same_widths(full, setting):
    size = full.grid.size
    field = torch.randn(2, N_ENVIRONMENT_TYPES, size, size, size)
    shapes = []
    for kind in KINDS:
        network = Compared(kind, setting, full.network, N_ENVIRONMENT_TYPES, size).eval()
        found, value = [], field
        for layer in network.trunk:
            value = layer(value)
            if type(layer).__name__ in ("Gate", "SiLU"):
                found.append(tuple(value.shape))
        assert network.readout(value).shape == (2, 20)
        shapes.append(found)
    assert shapes[0] == shapes[1]
    assert [shape[1] for shape in shapes[0]] == [57, 82, 114]


def test_only_the_steerable_network_is_invariant_to_rotated_grids(small):
    size = small.grid.size
    field = torch.randn(2, 3, size, size, size, generator=torch.Generator().manual_seed(0))
    changes = {}
    for kind in KINDS:
        torch.manual_seed(0)
        network = Compared(kind, "rotated", small.network, 3, size).eval()
        with torch.inference_mode():
            outputs = [network(rotate_field(field, "3x0e", r)) for r in cube_rotations()[:6]]
            changes[kind] = float((torch.stack(outputs) - network(field)).abs().max())
    assert changes["steerable"] < 1e-5
    assert changes["conventional"] > 1e-3


def test_run_in_several_sessions_leaves_a_complete_result(small, shard, tmp_path):
    shards = dict.fromkeys(("train", "validation", "test"), shard)
    pieces = 0
    result = None
    while result is None:
        result = run(
            "steerable",
            "frame",
            small,
            shards,
            tmp_path / "steerable-frame",
            device=torch.device("cpu"),
            report=lambda progress: None,
            time_limit=0.0,
        )
        pieces += 1
        assert pieces < 10
    assert pieces == 2
    assert [point["samples"] for point in result["curve"]] == [8, 16]
    times = [point["training_seconds"] for point in result["curve"]]
    assert 0 < times[0] < times[1]
    assert result["test"]["n"] == 76
    assert result["rotation"]["variation"] < 1e-3
    found = finished(tmp_path)
    assert found == {"steerable": {"frame": result}, "conventional": {}}
    metrics = {"device": "cpu", **found}
    (values, accuracy) = lines(metrics, "samples")["steerable", "frame"]
    assert values == [8, 16]
    assert accuracy == [point["top1"] for point in result["curve"]]
    draw(metrics, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    assert (tmp_path / "steerable-frame" / RESULT).exists()


def test_a_step_that_was_validated_twice_counts_once(tmp_path):
    log = tmp_path / "log.jsonl"
    kept = ("training_seconds", "processor_seconds", "top1", "top3", "balanced", "nll", "ece")
    written = [(2, 0.1), (4, 0.2), (4, 0.3)]
    log.write_text(
        "".join(json.dumps({"step": s, **dict.fromkeys(kept, v)}) + "\n" for s, v in written)
    )
    curve = read_curve(log, batch_size=8)
    assert [(point["samples"], point["top1"]) for point in curve] == [(16, 0.1), (32, 0.3)]


def test_clock_resumes_from_its_file(tmp_path):
    path = tmp_path / "clock.json"
    path.write_text(json.dumps({"training_seconds": 100.0, "processor_seconds": 50.0}))
    spent = Clock(path).stop()
    assert 100 <= spent["training_seconds"] < 160
    assert json.loads(path.read_text()) == spent


def test_changed_predictions_are_counted():
    same, other = np.array([[0.8, 0.2]]), np.array([[0.3, 0.7]])
    found = compare_poses(np.stack([same, same, other]))
    assert (found["n"], found["poses"]) == (1, 2)
    assert found["changed"] == 0.5
    assert found["variation"] == pytest.approx(0.25)
