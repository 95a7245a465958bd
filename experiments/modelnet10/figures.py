"""The figure of the experiment on ModelNet10."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from experiments.shrec17.figures import COLOURS, NAMES

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def draw_accuracy(metrics: dict[str, Any], path: Path) -> None:
    """Draw the accuracy of every network, upright and rotated, with its intervals."""
    shown = {
        name: found
        for name, found in metrics["networks"].items()
        if any(kind in found for kind in COLOURS)
    }
    figure, panels = plt.subplots(
        1, len(shown), figsize=(max(5.0 * len(shown), 8.0), 4.6), sharey=True, squeeze=False
    )
    for axes, (name, found) in zip(panels[0], shown.items(), strict=True):
        _draw_bars(axes, found)
        axes.set_title(f"{name}: {found['grid']}³ voxels, {found['samples']:,} samples")
    panels[0][0].set_ylabel(f"accuracy on {metrics['models']['test']} models / %")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9)
    figure.set_layout_engine("constrained")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _draw_bars(axes: Axes, found: dict[str, Any]) -> None:
    poses = ("upright", "rotated")
    kinds = [kind for kind in COLOURS if kind in found]
    for index, kind in enumerate(kinds):
        values = np.array([found[kind][one]["top1"] for one in poses])
        ends = np.array([found[kind][one]["intervals"]["top1"] for one in poses])
        where = np.arange(2) + 0.27 * (index - (len(kinds) - 1) / 2)
        bars = axes.bar(
            where,
            100 * values,
            yerr=100 * np.abs(ends.T - values),
            width=0.25,
            capsize=3,
            color=COLOURS[kind],
            label=NAMES.get(kind, kind),
        )
        axes.bar_label(bars, [f"{100 * value:.1f}" for value in values], fontsize=8, padding=2)
    axes.set_xticks(range(2), [f"tested {one}" for one in poses])
    axes.set_ylim(0, 105)
