"""Measures of a training on several sets of validation domains, and of the difference of two."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protvox.cath_names import PAPER_ARCHITECTURES
from protvox.train.metrics import bootstrap_interval, classification_summary, log_softmax


@dataclass(frozen=True)
class Predictions:
    """The predictions of a network for validation domains.

    Attributes
    ----------
    sets
        ``domain`` str, the set of each.
    logits
        ``domain label`` float32.
    labels
        ``domain`` int64.
    families
        ``domain`` str, CATH superfamilies.
    names
        ``label`` str, architectures.
    seconds
        CPU time of the training.
    """

    sets: NDArray[np.str_]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    families: NDArray[np.str_]
    names: NDArray[np.str_]
    seconds: float

    def save(self, path: Path) -> None:
        """Write the predictions."""
        np.savez(path, **self.__dict__)

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Read the predictions that `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            values: dict[str, Any] = {name: arrays[name] for name in arrays.files}
        return cls(**{**values, "seconds": float(values["seconds"])})

    def take(self, rows: NDArray[np.bool_]) -> Predictions:
        """Return the predictions for some of the domains, ``domain`` bool."""
        return Predictions(
            self.sets[rows],
            self.logits[rows],
            self.labels[rows],
            self.families[rows],
            self.names,
            self.seconds,
        )

    def losses(self) -> NDArray[np.float64]:
        """Return the negative log likelihoods, ``domain`` float64, nats."""
        return -log_softmax(self.logits)[np.arange(len(self.labels)), self.labels]

    def correct(self) -> NDArray[np.float64]:
        """Return 1 where the prediction is correct, else 0, ``domain`` float64."""
        return (self.logits.argmax(axis=1) == self.labels).astype(float)


def measures(predictions: Predictions) -> dict[str, Any]:
    """Return the measures of every set, and under ``all`` of all together.

    Parameters
    ----------
    predictions
        The predictions.

    Returns
    -------
    dict
        By set: ``n`` and ``n_groups`` (superfamilies), ``top1``, ``balanced``, ``nll`` (nats) of
        all architectures, ``class`` accuracy, ``ten`` and ``ten_balanced`` (the paper's
        architectures, with predictions restricted to them); ``family_top1`` and ``family_nll``,
        in which superfamilies have equal weight.
    """
    everything = np.ones(len(predictions.sets), dtype=bool)
    masks = {name: predictions.sets == name for name in np.unique(predictions.sets).tolist()}
    return {
        name: _measure(predictions.take(mask))
        for name, mask in {**masks, "all": everything}.items()
    }


def difference(predictions: Predictions, against: Predictions) -> dict[str, list[float]]:
    """Return the paired difference of two networks on the same domains, with 95 % intervals.

    Parameters
    ----------
    predictions, against
        Predictions for the same domains.

    Returns
    -------
    dict
        ``top1`` and ``nll``: difference, low, high, resampling superfamilies; ``family_top1`` and
        ``family_nll``, in which superfamilies have equal weight.
    """
    _, families = np.unique(predictions.families, return_inverse=True)
    counts = np.bincount(families)
    found = {}
    for name, change in (
        ("top1", predictions.correct() - against.correct()),
        ("nll", predictions.losses() - against.losses()),
    ):
        found[name] = [float(change.mean()), *bootstrap_interval(change, families)]
        each = np.bincount(families, weights=change) / counts
        alone = np.arange(len(each))
        found[f"family_{name}"] = [float(each.mean()), *bootstrap_interval(each, alone)]
    return found


def _measure(predictions: Predictions) -> dict[str, float]:
    summary = classification_summary(predictions.logits, predictions.labels)
    _, families = np.unique(predictions.families, return_inverse=True)
    counts = np.bincount(families)
    log_p = log_softmax(predictions.logits)
    classes = np.array([name.split(".")[0] for name in predictions.names.tolist()])
    tops = np.unique(classes)
    sums = np.stack([np.exp(log_p[:, classes == top]).sum(axis=1) for top in tops], axis=1)
    ten = np.flatnonzero(np.isin(predictions.names, PAPER_ARCHITECTURES))
    of_ten = np.isin(predictions.labels, ten)
    paper = classification_summary(
        predictions.logits[of_ten][:, ten], np.searchsorted(ten, predictions.labels[of_ten])
    )
    measured = {
        "top1": summary["top1"],
        "balanced": summary["balanced"],
        "nll": summary["nll"],
        "class": float((tops[sums.argmax(axis=1)] == classes[predictions.labels]).mean()),
        "ten": paper["top1"],
        "ten_balanced": paper["balanced"],
        "family_top1": float(
            (np.bincount(families, weights=predictions.correct()) / counts).mean()
        ),
        "family_nll": float((np.bincount(families, weights=predictions.losses()) / counts).mean()),
    }
    rounded = {name: round(value, 4) for name, value in measured.items()}
    return {"n": len(predictions.labels), "n_groups": len(counts), **rounded}
