"""The generated replacement through the whole reading pipeline."""

from __future__ import annotations

import numpy as np
import pytest

trimesh = pytest.importorskip("trimesh")

# ruff: noqa: E402
from experiments.shrec17.dataset import read_split
from experiments.shrec17.meshes import draw, read_clouds, sample_surface
from experiments.shrec17.synthetic import CLASSES, generate
from protvox.errors import InputError
from protvox.voxel.rotation import random_rotations


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    generate(folder, {"train": 2, "test": 1})
    return folder


def quiet(done: int, total: int) -> None:
    pass


def test_layout_is_that_of_the_contest(folder):
    header, first, *_ = (folder / "train.csv").read_text().splitlines()
    assert header == "id,synsetId,subSynsetId,modelId,split"
    assert first.split(",")[0] == "000001"
    assert (folder / "train_normal" / "000001.obj").is_file()
    assert (folder / "test_perturbed" / "000033.obj").is_file()
    assert len(CLASSES) >= 12


def test_every_class_is_present_and_varies(folder):
    models = read_split(folder, "train", "normal")
    assert {model.labels.category for model in models} == set(CLASSES)
    clouds = read_clouds(models, 200, None, quiet)
    assert not clouds.broken
    for name in CLASSES:
        rows = [i for i, labels in enumerate(clouds.labels) if labels.category == name]
        # Radii of the two models of the class, sorted: rotations cannot make them differ.
        radii = [np.sort(np.linalg.norm(clouds.points[i] / 32767, axis=1)) for i in rows]
        assert np.abs(radii[0] - radii[1]).max() > 0.003


def test_perturbed_models_are_the_normal_ones_rotated(folder):
    normal, perturbed = (read_split(folder, "test", poses) for poses in ("normal", "perturbed"))
    turned = 0
    for one, other in zip(normal, perturbed, strict=True):
        a, b = (trimesh.load_mesh(model.path, process=False).vertices for model in (one, other))
        assert np.allclose(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1), atol=1e-4)
        turned += not np.allclose(a, b, atol=0.05)
    assert turned == len(normal)


def test_springs_are_mirror_images():
    left, right = (
        CLASSES[name](np.random.default_rng(3), False) for name in ("spring_left", "spring_right")
    )
    assert np.allclose(left.vertices * (-1, 1, 1), right.vertices)


def test_points_lie_on_the_surface(tmp_path):
    trimesh.creation.icosphere(subdivisions=4, radius=3.0).export(tmp_path / "ball.obj")
    points = sample_surface(tmp_path / "ball.obj", 2000, seed=0)
    # A ball of any size fills the unit ball; its centre is found to the error of the mean.
    assert np.linalg.norm(points, axis=1).min() > 0.88
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1)


def test_density_on_a_ball_is_about_one(tmp_path):
    trimesh.creation.icosphere(subdivisions=4).export(tmp_path / "ball.obj")
    points = np.round(sample_surface(tmp_path / "ball.obj", 4000, seed=0) * 32767)
    grid = draw(points.astype(np.int16)[None], 24)[0, 0].numpy()
    axis = np.arange(24) - 11.5
    radius = np.sqrt(sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij")))
    # A Gaussian of 1 voxel over a plane leaves exp(0) = 1 of its height in the plane.
    assert grid[np.abs(radius - 9.7) < 0.4].mean() == pytest.approx(1, abs=0.12)
    assert grid[radius < 5].max() < 0.01


def test_rotated_model_is_drawn_not_interpolated(folder):
    clouds = read_clouds(read_split(folder, "test", "normal")[:2], 300, None, quiet)
    turn = random_rotations(2, np.random.default_rng(0))
    moved = np.round(clouds.points.astype(float) @ np.swapaxes(turn, 1, 2)).astype(np.int16)
    by_draw = draw(clouds.points, 16, turn)
    assert np.abs(by_draw.numpy() - draw(moved, 16).numpy()).max() < 0.01 * float(by_draw.max())


def test_broken_meshes_are_reported_and_skipped(folder, tmp_path):
    models = read_split(folder, "test", "normal")[:4]
    broken = {
        models[0].name: "",
        models[1].name: "v 0 0 0\nv 1 0 0\nf 1 2 9\n",
        models[2].name: "v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n",
    }
    for name, text in broken.items():
        (tmp_path / f"{name}.obj").write_text(text)
    (tmp_path / f"{models[3].name}.obj").write_text(models[3].path.read_text())
    moved = [type(m)(m.name, tmp_path / m.path.name, m.labels) for m in models]
    absent = type(models[0])("999999", tmp_path / "999999.obj", models[0].labels)
    clouds = read_clouds([*moved, absent], 50, None, quiet)
    assert set(clouds.broken) == {*broken, "999999"}
    assert "no such file" in clouds.broken["999999"]
    assert clouds.names == (models[3].name,)
    assert clouds.points.shape == (1, 50, 3)


def test_cache_is_used_for_the_same_models_only(folder, tmp_path):
    models = read_split(folder, "test", "normal")[:3]
    first = read_clouds(models, 40, tmp_path, quiet)
    absent = [type(m)(m.name, m.path, m.labels) for m in models]
    file = next(tmp_path.glob("*.npz"))
    before = file.stat().st_mtime_ns
    again = read_clouds(absent, 40, tmp_path, quiet)
    assert file.stat().st_mtime_ns == before
    assert np.array_equal(first.points, again.points)
    assert read_clouds(models, 50, tmp_path, quiet).points.shape == (3, 50, 3)


def test_a_folder_without_data_says_where_to_get_it(tmp_path):
    with pytest.raises(InputError, match=r"shapenet\.org") as caught:
        read_split(tmp_path, "train", "perturbed")
    assert "train_perturbed/" in str(caught.value)
    assert "id, synsetId, subSynsetId" in str(caught.value)


def test_one_table_for_all_splits_is_enough(folder, tmp_path):
    rows = (folder / "test.csv").read_text().splitlines()
    other = [rows[1].replace("000033", "000001").replace(",test", ",train")]
    (tmp_path / "all.csv").write_text("\n".join([*rows, *other]) + "\n")
    (tmp_path / "test_normal").mkdir()
    assert len(read_split(tmp_path, "test", "normal")) == len(rows) - 1
