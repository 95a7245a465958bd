"""Measures among the paper's ten architectures, in one form for all methods."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.train.metrics import balanced_interval, bootstrap_interval, confusion_matrix

UNANSWERED: Final = len(PAPER_ARCHITECTURES)
"""Label of a domain without a prediction."""


def measures(
    predicted: NDArray[np.int64], labels: NDArray[np.int64], families: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the measures of predictions, like ``paper`` in the metrics of the CATH model.

    Parameters
    ----------
    predicted
        ``domain`` int64, index into the ten architectures, or `UNANSWERED`.
    labels
        ``domain`` int64.
    families
        ``domain`` int64, superfamilies, which the intervals resample.
    """
    correct = predicted == labels
    confusion = confusion_matrix(predicted, labels, len(PAPER_ARCHITECTURES) + 1)[:-1]
    totals = confusion.sum(axis=1)
    occurs = np.flatnonzero(totals)
    recall = {PAPER_ARCHITECTURES[i]: float(confusion[i, i] / totals[i]) for i in occurs.tolist()}
    return {
        "n": len(labels),
        "n_groups": len(np.unique(families)),
        "classes": list(PAPER_ARCHITECTURES),
        "top1": float(correct.mean()),
        "balanced": float(np.mean(list(recall.values()))),
        "intervals": {
            "top1": list(bootstrap_interval(correct.astype(float), families)),
            "balanced": list(balanced_interval(correct, labels, families)),
        },
        "recall": recall,
        "confusion": confusion[:, :-1].tolist(),
        "n_unanswered": int((predicted == UNANSWERED).sum()),
    }
