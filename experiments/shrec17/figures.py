"""Figures of the shape retrieval experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np

from experiments.shrec17.dataset import Model, read_split

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLOURS: Final = {"steerable": "C0", "conventional": "C3", "conventional_augmented": "C1"}
NAMES: Final = {"conventional_augmented": "conventional, random rotations in training"}
POSES: Final = {"test_normal": "upright", "test_perturbed": "rotated"}


def draw_all(metrics: dict[str, Any], data: Path, folder: Path) -> None:
    """Draw every figure into a folder."""
    draw_measures(metrics, folder / "measures.png")
    draw_models(read_split(data, "test", "normal"), folder / "models.png")


def draw_measures(metrics: dict[str, Any], path: Path) -> None:
    """Draw the contest's measures of every network, upright and rotated."""
    kinds = [kind for kind in COLOURS if kind in metrics]
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
    for axes, average in zip(panels, ("micro", "macro"), strict=True):
        names = list(metrics[kinds[0]]["test_normal"][average])
        bars = [(kind, poses) for kind in kinds for poses in POSES]
        width = 0.8 / len(bars)
        for index, (kind, poses) in enumerate(bars):
            values = [100 * metrics[kind][poses][average][name] for name in names]
            where = np.arange(len(names)) + width * (index - (len(bars) - 1) / 2)
            axes.bar(
                where,
                values,
                width=0.92 * width,
                color=COLOURS[kind],
                alpha=0.45 if poses == "test_normal" else 1.0,
                label=f"{NAMES.get(kind, kind)}: {POSES[poses]}",
            )
        axes.set_xticks(range(len(names)), names)
        axes.set(title=f"{average} average", ylim=(0, 100))
    panels[0].set_ylabel("measure / %")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    poses = POSES[f"test_{metrics['train_poses']}"]
    n_models = metrics["models"]["test_normal"]
    figure.suptitle(f"{metrics['data']}: {n_models} test models; networks trained {poses}")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_models(models: list[Model], path: Path) -> None:
    """Draw the first model of every category, at most 16."""
    import trimesh

    first: dict[str, Model] = {}
    for model in models:
        first.setdefault(model.labels.category, model)
    shown = sorted(first.items())[:16]
    figure, panels = plt.subplots(
        2, 8, figsize=(14, 4), subplot_kw={"projection": "3d"}, layout="constrained"
    )
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, (category, model) in zip(panels.flat, shown, strict=False):
        mesh = trimesh.load_mesh(model.path, process=False)
        axes.plot_trisurf(
            *mesh.vertices.T, triangles=mesh.faces, color="C0", edgecolor="none", shade=True
        )
        middle, half = mesh.bounds.mean(axis=0), mesh.extents.max() / 2
        for axis, centre in zip("xyz", middle, strict=True):
            getattr(axes, f"set_{axis}lim")(centre - half, centre + half)
        axes.set_box_aspect((1, 1, 1), zoom=1.35)
        axes.set_title(category.replace("_", " "), fontsize=10)
    figure.savefig(path, dpi=150)
    plt.close(figure)
