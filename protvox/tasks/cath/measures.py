"""Measures of the CATH model beside those of every classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.train.answers import Answers
from protvox.train.metrics import balanced_interval, bootstrap_interval, classification_summary


def class_accuracy(log_p: NDArray[np.float64], answers: Answers) -> dict[str, Any]:
    """Return the accuracy of the CATH class, its probability summed over architectures.

    Parameters
    ----------
    log_p
        ``sample class``, log probabilities of architectures.
    answers
        The predictions.

    Returns
    -------
    dict
        ``top1`` and its 95 % interval.
    """
    tops = np.array([label.split(".")[0] for label in answers.classes])
    names = np.unique(tops)
    sums = np.stack([np.exp(log_p[:, tops == name]).sum(axis=1) for name in names], axis=1)
    correct = names[sums.argmax(axis=1)] == tops[answers.labels]
    interval = bootstrap_interval(correct.astype(float), answers.groups)
    return {"top1": float(correct.mean()), "intervals": {"top1": list(interval)}}


def paper_accuracy(log_p: NDArray[np.float64], answers: Answers) -> dict[str, Any]:
    """Return the accuracy on the ten architectures of Weiler et al. 2018, chosen among them.

    Parameters
    ----------
    log_p
        ``sample class``, log probabilities of architectures.
    answers
        The predictions.

    Returns
    -------
    dict
        ``n``, and unless it is 0 ``classes``, ``top1``, ``balanced`` and their 95 % intervals.
    """
    columns = [i for i, name in enumerate(answers.classes) if name in PAPER_ARCHITECTURES]
    rows = np.isin(answers.labels, columns)
    if not rows.any():
        return {"n": 0}
    labels = np.searchsorted(columns, answers.labels[rows])
    chosen, groups = log_p[rows][:, columns], answers.groups[rows]
    correct = chosen.argmax(axis=1) == labels
    summary = classification_summary(chosen, labels)
    return {
        "n": int(rows.sum()),
        "classes": [answers.classes[column] for column in columns],
        "top1": summary["top1"],
        "balanced": summary["balanced"],
        "intervals": {
            "top1": list(bootstrap_interval(correct.astype(float), groups)),
            "balanced": list(balanced_interval(correct, labels, groups)),
        },
    }
