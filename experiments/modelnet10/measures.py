"""Accuracies of one test, and differences between two, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.train.metrics import balanced_interval, bootstrap_interval


def measure(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> dict[str, Any]:
    """Return the accuracies of a network.

    Parameters
    ----------
    logits
        ``model class``.
    labels
        ``model`` int64.

    Returns
    -------
    dict
        ``top1`` (share of models), ``balanced`` (mean of the shares of the classes), and
        ``intervals``, 95 % bootstrap intervals of both over models.
    """
    correct = logits.argmax(axis=1) == labels
    each = np.arange(len(labels))
    return {
        "top1": float(correct.mean()),
        "balanced": float(np.mean([correct[labels == one].mean() for one in np.unique(labels)])),
        "intervals": {
            "top1": list(bootstrap_interval(correct.astype(float), each)),
            "balanced": list(balanced_interval(correct, labels, each)),
        },
    }


def compare(
    logits: Mapping[tuple[str, str], NDArray[np.floating]], labels: NDArray[np.int64]
) -> dict[str, dict[str, Any]]:
    """Return differences of accuracies on the same models.

    Parameters
    ----------
    logits
        ``model class`` by kind of network and poses.
    labels
        ``model`` int64.

    Returns
    -------
    dict
        ``"<kind>: upright - rotated"`` for every kind, and
        ``"rotated: steerable - <kind>"`` for every other kind: the mean (``top1``) and its
        95 % bootstrap interval over models, paired.
    """
    right = {key: (one.argmax(axis=1) == labels).astype(float) for key, one in logits.items()}
    pairs = {
        f"{kind}: upright - rotated": (right[kind, "upright"], right[kind, "rotated"])
        for kind in dict.fromkeys(kind for kind, _ in right)
    }
    if ("steerable", "rotated") in right:
        best = right["steerable", "rotated"]
        pairs |= {
            f"rotated: steerable - {kind}": (best, other)
            for (kind, poses), other in right.items()
            if poses == "rotated" and kind != "steerable"
        }
    each = np.arange(len(labels))
    return {
        name: {
            "top1": float((one - other).mean()),
            "intervals": {"top1": list(bootstrap_interval(one - other, each))},
        }
        for name, (one, other) in pairs.items()
    }
