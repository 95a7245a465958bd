"""ModelNet10: the compressed clouds, the hold-out, the measures, and one run of the command."""

from __future__ import annotations

import argparse
import csv
import lzma

import numpy as np
import pytest

pytest.importorskip("trimesh")

from experiments.modelnet10 import __main__ as command
from experiments.modelnet10 import figures
from experiments.modelnet10.dataset import hold_out, read_clouds, rotate
from experiments.modelnet10.measures import compare, measure
from experiments.shrec17.training import KINDS, ShapeConfig
from protvox.errors import InputError
from protvox.train.config import read_config
from protvox.voxel.rotation import random_rotations

TINY = """
[architecture]
grid = 11
points = 60
poses = "normal"
rotate = false
multiplicities = [[2, 1], [4, 1]]
sizes = [3, 3]
strides = [2, 1]

[loop]
steps = 1
batch_size = 4
evaluate_every = 1
"""


def write(folder, models):
    """Write models in the layout of the data set: (name, class, split) and integer points."""
    with (folder / "models.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("model", "class", "split", "points", "scale"))
        table.writerows((*row, len(points), 1.0) for row, points in models)
    coded = []
    for _, points in models:
        x, y, z = points[np.argsort(points[:, 0])].T.astype(np.uint16)
        coded.append(np.stack([np.diff(x, prepend=np.uint16(0)), y, z]))
    packed = lzma.compress(np.stack(coded).astype("<u2").tobytes())
    (folder / "points.u16.xz").write_bytes(packed)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    models = []
    for index in range(24):
        name, split = ("rod", "plate")[index % 2], "train" if index < 16 else "test"
        widths = (200, 200, 2047) if name == "rod" else (2047, 2047, 200)
        points = rng.integers(0, widths, (60, 3))
        models.append(((f"{name}_{index}", name, split), points))
    write(tmp_path, models)
    return tmp_path, models


def test_the_points_come_back(folder):
    path, models = folder
    found = read_clouds(path)
    assert (len(found["train"].names), len(found["test"].names)) == (16, 8)
    (name, category, _), points = models[17]
    row = found["test"].names.index(name)
    assert found["test"].labels[row].category == category
    expected = points[np.argsort(points[:, 0])] - points.mean(axis=0)
    expected = expected / np.linalg.norm(expected, axis=1).max()
    assert np.abs(found["test"].points[row] / 32767 - expected).max() < 2e-5


def test_damaged_files_are_refused(folder):
    path, _ = folder
    file = path / "points.u16.xz"
    whole = file.read_bytes()
    for broken in (whole[:-40], lzma.compress(b"\0" * 100), b"nothing"):
        file.write_bytes(broken)
        with pytest.raises(InputError, match="24 models"):
            read_clouds(path)
    file.unlink()
    with pytest.raises(InputError, match=r"points\.u16\.xz"):
        read_clouds(path)


def test_held_out_models_are_the_same_share_of_every_class(folder):
    clouds = read_clouds(folder[0])["train"]
    rest, held = hold_out(clouds, 0.25, seed=3)
    assert sorted(rest.names + held.names) == sorted(clouds.names)
    assert sorted(labels.category for labels in held.labels) == ["plate"] * 2 + ["rod"] * 2
    assert hold_out(clouds, 0.25, seed=3)[1].names == held.names


def test_rotated_models_keep_their_distances(folder):
    clouds = read_clouds(folder[0])["test"]
    moved = rotate(clouds, random_rotations(8, np.random.default_rng(1)))
    radii = [np.linalg.norm(one.points.astype(float), axis=2) for one in (clouds, moved)]
    assert np.abs(radii[0] - radii[1]).max() < 2
    assert np.abs(clouds.points.astype(float) - moved.points).max() > 1000


def test_measures_on_a_known_answer():
    labels = np.array([0, 0, 0, 1])
    right = np.eye(2)[labels]
    wrong = np.eye(2)[[0, 0, 1, 0]]
    assert measure(wrong, labels)["top1"] == 0.5
    assert measure(wrong, labels)["balanced"] == pytest.approx(1 / 3)
    found = compare(
        {
            ("steerable", "upright"): right,
            ("steerable", "rotated"): right,
            ("conventional", "upright"): right,
            ("conventional", "rotated"): wrong,
        },
        labels,
    )
    assert found["steerable: upright - rotated"]["intervals"]["top1"] == [0.0, 0.0]
    assert found["conventional: upright - rotated"]["top1"] == 0.5
    low, high = found["rotated: steerable - conventional"]["intervals"]["top1"]
    assert 0 <= low < 0.5 < high <= 1


def test_from_the_file_to_the_measures(folder, tmp_path):
    config = tmp_path / "tiny.toml"
    config.write_text(TINY)
    options = argparse.Namespace(
        data=folder[0],
        configs=[config],
        kinds=KINDS,
        runs=tmp_path / "runs",
        time_limit=None,
        device="cpu",
    )
    metrics = command.run(options)
    assert metrics["models"] == {"train": 14, "val": 2, "test": 8}
    found = metrics["networks"]["tiny"]
    for kind in KINDS:
        for poses in ("upright", "rotated", "cube"):
            assert found[kind][poses]["n_queries"] == 8
            low, high = found[kind][poses]["intervals"]["top1"]
            assert low <= found[kind][poses]["top1"] <= high
    assert len(found["differences"]) == 5
    figures.draw_accuracy(metrics, tmp_path / "accuracy.png")
    assert (tmp_path / "accuracy.png").stat().st_size > 1000
    assert command.run(options) == metrics


@pytest.mark.parametrize("path", sorted(command.HERE.glob("*.toml")), ids=lambda path: path.stem)
def test_every_configuration_can_be_read(path):
    config, loop = read_config(path, ShapeConfig)
    assert len(config.multiplicities) == (8 if path.stem.startswith("wide") else 5)
    assert config.poses == "normal"
    assert config.points == 1024
    assert loop.steps * loop.batch_size > 1000


def test_the_official_split(shared_data):
    folder = shared_data / "modelnet10"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    found = read_clouds(folder)
    assert (len(found["train"].names), len(found["test"].names)) == (3991, 908)
    categories = {labels.category for labels in found["test"].labels}
    assert len(categories) == 10
    radius = np.linalg.norm(found["test"].points[:50].astype(float), axis=2).max(axis=1)
    assert np.abs(radius / 32767 - 1).max() < 1e-4
