"""Figures of the Tetris experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np

from experiments.tetris.shapes import PIECES

matplotlib.use("Agg")
from matplotlib import pyplot as plt

STYLE: Final = {
    "steerable": ("steerable", "C0", "o"),
    "without_low_pass": ("steerable, without low-pass", "C1", "s"),
    "conventional": ("conventional", "C3", "^"),
}


def draw_all(metrics: dict[str, Any], folder: Path) -> None:
    """Draw every figure into a folder."""
    draw_shapes(folder / "shapes.png")
    draw_angles(metrics, folder / "angle.png")
    draw_confusions(metrics, folder / "confusion.png")


def draw_shapes(path: Path) -> None:
    """Draw the pieces in the pose of the training."""
    figure, panels = plt.subplots(
        2, 4, figsize=(9, 5), subplot_kw={"projection": "3d"}, layout="constrained"
    )
    for axes, (name, corners) in zip(panels.flat, PIECES.items(), strict=True):
        cubes = np.array(corners)
        cubes = cubes - cubes.min(axis=0)
        filled = np.zeros(np.full(3, 4), dtype=bool)
        filled[tuple(cubes.T)] = True
        axes.voxels(filled, facecolors="C0", edgecolor="white", shade=True)
        middle = (cubes.min(axis=0) + cubes.max(axis=0) + 1) / 2
        for axis, centre in zip("xyz", middle, strict=True):
            getattr(axes, f"set_{axis}lim")(centre - 1.7, centre + 1.7)
        axes.set_box_aspect((1, 1, 1))
        axes.view_init(elev=24, azim=-52)
        axes.set_axis_off()
        axes.set_title(name)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_angles(metrics: dict[str, Any], path: Path) -> None:
    """Draw the accuracy against the angle away from the trained pose."""
    angles = metrics["angles"]
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for name, (label, colour, marker) in STYLE.items():
        found = metrics[name]
        mean, spread = np.array(found["by_angle"]), np.array(found["by_angle_deviation"])
        lower, upper = np.clip(mean - spread, 0, 1), np.clip(mean + spread, 0, 1)
        axes.fill_between(angles, 100 * lower, 100 * upper, color=colour, alpha=0.2, lw=0)
        axes.plot(angles, 100 * mean, color=colour, marker=marker, label=label)
    axes.axhline(100 * metrics["chance"], color="0.5", linestyle="--", label="chance")
    axes.set(
        xlabel="rotation away from the trained pose / °",
        ylabel="accuracy / %",
        xlim=(0, 180),
        ylim=(0, 103),
        xticks=range(0, 181, 30),
    )
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.6))
    axes.set_title(f"mean and standard deviation of {len(found['seeds'])} networks each")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_confusions(metrics: dict[str, Any], path: Path) -> None:
    """Draw the confusion matrix under random rotations."""
    names = metrics["pieces"]
    figure, panels = plt.subplots(1, 3, figsize=(13, 5.4), sharey=True, layout="constrained")
    for axes, (name, (label, *_)) in zip(panels, STYLE.items(), strict=True):
        counts = np.array(metrics[name]["confusion"], dtype=float)
        shares = 100 * counts / counts.sum(axis=1, keepdims=True)
        picture = axes.imshow(shares, cmap="viridis", vmin=0, vmax=100)
        for row, column in np.argwhere(shares >= 0.5):
            value = shares[row, column]
            axes.text(
                column,
                row,
                f"{value:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color="black" if value > 60 else "white",
            )
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("predicted piece")
        axes.set_title(f"{label}: {100 * metrics[name]['mean']:.1f} % right")
    panels[0].set_ylabel("piece")
    figure.colorbar(picture, ax=panels, label="% of the piece", shrink=0.8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
