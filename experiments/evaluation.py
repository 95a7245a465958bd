"""Shared by the evaluations of both models: options, ``metrics.json`` and figures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch

from protvox.registry.card import Card
from protvox.train.answers import Answers
from protvox.train.evaluate import SamplePredictor, evaluate
from protvox.train.release import record

matplotlib.use("Agg")
from matplotlib import pyplot as plt

TABLES = ("confusion", "reliability", "classes", "recall", "by_burial", "by_amino_acid")
"""Measures too long to print at the end."""


def parser(description: str) -> argparse.ArgumentParser:
    """Return the options of both evaluations."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--model", type=Path, required=True, help="folder of the model")
    options.add_argument("--shards", type=Path, required=True, help="folder of shards")
    options.add_argument("--split", required=True, help="name of the split, for the output")
    options.add_argument("--sample", type=int, help="number of samples, chosen at random")
    options.add_argument("--seed", type=int, default=0, help="decides which")
    options.add_argument("--record", action="store_true", help="write the measures into the card")
    options.add_argument("--device", default="cpu")
    options.add_argument("-o", "--output", type=Path, required=True, help="metrics.json")
    return options


def run(
    options: argparse.Namespace,
    also: Callable[[Answers, Card], Mapping[str, Any]] | None = None,
    final: SamplePredictor | None = None,
) -> dict[str, Any]:
    """Evaluate a model, write its measures and draw its figures.

    Parameters
    ----------
    options
        From `parser`.
    also
        Computes further measures of the same predictions.
    final
        See `protvox.train.evaluate.answer_shards`.

    Returns
    -------
    dict
        The content of ``metrics.json``.
    """
    metrics = evaluate(
        options.model,
        sorted(options.shards.glob("*.npz")),
        options.split,
        device=torch.device(options.device),
        sample=options.sample,
        seed=options.seed,
        also=also,
        final=final,
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(metrics, indent=1) + "\n")
    draw_confusion(metrics, picture(options.output, "confusion"))
    draw_reliability(metrics, picture(options.output, "reliability"))
    if options.record:
        record(options.model, options.split, metrics)
    print(json.dumps({k: v for k, v in metrics.items() if k not in TABLES}, indent=1))
    return metrics


def picture(output: Path, name: str) -> Path:
    """Return the path of a figure; only those of ``metrics.json`` have plain names."""
    return output.with_name(
        f"{name}.png" if output.stem == "metrics" else f"{output.stem}-{name}.png"
    )


def draw_confusion(metrics: dict[str, Any], path: Path) -> None:
    """Draw the confusion matrix, each row as shares of the true class."""
    counts = np.array(metrics["confusion"], dtype=float)
    seen = np.flatnonzero(counts.sum(axis=1))
    names = [metrics["classes"][i] for i in range(len(counts))]
    shares = counts[seen] / counts[seen].sum(axis=1, keepdims=True)
    figure, axes = plt.subplots(figsize=(9.5, 9), layout="constrained")
    picture = axes.imshow(100 * shares, cmap="viridis", vmin=0, vmax=100, aspect="auto")
    for row, column in np.argwhere(shares >= 0.005):
        value = 100 * shares[row, column]
        axes.text(
            column,
            row,
            f"{value:.0f}",
            ha="center",
            va="center",
            fontsize=7,
            color="black" if value > 60 else "white",
        )
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(seen)), _with_counts(names, counts, seen))
    axes.set_xlabel("predicted")
    axes.set_ylabel("true (number of samples)")
    axes.set_title(_title(metrics))
    figure.colorbar(picture, label="% of the true class", shrink=0.8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_reliability(metrics: dict[str, Any], path: Path) -> None:
    """Draw the accuracy of the top prediction against its probability."""
    table = metrics["reliability"]
    counts = np.array(table["counts"])
    filled = counts > 0
    confidence, accuracy = (np.array(table[k])[filled] for k in ("confidence", "accuracy"))
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(6, 7), height_ratios=(3, 1), sharex=True, layout="constrained"
    )
    upper.plot((0, 1), (0, 1), color="0.6", linestyle="--", label="perfect calibration")
    error = 1.96 * np.sqrt(accuracy * (1 - accuracy) / counts[filled])
    upper.errorbar(confidence, accuracy, yerr=error, marker="o", capsize=2, label="model")
    upper.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    upper.set_title(_title(metrics))
    upper.legend(loc="upper left")
    upper.text(0.97, 0.05, _errors(metrics), ha="right", transform=upper.transAxes)
    edges = np.linspace(0, 1, len(counts) + 1)
    lower.bar(edges[:-1], counts, width=np.diff(edges), align="edge", edgecolor="white")
    lower.set(xlabel="probability of the top prediction", ylabel="samples")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _errors(metrics: dict[str, Any]) -> str:
    return f"ECE {metrics['ece']:.3f}\nbefore calibration {metrics['uncalibrated']['ece']:.3f}"


def _with_counts(names: Sequence[str], counts: np.ndarray, rows: np.ndarray) -> list[str]:
    return [f"{names[row]} ({int(counts[row].sum()):,})" for row in rows]


def _title(metrics: dict[str, Any]) -> str:
    return (
        f"{metrics['model']} on {metrics['split']}: {metrics['n']:,} samples\n"
        f"top-1 {100 * metrics['top1']:.1f} %, balanced {100 * metrics['balanced']:.1f} %"
    )
