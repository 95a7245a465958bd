"""A vector field rotated the wrong and the right way."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray

matplotlib.use("Agg")
from matplotlib import pyplot as plt

ANGLE = 60.0
"""Degrees."""

SOURCES = np.array([[-1.2, 0.3], [1.0, 0.9], [0.6, -1.3]])
WEIGHTS = np.array([1.0, -1.0, 0.7])


def gradient(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the downhill gradient of a few Gaussian hills, ``... 2``."""
    apart = points[..., None, :] - SOURCES
    height = WEIGHTS * np.exp(-0.5 * (apart**2).sum(-1) / 0.7**2)
    return (height[..., None] * apart).sum(-2)


def draw(path: Path) -> None:
    """Draw the field, with positions rotated alone, arrows rotated alone, and both."""
    axis = np.linspace(-2.6, 2.6, 15)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    points = points[np.linalg.norm(points, axis=-1) <= 2.7]
    angle = np.radians(ANGLE)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = points @ turn
    panels_shown = (
        ("the field f(x)", gradient(points), SOURCES, "C0"),
        ("only positions rotated: f(R⁻¹x)\nwrong", gradient(back), SOURCES @ turn.T, "C3"),
        ("only arrows rotated: R f(x)\nwrong", gradient(points) @ turn.T, SOURCES, "C3"),
        ("both: R f(R⁻¹x)\nright", gradient(back) @ turn.T, SOURCES @ turn.T, "C2"),
    )
    figure, panels = plt.subplots(1, 4, figsize=(14, 4.2), sharey=True, layout="constrained")
    for axes, (title, arrows, hills, colour) in zip(panels, panels_shown, strict=True):
        axes.quiver(
            *points.T,
            *arrows.T,
            color=colour,
            angles="xy",
            scale_units="xy",
            scale=1.6,
            width=0.007,
        )
        for hill, weight in zip(hills, WEIGHTS, strict=True):
            axes.plot(*hill, marker="+" if weight > 0 else "_", color="k", ms=11, mew=2)
        axes.set(title=title, xlabel="x / Å", xlim=(-3.1, 3.1), ylim=(-3.1, 3.1), aspect="equal")
    panels[0].set_ylabel("y / Å")
    figure.savefig(path, dpi=150)
    plt.close(figure)
