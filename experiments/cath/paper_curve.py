"""Accuracy against the size of the training set, with the paper's.

Points that hold the correct domains are also compared in pairs (``differences.json``), and their
validations are drawn (``validations.png``), which shows whether a training had converged.

Example: ``python -m experiments.cath.paper_curve experiments/cath/results/paper
-o experiments/cath/results/paper/curve.png``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from protvox.train.metrics import bootstrap_interval

FRACTIONS: Final = (1, 2, 4, 8, 16)

PUBLISHED: Final = {
    "steerable": (0.657, 0.642, 0.618, 0.598, 0.544),
    "resnet34": (0.609, 0.603, 0.573, 0.546, 0.489),
}
"""Test accuracy in figure 5 of Weiler et al. (2018), on other domains."""

PAPER_SPACING: Final = 2.0
"""Edge of the paper's voxels, Å."""

PAPER_EPOCHS: Final = 100
"""Epochs of the paper."""

STYLE: Final = {
    "steerable": ("C0", "o"),
    "resnet34": ("C3", "^"),
    "resnet34-half": ("C1", "v"),
}


class Point(NamedTuple):
    """Test accuracy of one training, with its 95 % interval."""

    fraction: int
    n_train: int
    top1: float
    low: float
    high: float


def read_curves(folder: Path) -> dict[str, list[Point]]:
    """Return the measured points of every network, the largest training set first.

    Networks on cropped or coarser grids, or trained for another number of epochs, are curves
    of their own, named ``network-crop-4A, 4 to 30 epochs``.
    """
    curves: dict[tuple[str, bool], list[tuple[int, Point]]] = {}
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text())
        if found.get("schema") != "protvox.paper/1":
            continue
        test = found["test"]
        name = found["network"] + ("-crop" if found["crop"] else "")
        spacing = found.get("spacing", PAPER_SPACING)
        name += f"-{spacing:g}A" if spacing != PAPER_SPACING else ""
        epochs = found["schedule"]["epochs"]
        low, high = test["intervals"]["top1"]
        point = Point(found["fraction"], found["n_train"], test["top1"], low, high)
        curves.setdefault((name, epochs != PAPER_EPOCHS), []).append((epochs, point))
    return {
        name + (_epochs([epochs for epochs, _ in found]) if other else ""): sorted(
            point for _, point in found
        )
        for (name, other), found in curves.items()
    }


def _epochs(several: list[int]) -> str:
    fewest, most = min(several), max(several)
    return f", {most} epochs" if fewest == most else f", {fewest} to {most} epochs"


def draw(curves: dict[str, list[Point]], path: Path) -> None:
    """Draw the curves."""
    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    for name, accuracy in PUBLISHED.items():
        colour, marker = STYLE[name]
        axes.plot(
            FRACTIONS,
            accuracy,
            color=colour,
            marker=marker,
            linestyle=":",
            alpha=0.6,
            label=f"{name}, Weiler et al. 2018",
        )
    for index, (name, points) in enumerate(curves.items()):
        # The longest matching network name: resnet34-half, not resnet34.
        colour, marker = STYLE[max(filter(name.startswith, STYLE), key=len)]
        # Slightly shifted, so that intervals of one fraction do not hide each other.
        shift = 1.05 ** (index - (len(curves) - 1) / 2)
        error = [[p.top1 - p.low for p in points], [p.high - p.top1 for p in points]]
        axes.errorbar(
            [p.fraction * shift for p in points],
            [p.top1 for p in points],
            yerr=error,
            color=colour,
            marker=marker,
            capsize=3,
            label=f"{name}, this data",
            linestyle="-" if name in STYLE else "--",
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(FRACTIONS, [f"1/{f}" if f > 1 else "all" for f in FRACTIONS])
    axes.set(xlabel="fraction of the training set", ylabel="test accuracy, ten architectures")
    axes.invert_xaxis()
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def read_whole_points(folder: Path) -> dict[tuple[int, str], Any]:
    """Return the points that hold validations and correct domains, by fraction and network."""
    found = (json.loads(path.read_text()) for path in sorted(folder.glob("*.json")))
    points = [one for one in found if one.get("schema") == "protvox.paper/1" and "correct" in one]
    return {(one["fraction"], one["network"]): one for one in points}


def differences(points: dict[tuple[int, str], Any]) -> dict[str, dict[str, Any]]:
    """Return how much more of the test the steerable network gets right than each other one.

    Parameters
    ----------
    points
        From `read_whole_points`.

    Returns
    -------
    dict
        By ``"<fraction> <network>"``: the difference (``top1``) and its 95 % interval, which
        resamples superfamilies, paired by domain.
    """
    found = {}
    for (fraction, network), other in points.items():
        steerable = points.get((fraction, "steerable"))
        if network == "steerable" or steerable is None:
            continue
        gain = np.subtract(steerable["correct"], other["correct"]).astype(float)
        low, high = bootstrap_interval(gain, np.array(other["superfamily"]))
        found[f"{fraction} {network}"] = {"top1": float(gain.mean()), "interval": [low, high]}
    return found


def draw_validations(points: dict[tuple[int, str], Any], path: Path) -> None:
    """Draw the accuracy on validation domains during each training."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    shades = {fraction: 1 - 0.18 * index for index, fraction in enumerate(reversed(FRACTIONS))}
    for (fraction, network), point in points.items():
        steps = np.array([one["step"] for one in point["validations"]])
        axes.plot(
            steps / steps[-1],
            [one["top1"] for one in point["validations"]],
            color=STYLE[network][0],
            marker=STYLE[network][1],
            alpha=shades[fraction],
            label=f"{network}, " + (f"1/{fraction}" if fraction > 1 else "all"),
        )
    axes.set(xlabel="part of the training", ylabel="validation accuracy, ten architectures")
    axes.axvspan(0.8, 1.0, color="0.92", zorder=0)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder with the metrics of the points")
    parser.add_argument("-o", "--output", type=Path, required=True, help="picture")
    options = parser.parse_args()
    curves = read_curves(options.results)
    draw(curves, options.output)
    if whole := read_whole_points(options.results):
        draw_validations(whole, options.output.with_name("validations.png"))
        found = json.dumps(differences(whole), indent=1) + "\n"
        options.output.with_name("differences.json").write_text(found)
    for name, points in curves.items():
        for point in points:
            print(
                f"{name} 1/{point.fraction}: {point.n_train} domains, top-1 {point.top1:.3f} "
                f"[{point.low:.3f}, {point.high:.3f}]"
            )


if __name__ == "__main__":
    main()
