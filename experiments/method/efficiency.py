"""Parameters, poses and data: steerable against conventional networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import matplotlib

from protvox.networks.weiler2018 import ResNet, ResNetConfig, SteerableResNet, SteerableResNetConfig

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

ROOT: Final = Path(__file__).parents[1]

PUBLISHED: Final = {
    "steerable": (0.657, 0.642, 0.618, 0.598, 0.544),
    "conventional": (0.609, 0.603, 0.573, 0.546, 0.489),
}
"""Accuracy for ten CATH architectures by Weiler et al. (2018), with a 1st, 2nd, 4th, 8th and
16th of the training domains."""

COLOURS: Final = {"steerable": "C0", "conventional": "C3"}


def counts() -> dict[str, dict[str, int]]:
    """Return the numbers of weights of the compared networks."""
    built = {
        "steerable": SteerableResNet(SteerableResNetConfig()),
        "conventional": ResNet(ResNetConfig()),
    }
    found = {
        "CATH\n(paper's ResNets)": {
            k: sum(w.numel() for w in n.parameters()) for k, n in built.items()
        }
    }
    for name, folder in (("Tetris", "tetris"), ("synthetic\nshapes", "shrec17")):
        path = ROOT / folder / "results" / "metrics.json"
        if path.exists():
            metrics = json.loads(path.read_text())
            found[name] = {kind: metrics[kind]["parameters"] for kind in COLOURS}
    return found


def draw(path: Path) -> None:
    """Draw numbers of weights, retrieval in both poses, and accuracy against data."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
    _draw_weights(left)
    _draw_poses(middle)
    shares = (1, 2, 4, 8, 16)
    for kind, marker in (("steerable", "o"), ("conventional", "^")):
        right.plot(shares, PUBLISHED[kind], marker=marker, color=COLOURS[kind], label=kind)
    right.set_xscale("log", base=2)
    right.set_xticks(shares, ["all", "1/2", "1/4", "1/8", "1/16"])
    right.set(
        xlabel="share of the training domains",
        ylabel="right architecture of ten",
        title="data, as published by Weiler et al. (2018)",
        ylim=(0.45, 0.7),
    )
    right.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _draw_weights(axes: Axes) -> None:
    found = counts()
    for index, (kind, colour) in enumerate(COLOURS.items()):
        where = [row + 0.38 * (index - 0.5) for row in range(len(found))]
        values = [of_kind[kind] for of_kind in found.values()]
        bars = axes.bar(where, values, width=0.36, color=colour, label=kind)
        axes.bar_label(bars, [f"{value:,}" for value in values], fontsize=8, padding=2)
    axes.set_xticks(range(len(found)), list(found))
    axes.set(yscale="log", ylabel="trained weights", title="size")
    axes.set_ylim(1e3, 30 * max(max(of_kind.values()) for of_kind in found.values()))
    axes.legend(loc="upper right")


def _draw_poses(axes: Axes) -> None:
    metrics = json.loads((ROOT / "shrec17" / "results" / "metrics.json").read_text())
    poses = {"test_normal": "upright", "test_perturbed": "rotated"}
    kinds = {
        "steerable": ("C0", "steerable"),
        "conventional": ("C3", "conventional"),
        "conventional_augmented": ("C1", "conventional,\nrandom rotations"),
    }
    for index, (kind, (colour, label)) in enumerate(kinds.items()):
        values = [metrics[kind][pose]["micro"]["mAP"] for pose in poses]
        where = [row + 0.27 * (index - 1) for row in range(len(poses))]
        bars = axes.bar(where, values, width=0.25, color=colour, label=label)
        axes.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=8, padding=2)
    axes.set_xticks(range(len(poses)), [f"tested {name}" for name in poses.values()])
    axes.set(
        ylabel="mean average precision",
        ylim=(0, 1.35),
        yticks=(0, 0.2, 0.4, 0.6, 0.8, 1),
        title=f"poses: {metrics['models']['test_normal']} synthetic shapes, trained upright",
    )
    axes.legend(loc="upper right", ncols=2, fontsize=9)
