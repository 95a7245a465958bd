"""Figure of the measures by burial, at interfaces and by amino acid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

MEASURES = {"top1": ("first guess", "C0"), "top3": ("first three", "C1")}


def draw_strata(metrics: dict[str, Any], path: Path) -> None:
    """Draw top-1 and top-3 with their intervals.

    Parameters
    ----------
    metrics
        With ``by_burial``, ``by_amino_acid`` and, if chains were read, ``by_interface``.
    path
        File to write.
    """
    figure, panels = plt.subplot_mosaic(
        "bbi;aaa", figsize=(11, 8), layout="constrained", sharey=True
    )
    burial = metrics["by_burial"]
    names = [
        f"{part['neighbours']['least']} to {part['neighbours']['most']}\n({part['n']:,})"
        for part in burial
    ]
    _points(panels["b"], names, burial)
    panels["b"].set_xlabel("heavy atoms of other residues within 10 Å of CB (residues)")
    panels["b"].set_ylabel("accuracy")
    panels["b"].set_title(f"{metrics['model']} on {metrics['split']}: {metrics['n']:,} residues")
    panels["b"].legend(loc="lower right")
    parts = metrics.get("by_interface", {})
    _points(
        panels["i"],
        [
            f"{name.replace('_', ' ').replace(' of', chr(10) + 'of')}\n({part['n']:,})"
            for name, part in parts.items()
        ],
        list(parts.values()),
    )
    panels["i"].set_title("other protein chains within 5 Å")
    acids = sorted(metrics["by_amino_acid"].items(), key=lambda item: -item[1]["top1"])
    _points(
        panels["a"],
        [f"{name}\n({part['n']:,})" for name, part in acids],
        [part for _, part in acids],
    )
    precision = [part.get("precision", np.nan) for _, part in acids]
    panels["a"].plot(precision, "x", color="0.4", label="precision")
    panels["a"].legend(loc="lower left")
    panels["a"].set_ylabel("accuracy")
    panels["a"].tick_params(axis="x", labelsize=8)
    panels["a"].set_ylim(0, 1)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _points(axes: Axes, names: list[str], parts: list[dict[str, Any]]) -> None:
    for measure, (words, colour) in MEASURES.items():
        values = np.array([part[measure] for part in parts])
        limits = np.array([part["intervals"][measure] for part in parts]).reshape(-1, 2).T
        error = np.abs(limits - values)
        axes.errorbar(
            range(len(parts)), values, yerr=error, fmt="o", color=colour, capsize=3, label=words
        )
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, max(len(names), 1) - 0.5)
    axes.grid(axis="y", alpha=0.3)
